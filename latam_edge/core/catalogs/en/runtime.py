"""The engine that runs the models."""

MESSAGES = {
    "runtime.writes_no_text": "this model writes no text",
    "runtime.bad_gpu_layers": '--gpu-layers must be auto, off or a number, and it is "{value}".',
}
