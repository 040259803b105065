"""Se um modelo cabe nesta máquina."""

MESSAGES = {
    "fit.yes": "Sim: {model} cabe nesta máquina.",
    "fit.tight": "Justo: {model} cabe se você fechar outros programas.",
    "fit.no": "Não: {model} precisa de mais memória do que esta máquina tem.",
    "fit.need": "Precisa de",
    "fit.weights": "pesos",
    "fit.kv_cache": "conversa de {context} tokens",
    "fit.rest": "cálculo e programa",
    "fit.available": "Memória livre",
    "fit.total": "Memória no total",
    "fit.speed": "Velocidade estimada",
    "fit.between": "entre {low} e {high} tokens por segundo",
    "fit.reading": "Vai escrever mais rápido do que se lê.",
    "fit.slow": "Vai escrever mais devagar do que se lê.",
    "fit.measure": "Para medir de verdade: {command}",
    "fit.close_programs": "Feche o navegador e outros programas antes de usá-lo.",
    "fit.less_context": "Com menos contexto precisa de menos memória: {command}",
    "fit.smaller": "Um modelo menor que você já tem: {model}",
    "fit.find_smaller": "Procure um menor, ou o mesmo com menos bits por peso (Q4_0).",
}
