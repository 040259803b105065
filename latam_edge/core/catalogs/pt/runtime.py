"""O motor que executa os modelos."""

MESSAGES = {
    "runtime.writes_no_text": "este modelo não escreve texto",
    "runtime.bad_gpu_layers": '--gpu-layers deve ser auto, off ou um número, e é "{value}".',
    "runtime.context_too_small": "O contexto deve ter pelo menos {least} tokens.",
    "runtime.bad_threads": "O número de threads deve ser 1 ou mais.",
    "runtime.no_messages": "Não há nenhuma pergunta para responder.",
    "runtime.onnx.unknown_input": 'este grafo pede "{name}", que o motor não conhece',
    "runtime.onnx.no_sizes": "nem este grafo nem o seu config.json dizem os tamanhos do modelo",
    "runtime.onnx.no_cache": "este grafo não tem cache KV; exporte-o com ela (text-generation-with-past)",
    "runtime.onnx.tokenizer": "este tokenizador não conserva os bytes do texto",
}
