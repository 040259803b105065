"""O motor que executa os modelos."""

MESSAGES = {
    "runtime.writes_no_text": "este modelo não escreve texto",
    "runtime.bad_gpu_layers": '--gpu-layers deve ser auto, off ou um número, e é "{value}".',
}
