"""Medir um modelo com textos."""

MESSAGES = {
    "evaluate.exam": "Fazendo o exame",
    "evaluate.scoring": "Medindo",
    "evaluate.text_too_short": "{path} é curto demais para medir algo. Use um texto mais longo.",
    "evaluate.other_vocabulary": "{model} e {reference} têm vocabulários diferentes e não podem ser comparados token a token. Use como referência o mesmo modelo.",
    "evaluate.unknown_windows": "Não conheço as janelas «{found}». Use uma destas: {known}",
}
