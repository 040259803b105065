"""El paquete del motor para todos los procesadores."""

MESSAGES = {
    "portable.help": "Compilar llama-cpp-python una vez para todos los procesadores de una plataforma.",
    "portable.out": "Carpeta donde dejar el paquete.",
    "portable.platform": "Para qué máquinas: {platforms}. Si falta, como esta.",
    "portable.source": "Archivo de código de llama-cpp-python ya descargado. Si falta, pip lo descarga.",
    "portable.work": "Carpeta de trabajo; si se interrumpe, la próxima vez sigue ahí.",
    "portable.jobs": "Compiladores a la vez. Si falta, uno por núcleo.",
    "portable.from": "No compilar: arreglar este paquete .whl ya compilado con todas las variantes.",
    "portable.made": "{path} ({size})",
    "portable.variants": "Variantes: {names}",
    "portable.needs": "Hace falta glibc {glibc} o más nueva, y libstdc++ con GLIBCXX_{stdcxx}.",
    "portable.failed": "{command} terminó con el código {status}",
    "portable.wrong_source": "no es el código que se esperaba: su sha256 es {found}",
    "portable.no_tool": "falta {tool}",
    "portable.no_cross": "para {platform} hay que compilar en una máquina así",
}
