"""O pacote do motor para todos os processadores."""

MESSAGES = {
    "portable.help": "Compilar llama-cpp-python uma vez para todos os processadores de uma plataforma.",
    "portable.out": "Pasta onde deixar o pacote.",
    "portable.platform": "Para quais máquinas: {platforms}. Se faltar, como esta.",
    "portable.source": "Arquivo de código do llama-cpp-python já baixado. Se faltar, o pip baixa.",
    "portable.work": "Pasta de trabalho; se for interrompido, na próxima vez continua nela.",
    "portable.jobs": "Compiladores ao mesmo tempo. Se faltar, um por núcleo.",
    "portable.from": "Não compilar: consertar este pacote .whl já compilado com todas as variantes.",
    "portable.made": "{path} ({size})",
    "portable.variants": "Variantes: {names}",
    "portable.needs": "Precisa de glibc {glibc} ou mais nova, e libstdc++ com GLIBCXX_{stdcxx}.",
    "portable.failed": "{command} terminou com o código {status}",
    "portable.wrong_source": "não é o código esperado: o sha256 dele é {found}",
    "portable.no_tool": "falta {tool}",
    "portable.no_cross": "para {platform} é preciso compilar em uma máquina assim",
}
