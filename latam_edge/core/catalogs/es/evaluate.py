"""Medir un modelo con textos."""

MESSAGES = {
    "evaluate.exam": "Haciendo el examen",
    "evaluate.scoring": "Midiendo",
    "evaluate.text_too_short": "{path} es demasiado corto para medir algo. Usa un texto más largo.",
    "evaluate.not_finite": "calcula valores que no son números (NaN o infinitos): los pesos están dañados. Búscalo en su fuente original o conviértelo otra vez.",
    "evaluate.other_engine": "{model} corre con el motor {engine}: quita --engine o nombra un modelo para ese motor.",
    "evaluate.other_vocabulary": "{model} y {reference} tienen vocabularios distintos y no se pueden comparar token por token. Usa como referencia el mismo modelo.",
    "evaluate.unknown_windows": "No conozco las ventanas «{found}». Usa una de estas: {known}",
    "evaluate.unknown_set": "No hay un texto de evaluación «{found}». Los que hay: {known}",
    "evaluate.no_passport": "no trae pasaporte de calidad. Mídelo con: latam-edge evaluate {path} --passport",
    "evaluate.passport_other_weights": "el pasaporte habla de otros pesos: el archivo cambió después de medirlo. Búscalo en su fuente original.",
    "evaluate.passport_other_reference": "Esa no es la referencia del pasaporte: hace falta {expected}, sin cambios.",
    "evaluate.unchecked_engine": "Las cifras del motor {engine} no se midieron: este archivo corre con otro.",
    "evaluate.unchecked_text": "El texto {name} no es el de esta versión del programa: no se pudo comparar.",
    "evaluate.unchecked_divergence": "La divergencia no se midió: para eso agrega --reference con el archivo {reference}.",
    "evaluate.passport_holds": "El pasaporte se cumple: {count} cifras medidas de nuevo.",
    "evaluate.passport_fails": "el pasaporte no se cumple en {count} de {total} cifras. No confíes en las que declara.",
    "evaluate.passport_altered": "algo del pasaporte se cambió después de escribirlo, aunque las cifras medidas coincidan. Búscalo en su fuente original.",
    "evaluate.passport_written": "Pasaporte escrito en {path}: {count} textos.",
    "evaluate.passport_registered": "{name} está en la biblioteca y su suma sha256 cambiaría. Escribe el pasaporte en el archivo original y agrégalo después.",
}
