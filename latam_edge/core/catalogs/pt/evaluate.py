"""Medir um modelo com textos."""

MESSAGES = {
    "evaluate.exam": "Fazendo o exame",
    "evaluate.scoring": "Medindo",
    "evaluate.text_too_short": "{path} é curto demais para medir algo. Use um texto mais longo.",
    "evaluate.not_finite": "calcula valores que não são números (NaN ou infinitos): os pesos estão danificados. Busque-o na fonte original ou converta-o de novo.",
    "evaluate.other_engine": "{model} roda com o motor {engine}: retire --engine ou indique um modelo para esse motor.",
    "evaluate.other_vocabulary": "{model} e {reference} têm vocabulários diferentes e não podem ser comparados token a token. Use como referência o mesmo modelo.",
    "evaluate.unknown_windows": "Não conheço as janelas «{found}». Use uma destas: {known}",
    "evaluate.unknown_set": "Não há um texto de avaliação «{found}». Os que há: {known}",
    "evaluate.no_passport": "não traz passaporte de qualidade. Meça com: latam-edge evaluate {path} --passport",
    "evaluate.passport_other_weights": "o passaporte fala de outros pesos: o arquivo mudou depois da medição. Busque-o na fonte original.",
    "evaluate.passport_other_reference": "Essa não é a referência do passaporte: é preciso {expected}, sem mudanças.",
    "evaluate.unchecked_engine": "Os números do motor {engine} não foram medidos: este arquivo roda com outro.",
    "evaluate.unchecked_text": "O texto {name} não é o desta versão do programa: não foi possível comparar.",
    "evaluate.unchecked_divergence": "A divergência não foi medida: para isso acrescente --reference com o arquivo {reference}.",
    "evaluate.passport_holds": "O passaporte se confirma: {count} números medidos de novo.",
    "evaluate.passport_fails": "o passaporte não se confirma em {count} de {total} números. Não confie nos que ele declara.",
    "evaluate.passport_altered": "algo do passaporte foi mudado depois de escrito, embora os números medidos coincidam. Busque-o na fonte original.",
    "evaluate.passport_written": "Passaporte escrito em {path}: {count} textos.",
    "evaluate.passport_registered": "{name} está na biblioteca e a sua soma sha256 mudaria. Escreva o passaporte no arquivo original e adicione-o depois.",
}
