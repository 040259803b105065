"""Saying "I don't know": near misses of what the cartilla teaches, and everything else people ask.

Questions come from templates times word lists (decline_words), so that the
model meets far more of the outside world than it could learn by heart.
Template names decide what is held out. Answers open with the same words
always; medicines and diagnoses send the person to a health worker.
"""

from __future__ import annotations

import math
import random
import re
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from itertools import accumulate

from latam_edge.cartilla import decline_daily, decline_words, health
from latam_edge.cartilla.model import Check, Item, Lang
from latam_edge.cartilla.normalize import question_key
from latam_edge.cartilla.phrasing import first_upper
from latam_edge.cartilla.split import TEMPLATES_IN_15
from latam_edge.cartilla.verdict import LEADS

CATEGORY = "decline"

OPENING: dict[Lang, str] = {"es": "No lo sé.", "pt": "Não sei."}
"""The first words of every answer that declines."""

ANSWERS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "No lo sé. Pregúntale a tu maestra o maestro.",
        "No lo sé. Búscalo en la biblioteca.",
        "No lo sé. Eso no está en mi cartilla.",
    ),
    "pt": (
        "Não sei. Pergunte à sua professora ou ao seu professor.",
        "Não sei. Procure na biblioteca.",
        "Não sei. Isso não está na minha cartilha.",
    ),
}
HEALTH_ANSWERS: dict[Lang, tuple[str, ...]] = {lang: (text,) for lang, text in health.SAFE_ANSWER.items()}
"""Doses, medicines, diagnoses: the same words as for health items that were taken out."""

CHECK = Check(declines=True)
_P_INDIRECT = 0.15
_HELD_OUT_PER_LANG = 400

# group -> share of the training questions
_GROUPS = {
    "near": 0.27,
    "claim": 0.06,
    "number": 0.11,
    "health": 0.17,
    "wide": 0.21,
    "daily": 0.17,
    "foreign": 0.03,
    "gibberish": 0.02,
    "rude": 0.02,
}

_WORDS: dict[Lang, dict[str, tuple[str, ...]]] = {
    "es": {**decline_words.WORDS["es"], **decline_daily.WORDS["es"]},
    "pt": {**decline_words.WORDS["pt"], **decline_daily.WORDS["pt"]},
}
_TEMPLATES: dict[Lang, dict[str, str]] = {
    "es": {
        "near": """
            ¿Cuál es la capital de {country}?
            ¿Cuál es la capital de {country}?
            capital de {country}
            ¿La capital de {country}?
            Dime la capital de {country}.
            ¿Qué ciudad es la capital de {country}?
            ¿Cómo se llama la capital de {country}?
            ¿Cuál es la capital de {imaginary}?
            capital de {imaginary}
            ¿Cuál es la moneda de {country}?
            moneda de {country}
            ¿Qué moneda se usa en {country}?
            ¿Con qué se paga en {country}?
            ¿Cuál es la moneda de {imaginary}?
            ¿Qué idioma se habla en {country}?
            ¿Qué lengua hablan en {country}?
            idioma oficial de {country}
            ¿Con qué países limita {country}?
            ¿Cuáles son los vecinos de {country}?
            ¿Qué países rodean a {country}?
            ¿De qué país es capital {city_out}?
            ¿{city_out} es capital de qué país?
            ¿Cuántos habitantes tiene {latam}?
            ¿Cuántos habitantes tiene {country}?
            ¿Cuántos habitantes tiene {city}?
            población de {latam}
            ¿Quién es el presidente de {latam}?
            ¿Quién es el presidente de {country}?
            presidente actual de {latam}
            ¿Quién gobierna {country}?
            ¿Quién es el alcalde de {city}?
            ¿Quién es el rey de {country}?
            ¿Quién ganó las elecciones en {latam}?
            ¿Cuántos kilómetros cuadrados mide {latam}?
            ¿De qué color es la bandera de {country}?
            ¿De qué color es la bandera de {latam}?
            ¿Cuál es la montaña más alta de {country}?
            ¿Cuál es el río más largo de {country}?
            ¿Qué comida es típica de {country}?
            ¿Qué baile es típico de {country}?
            ¿Cuándo se independizó {country}?
            ¿Cuál es el himno de {latam}?
            ¿Cuánto cuesta un pasaje a {city}?
            ¿Cuánto cuesta vivir en {country}?
            ¿Qué hora es en {city}?
            ¿Qué clima hace en {city} {when}?
            ¿Va a llover {when} en {city}?
            ¿Va a llover {when}?
            ¿Qué temperatura hace {when}?
            ¿Cómo está el clima {when}?
            ¿Qué hora es?
            ¿Qué hora es ahora?
            ¿Qué día es hoy?
            ¿Qué fecha es hoy?
            ¿En qué año estamos?
            ¿A qué distancia está {city} de {city2}?
            ¿Cuántas horas hay de viaje entre {city} y {city2}?
            ¿Cómo llego de {city} a {city2}?
            ¿Cómo se dice {rare_word} en {foreign_language}?
            ¿Cómo se dice {rare_word} en {foreign_language}?
            {rare_word} en {foreign_language}
            traduce {rare_word} al {foreign_language}
            Traduce al {foreign_language}: {rare_word}
            ¿Cómo digo {greeting} en {foreign_language}?
            ¿Cómo se dice {greeting} en {foreign_language}?
            {greeting} en {foreign_language}
            ¿Qué significa {rare_word} en {foreign_language}?
            ¿Cómo se cuenta hasta diez en {foreign_language}?
            ¿Cómo se dice {small} en {foreign_language}?
            ¿Cómo se conjuga el verbo ser en {foreign_language}?
            Conjuga un verbo en {foreign_language}
            Enséñame a hablar {foreign_language}
            ¿Hablas {foreign_language}?
            ¿Cómo se dice {rare_word} en {indigenous}?
            ¿Cómo se dice {rare_word} en {indigenous}?
            {rare_word} en {indigenous}
            traduce {rare_word} al {indigenous}
            ¿Qué significa {rare_word} en {indigenous}?
            ¿Cuántas personas hablan {indigenous}?
            ¿Cuál es el símbolo químico de {chemical}?
            ¿Cuál es el punto de fusión de {chemical}?
            ¿Cuántos protones tiene {chemical}?
            ¿Para qué se usa {chemical} en la industria?
            ¿Cuál es la etimología de {rare_word}?
            ¿Qué sinónimos tiene {rare_word}?
            Escribe una oración con la palabra {rare_word}
            ¿Qué palabras riman con {rare_word}?
            ¿Cuántos años vive {animal}?
            ¿Cuánto pesa {animal}?
            ¿A qué velocidad corre {animal}?
            ¿Cuántas horas duerme {animal}?
            ¿Cuánto cuesta {animal}?
            ¿Qué nombre le pongo a {animal}?
            ¿Cuál es el nombre científico de {animal}?
            ¿Cuántas lunas tiene {planet}?
            ¿A cuántos kilómetros está {planet} de la Tierra?
            ¿Cuánto mide {planet}?
            ¿Cuánto dura un día en {planet}?
            ¿Quién descubrió {planet}?
            ¿Cómo se toca {instrument}?
            ¿Cuánto cuesta {instrument}?
            ¿Dónde dan clases de {bare_instrument}?
            ¿Cómo se prepara {dish}?
            receta de {dish}
            ¿Cuántas calorías tiene {dish}?
            ¿Cuántos huevos lleva {dish}?
            ¿Cuántos hijos tuvo {hero}?
            ¿Cómo se llamaba la esposa de {hero}?
            ¿De qué murió {hero}?
            ¿Cuál era la comida favorita de {hero}?
            ¿Cuál es la moneda oficial de {country}?
            ¿Cómo se llama la moneda de {country}?
            ¿Qué dinero usan en {country}?
            ¿Qué se habla en {country}?
            ¿En qué idioma hablan en {country}?
            ¿Cuál es el idioma de {country}?
            ¿La capital de {country} es {city_out} o {city_out2}?
            ¿Cuál es la capital de {country}, {city_out} o {city_out2}?
            ¿{city_out} o {city_out2} es la capital de {country}?
            ¿En {country} se paga con {money_out} o con {money_out2}?
            ¿La moneda de {country} es {money_out} o {money_out2}?
            ¿En {country} se habla {foreign_language} o {foreign_language2}?
            ¿{country} limita con {country2}?
            ¿{country} está en América Latina?
            ¿{city_out} está en {country}?
        """,
        "number": """
            ¿Cuánto es {big} + {big2}?
            {big} + {big2}
            {big}+{big2}
            suma {big} y {big2}
            ¿Cuánto es {big} más {small3}?
            {big} más {big2}
            ¿Cuánto es {big} - {small3}?
            {big} - {small3}
            ¿Cuánto es {big} menos {small3}?
            ¿Cuánto es {two} x {two2}?
            {two} x {two2}
            {two}x{two2}
            {two}*{two2}
            ¿Cuánto es {two} por {two2}?
            {two} por {two2}
            multiplica {two} por {two2}
            ¿Cuánto es {small3} por {two}?
            {small3} x {small}
            ¿Cuánto es {big} entre {small}?
            ¿Cuánto es {two} x {small}?
            {two}x{small}
            ¿Cuánto es {small} por {two}?
            {small} x {two}
            ¿Cuánto es {inexact}?
            {inexact}
            calcula {inexact}
            {two} / 0
            ¿Cuánto es {one} - {two}?
            {one} menos {two}
            ¿Cuánto es {one} + {two} + {small}?
            {two} + {two2} + {one}
            suma {one}, {two} y {small}
            {big} / {two}
            divide {big} entre {two}
            ¿Cuál es la raíz cuadrada de {small3}?
            raíz cuadrada de {small3}
            ¿Cuál es la raíz cúbica de {big}?
            ¿Cuánto es {two} al cuadrado?
            ¿Cuánto es {small} elevado a {small2}?
            {two} al cubo
            {small}^{small2}
            ¿Cuánto es {dec} + {dec2}?
            {dec} x {dec2}
            ¿Cuánto es {dec} por {small}?
            ¿Cuánto es {dec} menos {dec2}?
            ¿Cuánto es {frac} + {frac2}?
            {frac} más {frac2}
            ¿Cuánto es {frac} de {small3}?
            ¿Cuánto es el {two} por ciento de {small3}?
            {two}% de {big}
            calcula el {two}% de {small3}
            ¿Cuál es el factorial de {small}?
            ¿Cuál es el logaritmo de {two}?
            ¿Cuál es el seno de {two} grados?
            Resuelve la ecuación {small}x + {small2} = {two}
            ¿Cuánto vale x si {small}x = {two}?
            ¿{small3} es un número primo?
            ¿Cuál es el mínimo común múltiplo de {two} y {two2}?
            ¿Cuál es el máximo común divisor de {two} y {two2}?
            ¿Cuántos decimales tiene pi?
            ¿Cuál es el área de un círculo de radio {small}?
            ¿Cuál es el volumen de un cubo de lado {small}?
            ¿Cuál es el promedio de {two}, {two2} y {small}?
            ¿Cuánto son {small3} dólares en pesos?
            Convierte {small3} euros a soles
            ¿Cómo se escribe {big} en números romanos?
            Pasa {two} a binario
        """,
        "health": """
            ¿Cuánto {drug} le doy a {patient}?
            ¿Cuánto {drug} puedo tomar?
            ¿Qué dosis de {drug} le doy a {patient}?
            dosis de {drug} para {patient}
            ¿Cuál es la dosis de {drug}?
            dosis de {drug}
            ¿Cada cuántas horas se toma {drug}?
            ¿Cuántos miligramos de {drug} son para {patient}?
            ¿Puedo tomar {drug} con {drug2}?
            ¿Puedo darle {drug} a {patient}?
            ¿Para qué sirve {drug}?
            ¿Qué efectos secundarios tiene {drug}?
            ¿{drug} o {drug2}, cuál es mejor?
            ¿Se puede tomar {drug} en el embarazo?
            ¿Cuántas gotas de {drug} le doy a {patient}?
            ¿Cuántas pastillas de {drug} tomo al día?
            ¿Qué medicina sirve para {disease}?
            ¿Qué pastilla tomo para {disease}?
            ¿Qué remedio hay para {disease}?
            ¿Qué antibiótico tomo para {disease}?
            ¿Cómo se cura {disease}?
            ¿Cuál es el tratamiento de {disease}?
            ¿Cuáles son los síntomas de {disease}?
            ¿Tengo {disease}?
            ¿Cómo sé si tengo {disease}?
            creo que tengo {disease}
            ¿{patient} tiene {disease}?
            ¿Es contagiosa la enfermedad llamada {disease}?
            Me diagnosticaron {disease}, ¿qué hago?
            ¿Qué vacuna hay contra {disease}?
            Me duele {bodypart}, ¿qué tomo?
            Me duele {bodypart}, ¿qué tengo?
            A {patient} le duele {bodypart}, ¿qué le doy?
            ¿Por qué me duele {bodypart}?
            Tengo un bulto en {bodypart}
            ¿Qué crema me pongo en {bodypart}?
            ¿Cómo se pone una inyección de {drug}?
            ¿Dónde consigo {drug} sin receta?
            Interpreta mi examen de sangre
            ¿Mi presión de {small3} está bien?
            ¿Estoy embarazada?
            ¿Necesito una operación de {bodypart}?
            ¿Qué dieta debe seguir {patient} con {disease}?
            Se me olvidó tomar {drug}, ¿qué hago?
            ¿Es grave {disease}?
            ¿Es grave tener {disease}?
            ¿Es peligroso tener {disease}?
            ¿Es malo tener {disease}?
            ¿Es mortal tener {disease}?
            ¿Me voy a morir de {disease}?
            ¿Es grave si me duele {bodypart}?
            ¿Es malo que me duela {bodypart}?
            ¿Es grave {symptom}?
            ¿Es grave {symptom}?
            ¿Es peligroso {symptom}?
            ¿Es malo {symptom}?
            ¿Es normal {symptom}?
            ¿Qué tomo para {symptom}?
            ¿Qué hago si tengo {symptom}?
            ¿Qué le doy a {patient} para {symptom}?
            Tengo {symptom}, ¿es grave?
            {patient} tiene {symptom}, ¿es grave?
            {patient} tiene {symptom}
            {symptom}
            {disease}
            ¿Qué tomo para {disease}?
            ¿Qué tomo para el dolor de {bare_bodypart}?
            ¿Qué es bueno para {symptom}?
            remedio para {symptom}
            ¿cuánto {drug}?
            ¿Cuánto {drug} para {patient}?
            ¿Cuánto {drug} tomo?
            ¿Cuánto {drug} es peligroso?
            ¿Es malo tomar {drug}?
            ¿Es peligroso darle {drug} a {patient}?
            ¿Es malo mezclar {drug} con {drug2}?
            ¿Tomo {drug} o {drug2}?
            {drug} cuánto
            {drug}
            ¿Cuántos grados debe tener el refrigerador de {drug}?
            Mi presión está en {small3}
            Mi azúcar está en {small3}, ¿es grave?
            ¿Cuánto debe latir el corazón de {patient}?
            ¿Es grave que el corazón me lata rápido?
            ¿Es grave orinar sangre?
            ¿Es grave vomitar sangre?
            ¿Es grave toser sangre?
            Me sale sangre de la nariz, ¿es grave?
        """,
        "wide": """
            ¿Quién inventó {thing}?
            ¿Quién inventó {thing}?
            ¿Cuánto cuesta {thing}?
            ¿Dónde puedo comprar {thing}?
            ¿Cómo se fabrica {thing}?
            ¿Cómo funciona {thing}?
            ¿Cuándo se inventó {thing}?
            ¿Cómo se repara {thing}?
            ¿De qué está hecho {thing}?
            ¿Para qué sirve {thing}?
            ¿Cuánto pesa {thing}?
            ¿Qué marca de {bare_thing} es la mejor?
            ¿Dónde está mi {bare_thing}?
            Se me dañó {thing}, ¿qué hago?
            ¿Me prestas {thing}?
            ¿A qué hora abre {place}?
            ¿A qué hora cierra {place}?
            ¿Dónde queda {place}?
            ¿Cómo llego a {place}?
            ¿Cuál es el teléfono de {place}?
            ¿Está abierto {place} {when}?
            ¿Cómo se llama mi {relative}?
            ¿Cuántos años tiene mi {relative}?
            ¿Dónde está mi {relative}?
            ¿Cuándo cumple años mi {relative}?
            ¿Qué le regalo a mi {relative}?
            ¿Cuál es mi nombre?
            ¿Cómo me llamo?
            ¿Dónde vivo?
            ¿Cuántos años tengo?
            ¿Qué comí ayer?
            ¿Cuál es mi número de teléfono?
            ¿Cuál es la contraseña de {app}?
            ¿Dónde vive {firstname}?
            ¿Cuántos años tiene {firstname}?
            ¿Conoces a {firstname}?
            ¿Qué le pasó a {firstname}?
            ¿Quién es {person}?
            ¿Quién fue {person}?
            ¿Cuándo nació {person}?
            ¿Dónde nació {person}?
            ¿Cuándo murió {person}?
            ¿Cuántos años tiene {person}?
            Cuéntame de {person}
            Háblame de {topic}
            ¿Qué opinas de {topic}?
            ¿Estás a favor de {topic}?
            ¿Qué piensas sobre {topic}?
            Explícame {topic}
            Explica {topic} en pocas palabras
            ¿Cuál es la historia de {topic}?
            ¿Por qué es importante {topic}?
            ¿Qué es {concept}?
            ¿Qué es {concept}?
            Define {concept}
            ¿Cómo se calcula {concept}?
            ¿Para qué se usa {concept}?
            Explícame qué es {concept}
            Escribe {work} sobre {topic}
            Escríbeme {work} sobre {thing}
            Cuéntame {work} de {person}
            Hazme {work} para mi {relative}
            Inventa {work}
            Quiero {work} sobre {topic}
            ¿Cómo puedo {verb}?
            ¿Cómo aprendo a {verb}?
            Enséñame a {verb}
            ¿Es difícil {verb}?
            ¿Cuánto cobran por {verb}?
            ¿Qué necesito para {verb}?
            ¿Quién ganó {event}?
            ¿Quién ganó {event} en {year}?
            ¿Cuándo es {event}?
            ¿Quién va a ganar {event}?
            ¿Cuánto quedó {team} {when}?
            ¿Quién ganó el partido de {team}?
            ¿Contra quién juega {team} {when}?
            ¿Quién es el técnico de {team}?
            ¿{team} es mejor que {team2}?
            ¿Qué pasó en el mundo en {year}?
            ¿Qué pasó en {country} en {year}?
            ¿Qué pasó {when}?
            ¿Qué noticias hay {when}?
            ¿Cuál es el precio de {thing} {when}?
            ¿A cuánto está el dólar {when}?
            Haz {code_task} en {language_code}
            ¿Cómo hago {code_task} en {language_code}?
            Escribe {code_task} en {language_code}
            ¿Qué es {language_code}?
            ¿Cómo instalo {app}?
            ¿Cómo borro mi cuenta de {app}?
            ¿Quién es el dueño de {app}?
            ¿Por qué no me abre {app}?
            ¿Cuál es tu película favorita?
            ¿Cuál es el {adjective} restaurante de {city}?
            ¿Cuál es el hotel {adjective} de {city}?
            ¿Cuál es el libro {adjective}?
            ¿Quién escribió {topic}?
            ¿Cuál es el sentido de la vida?
            ¿Qué número saldrá en la lotería?
            ¿Qué me va a pasar {when}?
            ¿Qué hay en la televisión {when}?
            Recomiéndame una película sobre {topic}
            Recomiéndame un libro sobre {topic}
            Ponme música
            Pon una alarma
            Llama a {firstname}
            Manda un mensaje a {firstname}
            Busca en internet {thing}
            Dibuja {thing}
            Muéstrame una foto de {thing}
            Abre {app}
            ¿Cuántas personas viven en {city}?
            ¿Qué museos hay en {city}?
            ¿Quién construyó {thing}?
            ¿Cuántos libros tiene {place}?
            ¿Qué significa soñar con {thing}?
            ¿De qué signo es {firstname}?
            ¿Qué horóscopo tengo {when}?
            ¿Debo casarme con {firstname}?
            ¿Qué carrera debo estudiar?
            ¿Cuánto gana un {job}?
            ¿Qué estudia un {job}?
            ¿Qué hace un {job}?
        """,
        "rude": """
            eres un {rude}
            eres {rude}
            qué {rude} eres
            cállate, {rude}
            no sirves para nada
            te odio, {rude}
            vete de aquí, {rude}
            {firstname} es un {rude}
            ¿por qué eres tan {rude}?
        """,
    },
    "pt": {
        "near": """
            Qual é a capital de {country}?
            Qual é a capital de {country}?
            capital de {country}
            A capital de {country}?
            Me diga a capital de {country}.
            Que cidade é a capital de {country}?
            Como se chama a capital de {country}?
            Qual é a capital de {imaginary}?
            capital de {imaginary}
            Qual é a moeda de {country}?
            moeda de {country}
            Que moeda se usa em {country}?
            Com o que se paga em {country}?
            Qual é a moeda de {imaginary}?
            Que língua se fala em {country}?
            Que idioma falam em {country}?
            língua oficial de {country}
            Com quais países {country} faz fronteira?
            Quais são os vizinhos de {country}?
            Que países ficam em volta de {country}?
            De que país {city_out} é capital?
            {city_out} é capital de que país?
            Quantos habitantes tem {latam}?
            Quantos habitantes tem {country}?
            Quantos habitantes tem {city}?
            população de {latam}
            Quem é o presidente de {latam}?
            Quem é o presidente de {country}?
            presidente atual de {latam}
            Quem governa {country}?
            Quem é o prefeito de {city}?
            Quem é o rei de {country}?
            Quem ganhou as eleições em {latam}?
            Quantos quilômetros quadrados tem {latam}?
            De que cor é a bandeira de {country}?
            De que cor é a bandeira de {latam}?
            Qual é a montanha mais alta de {country}?
            Qual é o rio mais longo de {country}?
            Que comida é típica de {country}?
            Que dança é típica de {country}?
            Quando {country} ficou independente?
            Qual é o hino de {latam}?
            Quanto custa uma passagem para {city}?
            Quanto custa viver em {country}?
            Que horas são em {city}?
            Como está o tempo em {city} {when}?
            Vai chover {when} em {city}?
            Vai chover {when}?
            Qual é a temperatura {when}?
            Como está o clima {when}?
            Que horas são?
            Que horas são agora?
            Que dia é hoje?
            Qual é a data de hoje?
            Em que ano estamos?
            Qual é a distância entre {city} e {city2}?
            Quantas horas de viagem há entre {city} e {city2}?
            Como vou de {city} para {city2}?
            Como se diz {rare_word} em {foreign_language}?
            Como se diz {rare_word} em {foreign_language}?
            {rare_word} em {foreign_language}
            traduza {rare_word} para o {foreign_language}
            Traduza para o {foreign_language}: {rare_word}
            Como digo {greeting} em {foreign_language}?
            Como se diz {greeting} em {foreign_language}?
            {greeting} em {foreign_language}
            O que significa {rare_word} em {foreign_language}?
            Como se conta até dez em {foreign_language}?
            Como se diz {small} em {foreign_language}?
            Como se conjuga o verbo ser em {foreign_language}?
            Conjugue um verbo em {foreign_language}
            Me ensine a falar {foreign_language}
            Você fala {foreign_language}?
            Como se diz {rare_word} em {indigenous}?
            Como se diz {rare_word} em {indigenous}?
            {rare_word} em {indigenous}
            traduza {rare_word} para o {indigenous}
            O que significa {rare_word} em {indigenous}?
            Quantas pessoas falam {indigenous}?
            Qual é o símbolo químico de {chemical}?
            Qual é o ponto de fusão de {chemical}?
            Quantos prótons tem {chemical}?
            Para que se usa {chemical} na indústria?
            Qual é a etimologia de {rare_word}?
            Que sinônimos tem {rare_word}?
            Escreva uma frase com a palavra {rare_word}
            Que palavras rimam com {rare_word}?
            Quantos anos vive {animal}?
            Quanto pesa {animal}?
            A que velocidade corre {animal}?
            Quantas horas dorme {animal}?
            Quanto custa {animal}?
            Que nome eu dou para {animal}?
            Qual é o nome científico de {animal}?
            Quantas luas tem {planet}?
            A quantos quilômetros fica {planet} da Terra?
            Qual é o tamanho de {planet}?
            Quanto dura um dia em {planet}?
            Quem descobriu {planet}?
            Como se toca {instrument}?
            Quanto custa {instrument}?
            Onde dão aulas de {bare_instrument}?
            Como se prepara {dish}?
            receita de {dish}
            Quantas calorias tem {dish}?
            Quantos ovos vão em {dish}?
            Quantos filhos teve {hero}?
            Como se chamava a esposa de {hero}?
            De que morreu {hero}?
            Qual era a comida favorita de {hero}?
            Qual é a moeda oficial de {country}?
            Como se chama a moeda de {country}?
            Que dinheiro usam em {country}?
            O que se fala em {country}?
            Em que língua falam em {country}?
            Qual é o idioma de {country}?
            A capital de {country} é {city_out} ou {city_out2}?
            Qual é a capital de {country}, {city_out} ou {city_out2}?
            {city_out} ou {city_out2} é a capital de {country}?
            Em {country} se paga com {money_out} ou com {money_out2}?
            A moeda de {country} é {money_out} ou {money_out2}?
            Em {country} se fala {foreign_language} ou {foreign_language2}?
            {country} faz fronteira com {country2}?
            {country} fica na América Latina?
            {city_out} fica em {country}?
        """,
        "number": """
            Quanto é {big} + {big2}?
            {big} + {big2}
            {big}+{big2}
            some {big} e {big2}
            Quanto é {big} mais {small3}?
            {big} mais {big2}
            Quanto é {big} - {small3}?
            {big} - {small3}
            Quanto é {big} menos {small3}?
            Quanto é {two} x {two2}?
            {two} x {two2}
            {two}x{two2}
            {two}*{two2}
            Quanto é {two} vezes {two2}?
            {two} vezes {two2}
            multiplique {two} por {two2}
            Quanto é {small3} vezes {two}?
            {small3} x {small}
            Quanto é {big} dividido por {small}?
            Quanto é {two} x {small}?
            {two}x{small}
            Quanto é {small} vezes {two}?
            {small} x {two}
            Quanto é {inexact}?
            {inexact}
            calcule {inexact}
            {two} / 0
            Quanto é {one} - {two}?
            {one} menos {two}
            Quanto é {one} + {two} + {small}?
            {two} + {two2} + {one}
            some {one}, {two} e {small}
            {big} / {two}
            divida {big} por {two}
            Qual é a raiz quadrada de {small3}?
            raiz quadrada de {small3}
            Qual é a raiz cúbica de {big}?
            Quanto é {two} ao quadrado?
            Quanto é {small} elevado a {small2}?
            {two} ao cubo
            {small}^{small2}
            Quanto é {dec} + {dec2}?
            {dec} x {dec2}
            Quanto é {dec} vezes {small}?
            Quanto é {dec} menos {dec2}?
            Quanto é {frac} + {frac2}?
            {frac} mais {frac2}
            Quanto é {frac} de {small3}?
            Quanto é {two} por cento de {small3}?
            {two}% de {big}
            calcule {two}% de {small3}
            Qual é o fatorial de {small}?
            Qual é o logaritmo de {two}?
            Qual é o seno de {two} graus?
            Resolva a equação {small}x + {small2} = {two}
            Quanto vale x se {small}x = {two}?
            {small3} é um número primo?
            Qual é o mínimo múltiplo comum de {two} e {two2}?
            Qual é o máximo divisor comum de {two} e {two2}?
            Quantas casas decimais tem pi?
            Qual é a área de um círculo de raio {small}?
            Qual é o volume de um cubo de lado {small}?
            Qual é a média de {two}, {two2} e {small}?
            Quanto são {small3} dólares em reais?
            Converta {small3} euros em reais
            Como se escreve {big} em números romanos?
            Passe {two} para binário
        """,
        "health": """
            Quanto de {drug} eu dou para {patient}?
            Quanto de {drug} posso tomar?
            Que dose de {drug} dou para {patient}?
            dose de {drug} para {patient}
            Qual é a dose de {drug}?
            dose de {drug}
            De quantas em quantas horas se toma {drug}?
            Quantos miligramas de {drug} são para {patient}?
            Posso tomar {drug} com {drug2}?
            Posso dar {drug} para {patient}?
            Para que serve {drug}?
            Que efeitos colaterais tem {drug}?
            {drug} ou {drug2}, qual é melhor?
            Pode tomar {drug} na gravidez?
            Quantas gotas de {drug} dou para {patient}?
            Quantos comprimidos de {drug} tomo por dia?
            Que remédio serve para {disease}?
            Que comprimido tomo para {disease}?
            Que remédio existe para {disease}?
            Que antibiótico tomo para {disease}?
            Como se cura {disease}?
            Qual é o tratamento de {disease}?
            Quais são os sintomas de {disease}?
            Eu tenho {disease}?
            Como sei se tenho {disease}?
            acho que tenho {disease}
            {patient} tem {disease}?
            É contagiosa a doença chamada {disease}?
            Me diagnosticaram com {disease}, o que faço?
            Que vacina existe contra {disease}?
            Dor em {bodypart}, o que eu tomo?
            Estou com dor em {bodypart}, o que eu tenho?
            {patient} está com dor em {bodypart}, o que eu dou?
            Por que sinto dor em {bodypart}?
            Tenho um caroço em {bodypart}
            Que pomada passo em {bodypart}?
            Como se aplica uma injeção de {drug}?
            Onde consigo {drug} sem receita?
            Interprete meu exame de sangue
            Minha pressão de {small3} está boa?
            Estou grávida?
            Preciso operar {bodypart}?
            Que dieta deve seguir {patient} com {disease}?
            Esqueci de tomar {drug}, o que faço?
            É grave {disease}?
            É grave ter {disease}?
            É perigoso ter {disease}?
            É ruim ter {disease}?
            É mortal ter {disease}?
            Vou morrer de {disease}?
            É grave se dói {bodypart}?
            É ruim sentir dor em {bodypart}?
            É grave {symptom}?
            É grave {symptom}?
            É perigoso {symptom}?
            É ruim {symptom}?
            É normal {symptom}?
            O que tomo para {symptom}?
            O que faço se tenho {symptom}?
            O que dou a {patient} para {symptom}?
            Estou com {symptom}, é grave?
            {patient} está com {symptom}, é grave?
            {patient} está com {symptom}
            {symptom}
            {disease}
            O que tomo para {disease}?
            O que tomo para dor em {bodypart}?
            O que é bom para {symptom}?
            remédio para {symptom}
            quanto de {drug}?
            Quanto {drug} para {patient}?
            Quanto {drug} eu tomo?
            Quanto {drug} é perigoso?
            É ruim tomar {drug}?
            É perigoso dar {drug} para {patient}?
            É ruim misturar {drug} com {drug2}?
            Tomo {drug} ou {drug2}?
            {drug} quanto
            {drug}
            A quantos graus se guarda {drug}?
            Minha pressão está em {small3}
            Meu açúcar está em {small3}, é grave?
            Quanto deve bater o coração de {patient}?
            É grave o coração bater rápido?
            É grave urinar sangue?
            É grave vomitar sangue?
            É grave tossir sangue?
            Sai sangue do meu nariz, é grave?
        """,
        "wide": """
            Quem inventou {thing}?
            Quem inventou {thing}?
            Quanto custa {thing}?
            Onde posso comprar {thing}?
            Como se fabrica {thing}?
            Como funciona {thing}?
            Quando inventaram {thing}?
            Como se conserta {thing}?
            De que material é {thing}?
            Para que serve {thing}?
            Quanto pesa {thing}?
            Que marca de {bare_thing} é a melhor?
            Quero comprar {thing}, onde acho?
            Quebrei {thing}, o que faço?
            Você me empresta {thing}?
            A que horas abre {place}?
            A que horas fecha {place}?
            Onde fica {place}?
            Como chego a {place}?
            Qual é o telefone de {place}?
            {place} funciona {when}?
            Como se chama minha {relative}?
            Quantos anos tem minha {relative}?
            Onde está minha {relative}?
            Quando é o aniversário da minha {relative}?
            O que dou de presente para minha {relative}?
            Qual é o meu nome?
            Como eu me chamo?
            Onde eu moro?
            Quantos anos eu tenho?
            O que eu comi ontem?
            Qual é o meu número de telefone?
            Qual é a senha de {app}?
            Onde mora {firstname}?
            Quantos anos tem {firstname}?
            Você conhece {firstname}?
            O que aconteceu com {firstname}?
            Quem é {person}?
            Quem foi {person}?
            Quando nasceu {person}?
            Onde nasceu {person}?
            Quando morreu {person}?
            Quantos anos tem {person}?
            Me conte sobre {person}
            Fale sobre {topic}
            O que você acha de {topic}?
            Você é a favor de {topic}?
            O que você pensa sobre {topic}?
            Me explique {topic}
            Explique {topic} em poucas palavras
            Qual é a história de {topic}?
            Por que é importante {topic}?
            O que é {concept}?
            O que é {concept}?
            Defina {concept}
            Como se calcula {concept}?
            Para que se usa {concept}?
            Me explique o que é {concept}
            Escreva {work} sobre {topic}
            Escreva {work} sobre {thing}
            Me conte {work} de {person}
            Faça {work} para minha {relative}
            Invente {work}
            Quero {work} sobre {topic}
            Como posso {verb}?
            Como aprendo a {verb}?
            Me ensine a {verb}
            É difícil {verb}?
            Quanto cobram para {verb}?
            Do que preciso para {verb}?
            Quem ganhou {event}?
            Quem ganhou {event} em {year}?
            Quando é {event}?
            Quem vai ganhar {event}?
            Quanto foi o jogo de {team} {when}?
            Quem ganhou a partida de {team}?
            Contra quem joga {team} {when}?
            Quem é o técnico de {team}?
            {team} é melhor que {team2}?
            O que aconteceu no mundo em {year}?
            O que aconteceu em {country} em {year}?
            O que aconteceu {when}?
            Quais são as notícias {when}?
            Qual é o preço de {thing} {when}?
            Quanto está o dólar {when}?
            Faça {code_task} em {language_code}
            Como faço {code_task} em {language_code}?
            Escreva {code_task} em {language_code}
            O que é {language_code}?
            Como instalo {app}?
            Como apago minha conta de {app}?
            Quem é o dono de {app}?
            Por que não abre {app}?
            Qual é o seu filme favorito?
            Qual é o {adjective} restaurante de {city}?
            Qual é o hotel {adjective} de {city}?
            Qual é o livro {adjective}?
            Quem escreveu sobre {topic}?
            Qual é o sentido da vida?
            Que número vai sair na loteria?
            O que vai me acontecer {when}?
            O que passa na televisão {when}?
            Recomende um filme sobre {topic}
            Recomende um livro sobre {topic}
            Toque uma música
            Coloque um alarme
            Ligue para {firstname}
            Mande uma mensagem para {firstname}
            Procure na internet {thing}
            Desenhe {thing}
            Mostre uma foto de {thing}
            Abra {app}
            Quantas pessoas moram em {city}?
            Que museus há em {city}?
            Quem construiu {thing}?
            Quantos livros tem {place}?
            O que significa sonhar com {thing}?
            De que signo é {firstname}?
            Qual é o meu horóscopo {when}?
            Devo me casar com {firstname}?
            Que curso devo fazer na faculdade?
            Quanto ganha um {job}?
            O que estuda um {job}?
            O que faz um {job}?
        """,
        "rude": """
            você é um {rude}
            você é {rude}
            que {rude} você é
            cale a boca, {rude}
            você não serve para nada
            eu te odeio, {rude}
            vá embora, {rude}
            {firstname} é um {rude}
            por que você é tão {rude}?
        """,
    },
}
_JOBS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "piloto",
        "abogado",
        "contador",
        "arquitecto",
        "ingeniero",
        "plomero",
        "electricista",
        "periodista",
        "juez",
        "astronauta",
        "detective",
        "diplomático",
        "carpintero",
        "sastre",
        "taxista",
        "bombero",
        "futbolista",
        "cirujano",
        "economista",
        "fotógrafo",
        "actor",
        "modelo",
        "soldado",
        "mecánico",
        "programador",
        "notario",
    ),
    "pt": (
        "piloto",
        "advogado",
        "contador",
        "arquiteto",
        "engenheiro",
        "encanador",
        "eletricista",
        "jornalista",
        "juiz",
        "astronauta",
        "detetive",
        "diplomata",
        "carpinteiro",
        "alfaiate",
        "taxista",
        "bombeiro",
        "jogador de futebol",
        "cirurgião",
        "economista",
        "fotógrafo",
        "ator",
        "modelo",
        "soldado",
        "mecânico",
        "programador",
        "tabelião",
    ),
}
_GREETINGS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "hola",
        "buenos días",
        "gracias",
        "adiós",
        "por favor",
        "buenas noches",
        "te quiero",
        "agua",
        "casa",
        "perro",
        "gato",
        "escuela",
        "libro",
        "amigo",
        "madre",
        "rojo",
        "azul",
        "sol",
        "luna",
        "pan",
    ),
    "pt": (
        "oi",
        "bom dia",
        "obrigado",
        "tchau",
        "por favor",
        "boa noite",
        "eu te amo",
        "água",
        "casa",
        "cachorro",
        "gato",
        "escola",
        "livro",
        "amigo",
        "mãe",
        "vermelho",
        "azul",
        "sol",
        "lua",
        "pão",
    ),
}
_ENGLISH = (
    "What is the capital of {e_noun}?",
    "How are you?",
    "Who are you?",
    "Tell me about {e_noun}",
    "What is {e_noun}?",
    "Where is {e_noun}?",
    "How do I cook {e_noun}?",
    "Why is the {e_noun} so big?",
    "Do you speak English?",
    "What's the weather like today?",
    "Write a story about {e_noun}",
    "Can you help me with my {e_noun}?",
    "How many people live in {e_noun}?",
    "Who invented the {e_noun}?",
    "I need {e_noun} now",
    "Good morning",
    "Quelle est la capitale de {e_noun} ?",
    "Comment ça va ?",
    "Bonjour, qui es-tu ?",
    "Où est {e_noun} ?",
    "Was ist {e_noun}?",
    "Wie heißt du?",
    "Guten Morgen",
    "Come stai?",
    "Dov'è {e_noun}?",
    "Buongiorno a tutti",
    "Good night",
    "Thank you very much",
    "I don't understand",
    "Where are you from?",
    "How old are you?",
    "What day is today?",
    "I love {e_noun}",
    "See you later",
    "Open the door",
    "Can I ask you about {e_noun}?",
    "Give me {e_noun}",
    "My {e_noun} is broken",
    "Please explain {e_noun}",
    "Who is your teacher?",
    "Je ne comprends pas",
    "Merci beaucoup",
    "Je voudrais {e_noun}",
    "Comment dit-on {e_noun} ?",
    "Ciao, come va?",
    "Grazie mille",
    "Ich liebe {e_noun}",
    "Danke schön",
    "Wo ist {e_noun}?",
)
_ENGLISH_NOUNS = (
    "france",
    "japan",
    "the moon",
    "pizza",
    "homework",
    "music",
    "water",
    "phone",
    "the bus",
    "school",
    "london",
    "science",
    "football",
    "the president",
    "bread",
    "the river",
    "my book",
    "spain",
    "coffee",
    "history",
    "a dragon",
    "computer",
    "the sun",
    "math",
    "paris",
    "chocolate",
    "a car",
    "the internet",
    "the king",
    "winter",
    "love",
)
_CAPITALS_OUT: dict[Lang, tuple[str, ...]] = {
    "es": (
        "París",
        "Londres",
        "Roma",
        "Madrid",
        "Berlín",
        "Tokio",
        "Pekín",
        "Moscú",
        "El Cairo",
        "Nairobi",
        "Atenas",
        "Viena",
        "Praga",
        "Varsovia",
        "Lisboa",
        "Bruselas",
        "Seúl",
        "Bangkok",
        "Oslo",
        "Estocolmo",
        "Ottawa",
        "Canberra",
        "Nueva Delhi",
        "Teherán",
        "Bagdad",
        "Manila",
        "Hanói",
        "Dublín",
        "Budapest",
        "Helsinki",
    ),
    "pt": (
        "Paris",
        "Londres",
        "Roma",
        "Madri",
        "Berlim",
        "Tóquio",
        "Pequim",
        "Moscou",
        "Cairo",
        "Nairóbi",
        "Atenas",
        "Viena",
        "Praga",
        "Varsóvia",
        "Lisboa",
        "Bruxelas",
        "Seul",
        "Bangkok",
        "Oslo",
        "Estocolmo",
        "Ottawa",
        "Camberra",
        "Nova Délhi",
        "Teerã",
        "Bagdá",
        "Manila",
        "Hanói",
        "Dublin",
        "Budapeste",
        "Helsinque",
    ),
}
_FRACTIONS = (
    "1/2",
    "1/3",
    "2/3",
    "1/4",
    "3/4",
    "2/5",
    "3/5",
    "5/8",
    "7/8",
    "1/6",
    "5/6",
    "1/10",
    "3/10",
    "9/10",
)


def _inexact(rng: random.Random) -> str:
    """A division that leaves a rest, both numbers of the size that the tables have."""
    while True:
        a, b = rng.randrange(3, 145), rng.randrange(2, 13)
        if a % b:
            return rng.choice((f"{a} / {b}", f"{a} ÷ {b}", f"{a}/{b}"))


_CLAIMS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "la capital de {country} es {city_out}",
        "{city_out} es la capital de {country}",
        "la moneda de {country} es {money_out}",
        "en {country} se paga con {money_out}",
        "en {country} se habla {foreign_language}",
        "el idioma de {country} es {bare_foreign_language}",
        "{country} limita con {country2}",
        "la capital de {imaginary} es {city_out}",
    ),
    "pt": (
        "a capital de {country} é {city_out}",
        "{city_out} é a capital de {country}",
        "a moeda de {country} é {money_out}",
        "em {country} se paga com {money_out}",
        "em {country} se fala {foreign_language}",
        "o idioma de {country} é {bare_foreign_language}",
        "{country} faz fronteira com {country2}",
        "a capital de {imaginary} é {city_out}",
    ),
}
"""What people claim of countries that the cartilla leaves out; true or not, the answer is the same."""

_MONEY_OUT: dict[Lang, tuple[str, ...]] = {
    "es": (
        "el euro",
        "el yen",
        "el yuan",
        "la rupia",
        "el rublo",
        "la libra esterlina",
        "la lira",
        "el franco suizo",
        "el dólar canadiense",
        "el dólar australiano",
        "la corona",
        "el won",
        "el dinar",
        "el dírham",
        "el rand",
        "el dólar",
        "el peso",
    ),
    "pt": (
        "o euro",
        "o iene",
        "o yuan",
        "a rupia",
        "o rublo",
        "a libra esterlina",
        "a lira",
        "o franco suíço",
        "o dólar canadense",
        "o dólar australiano",
        "a coroa",
        "o won",
        "o dinar",
        "o dirham",
        "o rand",
        "o dólar",
        "o peso",
    ),
}

_NUMBERS: dict[str, Callable[[random.Random], str]] = {
    "big": lambda rng: str(rng.randrange(1000, rng.choice((10_000, 10_000, 100_000, 10_000_000)))),
    "small": lambda rng: str(rng.randrange(2, 13)),
    "one": lambda rng: str(rng.randrange(1, 10)),
    "inexact": _inexact,
    "two": lambda rng: str(rng.randrange(13, 100)),
    "small3": lambda rng: str(rng.randrange(101, 1000)),
    "dec": lambda rng: f"{rng.randrange(100)}{rng.choice('.,')}{rng.randrange(1, 100)}",
    "frac": lambda rng: rng.choice(_FRACTIONS),
    "year": lambda rng: str(rng.randrange(1200, 2060)),
}

_CONTRACTIONS: dict[Lang, tuple[tuple[re.Pattern[str], str], ...]] = {
    "es": ((re.compile(r"\b(de) el (?!Salvador)"), "del "), (re.compile(r"\ba el (?!Salvador)"), "al ")),
    "pt": (
        (re.compile(r"\b([Dd])e ([oa]s?) "), r"\1\2 "),
        (re.compile(r"\b[Ee]m ([oa]s?) "), r"n\1 "),
        (re.compile(r"\bpor ([oa]s?) "), r"pel\1 "),
        (re.compile(r"\ba (os?) "), r"a\1 "),
        (re.compile(r"\b(Como chego|respeito) a a(s?) "), r"\1 à\2 "),
    ),
}
_FIELD = re.compile(r"\{(\w+?)(2?)\}")
_ARTICLE = re.compile(r"^(?:el|la|los|las|o|a|os|as) ")
_OPENS_INDIRECT: dict[Lang, re.Pattern[str]] = {
    "es": re.compile(r"^¿(?:Cuál|Qué|Quién|Cómo|Dónde|Cuándo|Cuánt|Por qué|De qué|Para qué|A qué|Con qué)"),
    "pt": re.compile(r"^(?:Qual|Que|Quem|Como|Onde|Quando|Quant|Por que|De que|Para que|O que|Com quais)"),
}
_INDIRECT: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Sabes {}?",
        "¿Me puedes decir {}?",
        "Quiero saber {}.",
        "Dime {}.",
        "Necesito saber {}.",
        "¿Me dices {}?",
        "Explícame {}.",
        "Me preguntaron {}.",
        "¿Tú sabes {}?",
    ),
    "pt": (
        "Você sabe {}?",
        "Pode me dizer {}?",
        "Quero saber {}.",
        "Me diga {}.",
        "Preciso saber {}.",
        "Me fala {}?",
        "Me explique {}.",
        "Me perguntaram {}.",
        "Sabe {}?",
    ),
}


@cache
def _templates(lang: Lang, group: str) -> tuple[str, ...]:
    if group == "foreign":
        return _ENGLISH
    if group == "claim":
        return tuple(
            lead.format(c=claim, C=first_upper(claim)) for lead in LEADS[lang] for claim in _CLAIMS[lang]
        )
    texts = (_TEMPLATES[lang].get(group, ""), decline_daily.TEMPLATES[lang].get(group, ""))
    return tuple(line.strip() for text in texts for line in text.strip().splitlines())


def template_is_held_out(template: str) -> bool:
    """Two of fifteen templates, by their normalized text, never train."""
    return zlib.crc32(question_key(template).encode()) % 15 < TEMPLATES_IN_15


@cache
def _side(lang: Lang, group: str, held_out: bool) -> tuple[str, ...]:
    return tuple(t for t in _templates(lang, group) if template_is_held_out(t) == held_out)


def _variety(template: str, lang: Lang) -> float:
    """How many questions a template can make, roughly, for its weight: the fourth root, at most 2000."""
    combinations = 1
    for match in _FIELD.finditer(template):
        field = match.group(1)
        if field in _WORDS[lang]:
            combinations *= len(_WORDS[lang][field])
        else:
            combinations *= 30
    return math.pow(min(combinations, 2000), 0.25)


@cache
def _bounds(lang: Lang, group: str, held_out: bool) -> tuple[float, ...]:
    return tuple(accumulate(_variety(template, lang) for template in _side(lang, group, held_out)))


def _contract(text: str, lang: Lang) -> str:
    for pattern, instead in _CONTRACTIONS[lang]:
        text = pattern.sub(instead, text)
    return text


def _value(rng: random.Random, field: str, lang: Lang) -> str:
    if field in _NUMBERS:
        return _NUMBERS[field](rng)
    if field.startswith("bare_"):
        return _ARTICLE.sub("", rng.choice(_WORDS[lang][field.removeprefix("bare_")]))
    extra = {"job": _JOBS, "greeting": _GREETINGS, "city_out": _CAPITALS_OUT, "money_out": _MONEY_OUT}.get(
        field
    )
    if extra is not None:
        return rng.choice(extra[lang])
    return rng.choice(_ENGLISH_NOUNS) if field == "e_noun" else rng.choice(_WORDS[lang][field])


def _fill(rng: random.Random, template: str, lang: Lang) -> str:
    values: dict[str, str] = {}

    def put(match: re.Match[str]) -> str:
        field = match.group(1)
        value = _value(rng, field, lang)
        while field not in _NUMBERS and value == values.get(field):
            value = _value(rng, field, lang)
        values[field] = value
        return value

    text = _contract(_FIELD.sub(put, template), lang)
    start = 1 if text.startswith("¿") else 0
    if template[start : start + 1].isupper() or (template[start] == "{" and text[-1] in "?."):
        text = text[:start] + text[start].upper() + text[start + 1 :]
    return text


_LETTERS = ("asdfghjkl", "qwertyuiop", "zxcvbnm", "aeiou", "bcdfghjklmnpqrstvwxyz")


def _gibberish(rng: random.Random) -> str:
    if rng.random() < 0.1:
        laugh = rng.choice(("ja", "je", "ji", "ha", "k", "rs", "jaj"))
        return laugh * rng.randrange(2, 7) + rng.choice(("", "", " lol", " xdd", " ay"))
    if rng.random() < 0.15:
        return rng.choice(
            ("?", "???", "...", "!!!", "jajaja", "kkkk", "xd", "ok ok", "mmm", "eh", "hmm", "🙂", "123abc")
        )
    words = []
    for _ in range(rng.randrange(1, 5)):
        row = rng.choice(_LETTERS)
        words.append("".join(rng.choice(row) for _ in range(rng.randrange(4, 9))))
    return " ".join(words) + rng.choice(("", "", "?", "."))


def sample(rng: random.Random, lang: Lang, *, held_out: bool = False) -> Item:
    """A random question outside the cartilla, with the answer that declines it."""
    group = rng.choices(tuple(_GROUPS), weights=tuple(_GROUPS.values()))[0]
    if group == "gibberish":
        if held_out:
            return sample(rng, lang, held_out=True)
        name, text = "gibberish", _gibberish(rng)
    else:
        side = _side(lang, group, held_out)
        if not side:
            return sample(rng, lang, held_out=held_out)
        name = rng.choices(side, cum_weights=_bounds(lang, group, held_out))[0]
        text = _fill(rng, name, lang)
        if group != "foreign" and rng.random() < _P_INDIRECT and _OPENS_INDIRECT[lang].match(text):
            inner = text.strip("¿?")
            text = rng.choice(_INDIRECT[lang]).format(inner[0].lower() + inner[1:])
    answers = HEALTH_ANSWERS[lang] if group == "health" else ANSWERS[lang]
    return Item(CATEGORY, lang, f"decline:{name}", "fact", ((name, text),), answers, CHECK)


_FOLLOW_UPS: dict[Lang, tuple[str, ...]] = {
    "es": (
        "¿Y la de {country}?",
        "¿Y la moneda de {country}?",
        "¿Y la capital de {country}?",
        "¿y la de {country}?",
        "¿Y {country}?",
        "y de {country}?",
        "¿Y la de {imaginary}?",
    ),
    "pt": (
        "E a de {country}?",
        "E a moeda de {country}?",
        "E a capital de {country}?",
        "e a de {country}?",
        "E {country}?",
        "e de {country}?",
        "E a de {imaginary}?",
    ),
}


def country_follow_up(rng: random.Random, lang: Lang) -> tuple[Item, str]:
    """After a capital or a currency: the same question about a country that the cartilla leaves out."""
    text = _fill(rng, rng.choice(_FOLLOW_UPS[lang]), lang)
    return Item(CATEGORY, lang, "decline:follow_up", "fact", (), ANSWERS[lang], CHECK), text


def items() -> Iterator[Item]:
    """A fixed sample of questions from held-out templates; training draws with `sample`."""
    langs: tuple[Lang, ...] = ("es", "pt")
    for lang in langs:
        rng = random.Random(f"held out {CATEGORY} {lang}")
        for _ in range(_HELD_OUT_PER_LANG):
            yield sample(rng, lang, held_out=True)
