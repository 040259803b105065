"""El motor que ejecuta los modelos."""

MESSAGES = {
    "runtime.writes_no_text": "este modelo no escribe texto",
    "runtime.bad_gpu_layers": "--gpu-layers debe ser auto, off o un número, y es «{value}».",
}
