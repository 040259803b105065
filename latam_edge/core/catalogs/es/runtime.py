"""El motor que ejecuta los modelos."""

MESSAGES = {
    "runtime.writes_no_text": "este modelo no escribe texto",
    "runtime.bad_gpu_layers": "--gpu-layers debe ser auto, off o un número, y es «{value}».",
    "runtime.context_too_small": "El contexto debe tener al menos {least} tokens.",
    "runtime.bad_threads": "El número de hilos debe ser 1 o más.",
    "runtime.no_messages": "No hay ninguna pregunta que responder.",
    "runtime.onnx.unknown_input": "este grafo pide «{name}», que el motor no conoce",
    "runtime.onnx.no_sizes": "ni este grafo ni su config.json dicen los tamaños del modelo",
    "runtime.onnx.no_cache": "este grafo no tiene caché KV; expórtalo con ella (text-generation-with-past)",
    "runtime.onnx.tokenizer": "este tokenizador no conserva los bytes del texto",
}
