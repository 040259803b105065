"""Si un modelo cabe en esta máquina."""

MESSAGES = {
    "fit.yes": "Sí: {model} cabe en esta máquina.",
    "fit.tight": "Justo: {model} cabe si cierras otros programas.",
    "fit.no": "No: {model} necesita más memoria de la que tiene esta máquina.",
    "fit.need": "Necesita",
    "fit.weights": "pesos",
    "fit.kv_cache": "conversación de {context} tokens",
    "fit.rest": "cálculo y programa",
    "fit.available": "Memoria libre",
    "fit.total": "Memoria en total",
    "fit.speed": "Velocidad estimada",
    "fit.between": "entre {low} y {high} tokens por segundo",
    "fit.reading": "Escribirá más rápido de lo que se lee.",
    "fit.slow": "Escribirá más lento de lo que se lee.",
    "fit.measure": "Para medirlo de verdad: {command}",
    "fit.close_programs": "Cierra el navegador y otros programas antes de usarlo.",
    "fit.less_context": "Con menos contexto necesita menos memoria: {command}",
    "fit.smaller": "Un modelo más pequeño que ya tienes: {model}",
    "fit.find_smaller": "Busca uno más pequeño, o el mismo con menos bits por peso (Q4_0).",
}
