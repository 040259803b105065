"""Histórico: as conversas guardadas e exportadas."""

MESSAGES = {
    "history.you": "Você",
    "history.assistant": "Resposta",
    "history.state_length": "A resposta foi cortada: não havia mais espaço.",
    "history.state_cancelled": "Parada.",
    "history.state_interrupted": "Interrompida.",
    "history.recovered_title": "Conversa recuperada",
    "history.exported": "Exportada em {date} com latam-edge. Modelo: {model}",
    "history.earlier": "Resposta anterior",
}
