"""Historial: las conversaciones guardadas y exportadas."""

MESSAGES = {
    "history.you": "Tú",
    "history.assistant": "Respuesta",
    "history.state_length": "La respuesta se cortó: no había más lugar.",
    "history.state_cancelled": "Detenida.",
    "history.state_interrupted": "Interrumpida.",
    "history.recovered_title": "Conversación recuperada",
    "history.exported": "Exportada el {date} con latam-edge. Modelo: {model}",
    "history.earlier": "Respuesta anterior",
}
