"""O motor que executa os modelos."""

MESSAGES = {
    "runtime.writes_no_text": "este modelo não escreve texto",
    "runtime.bad_gpu_layers": '--gpu-layers deve ser auto, off ou um número, e é "{value}".',
    "runtime.context_too_small": "O contexto deve ter pelo menos {least} tokens.",
    "runtime.bad_threads": "O número de threads deve ser 1 ou mais.",
    "runtime.no_messages": "Não há nenhuma pergunta para responder.",
}
