"""The engine that runs the models."""

MESSAGES = {
    "runtime.writes_no_text": "this model writes no text",
    "runtime.bad_gpu_layers": '--gpu-layers must be auto, off or a number, and it is "{value}".',
    "runtime.context_too_small": "The context must hold at least {least} tokens.",
    "runtime.bad_threads": "The number of threads must be 1 or more.",
    "runtime.no_messages": "There is no question to answer.",
    "runtime.onnx.unknown_input": 'this graph asks for "{name}", which the engine does not know',
    "runtime.onnx.no_sizes": "neither this graph nor its config.json says the sizes of the model",
    "runtime.onnx.no_cache": "this graph has no KV cache; export it with one (text-generation-with-past)",
    "runtime.onnx.tokenizer": "this tokenizer does not keep the bytes of a text",
}
