"""One-step word problems: a scene of the region, two numbers, one operation.

A rule, held out by operand pair; sums and differences share their pairs with
`arithmetic`, so a held-out pair is new in every form. Operands and results
are at least 2, which keeps every noun in the plural.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from latam_edge.cartilla import arithmetic, split
from latam_edge.cartilla.model import Check, Item, Lang

CATEGORY = "word_problems"
_HELD_OUT = 300

_NAMES: dict[Lang, tuple[str, ...]] = {
    "es": (
        "Ana",
        "Luis",
        "Rosa",
        "Pedro",
        "María",
        "José",
        "Lucía",
        "Diego",
        "Camila",
        "Mateo",
        "Valentina",
        "Juan",
        "Sofía",
        "Carlos",
        "Elena",
        "Miguel",
        "Carmen",
        "Tomás",
        "Julia",
        "Andrés",
        "Marta",
        "Pablo",
        "Inés",
        "Rubén",
        "Ximena",
        "Nahuel",
        "Wayra",
        "Illari",
        "Kuntur",
        "Yatzil",
        "Citlali",
        "Jacinta",
        "Samuel",
        "Daniela",
        "Gabriel",
        "Noemí",
        "Martín",
        "Paola",
        "Raúl",
        "Teresa",
        "Óscar",
        "Beatriz",
        "Hugo",
        "Lorena",
        "Emilia",
        "Santiago",
        "Yolanda",
    ),
    "pt": (
        "Ana",
        "João",
        "Maria",
        "Pedro",
        "José",
        "Lúcia",
        "Rafael",
        "Camila",
        "Mateus",
        "Beatriz",
        "Lucas",
        "Júlia",
        "Carlos",
        "Helena",
        "Miguel",
        "Larissa",
        "Tiago",
        "Marina",
        "André",
        "Sofia",
        "Paulo",
        "Iara",
        "Rosa",
        "Caio",
        "Janaína",
        "Moacir",
        "Jussara",
        "Davi",
        "Luana",
        "Gabriel",
        "Cecília",
        "Otávio",
        "Teresa",
        "Vitória",
        "Bruno",
        "Yasmin",
        "Heitor",
        "Aline",
        "Raimundo",
        "Francisca",
        "Severino",
        "Antônia",
        "Kauê",
        "Benedita",
        "Samuel",
    ),
}

# (plural, feminine?)
_THINGS: dict[Lang, tuple[tuple[str, bool], ...]] = {
    "es": (
        ("mangos", False),
        ("naranjas", True),
        ("papas", True),
        ("mazorcas", True),
        ("libros", False),
        ("lápices", False),
        ("cuadernos", False),
        ("huevos", False),
        ("gallinas", True),
        ("tortillas", True),
        ("arepas", True),
        ("empanadas", True),
        ("botellas", True),
        ("semillas", True),
        ("flores", True),
        ("piedras", True),
        ("canicas", True),
        ("tamales", False),
        ("plátanos", False),
        ("cocos", False),
        ("tomates", False),
        ("limones", False),
        ("piñas", True),
        ("vasos", False),
        ("platos", False),
        ("sillas", True),
        ("hojas", True),
        ("conchas", True),
        ("peces", False),
        ("cabras", True),
        ("ovejas", True),
        ("llamas", True),
        ("panes", False),
        ("galletas", True),
        ("velas", True),
        ("pelotas", True),
        ("botones", False),
        ("estampas", True),
        ("aguacates", False),
        ("guayabas", True),
    ),
    "pt": (
        ("mangas", True),
        ("laranjas", True),
        ("batatas", True),
        ("espigas", True),
        ("livros", False),
        ("lápis", False),
        ("cadernos", False),
        ("ovos", False),
        ("galinhas", True),
        ("tapiocas", True),
        ("pastéis", False),
        ("coxinhas", True),
        ("garrafas", True),
        ("sementes", True),
        ("flores", True),
        ("pedras", True),
        ("bolinhas", True),
        ("pamonhas", True),
        ("bananas", True),
        ("cocos", False),
        ("tomates", False),
        ("limões", False),
        ("abacaxis", False),
        ("copos", False),
        ("pratos", False),
        ("cadeiras", True),
        ("folhas", True),
        ("conchas", True),
        ("peixes", False),
        ("cabras", True),
        ("ovelhas", True),
        ("cajus", False),
        ("pães", False),
        ("bolachas", True),
        ("velas", True),
        ("bolas", True),
        ("botões", False),
        ("figurinhas", True),
        ("abacates", False),
        ("goiabas", True),
    ),
}
_ANIMALS = frozenset({"gallinas", "peces", "cabras", "ovejas", "llamas", "galinhas", "peixes", "ovelhas"})
"""They go in no box, bag or bucket."""
_MONEY: dict[Lang, tuple[tuple[str, bool], ...]] = {
    "es": (
        ("pesos", False),
        ("soles", False),
        ("bolivianos", False),
        ("quetzales", False),
        ("lempiras", True),
    ),
    "pt": (("reais", False),),
}
_BOXES: dict[Lang, tuple[tuple[str, bool], ...]] = {
    "es": (
        ("cajas", True),
        ("bolsas", True),
        ("canastas", True),
        ("mesas", True),
        ("costales", False),
        ("baldes", False),
    ),
    "pt": (
        ("caixas", True),
        ("sacolas", True),
        ("cestas", True),
        ("mesas", True),
        ("sacos", False),
        ("baldes", False),
    ),
}

# {n} a name, {m} another, {x} things with {q} in agreement, {p} money, {c} boxes; (frame, unit of the answer).
_SCENES: dict[str, dict[Lang, tuple[tuple[str, str], ...]]] = {
    "add": {
        "es": (
            ("{n} tiene {a} {x} y compra {b} más. ¿{q} {x} tiene ahora?", "x"),
            ("{n} tiene {a} {x} y {m} le da {b} más. ¿{q} {x} tiene {n} en total?", "x"),
            ("En la mañana {n} vendió {a} {x} y en la tarde vendió {b}. ¿{q} {x} vendió en el día?", "x"),
            ("Hay {a} {x} en la mesa y {b} en la canasta. ¿{q} {x} hay en total?", "x"),
            ("{n} junta {a} {x} y {m} junta {b}. ¿{q} {x} tienen entre los dos?", "x"),
            ("En el mercado, {n} gasta {a} {p} en frijoles y {b} {p} en arroz. ¿Cuánto gasta en total?", "p"),
            ("Un jugo cuesta {a} {p} y un pan cuesta {b} {p}. ¿Cuánto cuestan los dos?", "p"),
            ("{n} ahorró {a} {p} el mes pasado y {b} {p} este mes. ¿Cuánto ahorró?", "p"),
            ("En el autobús van {a} personas y suben {b}. ¿Cuántas personas van ahora?", "personas"),
            ("En un salón hay {a} niñas y {b} niños. ¿Cuántos estudiantes hay?", "estudiantes"),
            (
                "{n} camina {a} metros hasta la tienda y {b} metros hasta la escuela. ¿Cuántos metros camina?",
                "metros",
            ),
            ("Si tengo {a} {x} y me regalan {b}, ¿{q} {x} tengo?", "x"),
        ),
        "pt": (
            ("{n} tem {a} {x} e compra mais {b}. {q} {x} tem agora?", "x"),
            ("{n} tem {a} {x} e {m} dá mais {b}. {q} {x} {n} tem no total?", "x"),
            ("De manhã {n} vendeu {a} {x} e à tarde vendeu {b}. {q} {x} vendeu no dia?", "x"),
            ("Há {a} {x} na mesa e {b} na cesta. {q} {x} há no total?", "x"),
            ("{n} junta {a} {x} e {m} junta {b}. {q} {x} os dois têm juntos?", "x"),
            ("Na feira, {n} gasta {a} {p} com feijão e {b} {p} com arroz. Quanto gasta no total?", "p"),
            ("Um suco custa {a} {p} e um pão custa {b} {p}. Quanto custam os dois?", "p"),
            ("{n} guardou {a} {p} no mês passado e {b} {p} neste mês. Quanto guardou?", "p"),
            ("No ônibus vão {a} pessoas e sobem {b}. Quantas pessoas vão agora?", "pessoas"),
            ("Em uma sala há {a} meninas e {b} meninos. Quantos estudantes há?", "estudantes"),
            ("{n} anda {a} metros até a venda e {b} metros até a escola. Quantos metros anda?", "metros"),
            ("Se eu tenho {a} {x} e ganho {b}, {ql} {x} eu tenho?", "x"),
        ),
    },
    "sub": {
        "es": (
            ("{n} tiene {a} {x} y regala {b}. ¿{q} {x} le quedan?", "x"),
            ("{n} tenía {a} {x} y vendió {b}. ¿{q} {x} le quedan?", "x"),
            ("En la tienda había {a} {x} y se vendieron {b}. ¿{q} {x} quedan?", "x"),
            ("{n} tiene {a} {p} y gasta {b} {p}. ¿Cuánto dinero le queda?", "p"),
            ("{n} paga con {a} {p} una compra de {b} {p}. ¿Cuánto le dan de vuelto?", "p"),
            ("En el autobús van {a} personas y bajan {b}. ¿Cuántas personas quedan?", "personas"),
            ("{n} tiene {a} {x} y {m} tiene {b}. ¿{q} {x} más tiene {n}?", "x"),
            ("De {a} {x}, se perdieron {b}. ¿{q} {x} quedan?", "x"),
            ("Un libro tiene {a} páginas y {n} ya leyó {b}. ¿Cuántas páginas le faltan?", "páginas"),
            ("Si tengo {a} {x} y pierdo {b}, ¿{q} {x} me quedan?", "x"),
        ),
        "pt": (
            ("{n} tem {a} {x} e dá {b}. {q} {x} sobram?", "x"),
            ("{n} tinha {a} {x} e vendeu {b}. {q} {x} sobraram?", "x"),
            ("Na venda havia {a} {x} e venderam {b}. {q} {x} sobram?", "x"),
            ("{n} tem {a} {p} e gasta {b} {p}. Quanto dinheiro sobra?", "p"),
            ("{n} paga com {a} {p} uma compra de {b} {p}. Quanto recebe de troco?", "p"),
            ("No ônibus vão {a} pessoas e descem {b}. Quantas pessoas ficam?", "pessoas"),
            ("{n} tem {a} {x} e {m} tem {b}. {q} {x} {n} tem a mais?", "x"),
            ("De {a} {x}, {b} se perderam. {q} {x} sobram?", "x"),
            ("Um livro tem {a} páginas e {n} já leu {b}. Quantas páginas faltam?", "páginas"),
            ("Se eu tenho {a} {x} e perco {b}, {ql} {x} sobram?", "x"),
        ),
    },
    "mul": {
        "es": (
            ("Hay {a} {c} con {b} {x} en cada una. ¿{q} {x} hay en total?", "x"),
            ("{n} compra {a} {c} con {b} {x} en cada una. ¿{q} {x} compra?", "x"),
            ("Cada niño recibe {b} {x} y hay {a} niños. ¿{q} {x} se reparten?", "x"),
            ("Un cuaderno cuesta {b} {p}. ¿Cuánto cuestan {a} cuadernos?", "p"),
            ("{n} lee {b} páginas cada día. ¿Cuántas páginas lee en {a} días?", "páginas"),
            ("En la escuela hay {a} filas de {b} sillas. ¿Cuántas sillas hay?", "sillas"),
            ("Una gallina pone {b} huevos por semana. ¿Cuántos huevos ponen {a} gallinas?", "huevos"),
            ("{n} gana {b} {p} por hora y trabaja {a} horas. ¿Cuánto gana?", "p"),
        ),
        "pt": (
            ("Há {a} {c} com {b} {x} em cada uma. {q} {x} há no total?", "x"),
            ("{n} compra {a} {c} com {b} {x} em cada uma. {q} {x} compra?", "x"),
            ("Cada criança recebe {b} {x} e há {a} crianças. {q} {x} são repartidas?", "x"),
            ("Um caderno custa {b} {p}. Quanto custam {a} cadernos?", "p"),
            ("{n} lê {b} páginas por dia. Quantas páginas lê em {a} dias?", "páginas"),
            ("Na escola há {a} filas de {b} cadeiras. Quantas cadeiras há?", "cadeiras"),
            ("Uma galinha põe {b} ovos por semana. Quantos ovos põem {a} galinhas?", "ovos"),
            ("{n} ganha {b} {p} por hora e trabalha {a} horas. Quanto ganha?", "p"),
        ),
    },
    "div": {
        "es": (
            ("{n} reparte {a} {x} entre {b} niños en partes iguales. ¿{q} {x} recibe cada niño?", "x"),
            ("Hay {a} {x} para {b} familias. ¿{q} {x} le tocan a cada familia?", "x"),
            ("{n} guarda {a} {x} en {b} {c} iguales. ¿{q} {x} van en cada una?", "x"),
            ("{b} amigos pagan {a} {p} en partes iguales. ¿Cuánto paga cada uno?", "p"),
            (
                "Un viaje de {a} kilómetros se hace en {b} días iguales. ¿Cuántos kilómetros se hacen por día?",
                "kilómetros",
            ),
            ("Si {b} cuadernos cuestan {a} {p}, ¿cuánto cuesta un cuaderno?", "p"),
        ),
        "pt": (
            ("{n} reparte {a} {x} entre {b} crianças em partes iguais. {q} {x} cada criança recebe?", "x"),
            ("Há {a} {x} para {b} famílias. {q} {x} cada família recebe?", "x"),
            ("{n} guarda {a} {x} em {b} {c} iguais. {q} {x} vão em cada uma?", "x"),
            ("{b} amigos pagam {a} {p} em partes iguais. Quanto cada um paga?", "p"),
            (
                "Uma viagem de {a} quilômetros é feita em {b} dias iguais. Quantos quilômetros são feitos por dia?",
                "quilômetros",
            ),
            ("Se {b} cadernos custam {a} {p}, quanto custa um caderno?", "p"),
        ),
    },
}
_ANSWER: dict[Lang, str] = {"es": "Respuesta", "pt": "Resposta"}
_OPS = ("add", "add", "sub", "sub", "mul", "div")


def _operands(rng: random.Random, op: str) -> tuple[int, int]:
    if op in ("mul", "div"):
        a, b = rng.randrange(2, 13), rng.randrange(2, 13)
        return (a, b) if op == "mul" else (a * b, b)
    top = rng.choice((13, 13, 50, 100))
    a, b = rng.randrange(2, top), rng.randrange(2, top)
    if op == "sub":
        a, b = max(a, b), min(a, b)
        if a - b < 2:
            a = b + rng.randrange(2, 9)
    return a, b


def _key(op: str, a: int, b: int) -> str:
    if op == "add":
        return arithmetic.sum_key(a, b)
    return (
        arithmetic.difference_key(a, b) if op == "sub" else f"mul:{a}x{b}" if op == "mul" else f"div:{a}/{b}"
    )


def _working(op: str, a: int, b: int, lang: Lang) -> tuple[str, int]:
    """(the working without its last "Resultado: n.", the result)."""
    if op == "mul":
        return f"{a} × {b} = {a * b}.", a * b
    if op == "div":
        return f"{a} ÷ {b} = {a // b}.", a // b
    text = arithmetic.sum_working(a, b, lang) if op == "add" else arithmetic.difference_working(a, b, lang)
    return text.split(" Resultado:")[0], a + b if op == "add" else a - b


def sample(rng: random.Random, lang: Lang, *, held_out: bool = False) -> Item:
    """A random word problem from the training side or the held-out side."""
    while True:
        op = rng.choice(_OPS)
        a, b = _operands(rng, op)
        if split.rule_is_held_out(_key(op, a, b)) == held_out:
            break
    frame, unit = rng.choice(_SCENES[op][lang])
    things, feminine = rng.choice(_THINGS[lang])
    while things in _ANIMALS and "{c}" in frame:
        things, feminine = rng.choice(_THINGS[lang])
    boxes, boxes_feminine = rng.choice(_BOXES[lang])
    money, _ = rng.choice(_MONEY[lang])
    if not boxes_feminine:
        frame = frame.replace("cada una", "cada uno").replace("cada uma", "cada um")
    if not feminine:
        frame = frame.replace("repartidas", "repartidos")
    first, second = rng.sample(_NAMES[lang], 2)
    how_many = (
        ("Cuántas" if feminine else "Cuántos") if lang == "es" else ("Quantas" if feminine else "Quantos")
    )
    question = frame.format(
        n=first, m=second, a=a, b=b, x=things, q=how_many, ql=how_many.lower(), p=money, c=boxes
    )
    working, result = _working(op, a, b, lang)
    noun = {"x": things, "p": money}.get(unit, unit)
    return Item(
        CATEGORY,
        lang,
        _key(op, a, b),
        "rule",
        ((f"scene.{op}", question),),
        (f"{working} {_ANSWER[lang]}: {result} {noun}.",),
        Check(number=str(result)),
    )


def items() -> Iterator[Item]:
    """A fixed sample of held-out problems; training draws with `sample`."""
    for lang in arithmetic.LANGS:
        rng = random.Random(f"held out {CATEGORY} {lang}")
        for _ in range(_HELD_OUT):
            yield sample(rng, lang, held_out=True)
