"""Geography, grammar, translation and science of the cartilla, against lists written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from latam_edge.cartilla import countries, geography, grammar, noun_forms, science, translation, verb_forms
from latam_edge.cartilla.exam import grade
from latam_edge.cartilla.model import Item
from latam_edge.cartilla.normalize import normalize
from latam_edge.cartilla.phrasing import listing

MODULES = (geography, grammar, translation, science)
LANGS = ("es", "pt")
BOUND_TO_ONE_LANGUAGE = ("conj:", "plural:", "article:")
CELAC = frozenset(
    (
        "ag", "ar", "bb", "bo", "br", "bs", "bz", "cl", "co", "cr", "cu", "dm", "do", "ec", "gd", "gt", "gy",
        "hn", "ht", "jm", "kn", "lc", "mx", "ni", "pa", "pe", "py", "sr", "sv", "tt", "uy", "vc", "ve",
    )
)  # fmt: skip

SPANISH_FORMS = {
    ("buscar", "pasado"): "busqué buscaste buscaste buscó buscamos buscaron",
    ("llegar", "pasado"): "llegué llegaste llegaste llegó llegamos llegaron",
    ("abrazar", "pasado"): "abracé abrazaste abrazaste abrazó abrazamos abrazaron",
    ("cantar", "presente"): "canto cantas cantás canta cantamos cantan",
    ("comer", "presente"): "como comes comés come comemos comen",
    ("vivir", "presente"): "vivo vives vivís vive vivimos viven",
    ("comer", "pasado"): "comí comiste comiste comió comimos comieron",
    ("leer", "pasado"): "leí leíste leíste leyó leímos leyeron",
    ("proteger", "presente"): "protejo proteges protegés protege protegemos protegen",
    ("dirigir", "presente"): "dirijo diriges dirigís dirige dirigimos dirigen",
    ("hablar", "futuro"): "hablaré hablarás hablarás hablará hablaremos hablarán",
    ("tener", "futuro"): "tendré tendrás tendrás tendrá tendremos tendrán",
    ("empezar", "pasado"): "empecé empezaste empezaste empezó empezamos empezaron",
    ("hacer", "pasado"): "hice hiciste hiciste hizo hicimos hicieron",
    ("ser", "presente"): "soy eres sos es somos son",
}
PORTUGUESE_FORMS = {
    ("ficar", "passado"): "fiquei ficou ficamos ficaram",
    ("chegar", "passado"): "cheguei chegou chegamos chegaram",
    ("começar", "passado"): "comecei começou começamos começaram",
    ("falar", "presente"): "falo fala falamos falam",
    ("viver", "presente"): "vivo vive vivemos vivem",
    ("abrir", "passado"): "abri abriu abrimos abriram",
    ("vender", "passado"): "vendi vendeu vendemos venderam",
    ("descer", "presente"): "desço desce descemos descem",
    ("proteger", "presente"): "protejo protege protegemos protegem",
    ("dirigir", "presente"): "dirijo dirige dirigimos dirigem",
    ("morar", "futuro"): "morarei morará moraremos morarão",
    ("fazer", "futuro"): "farei fará faremos farão",
    ("pôr", "futuro"): "porei porá poremos porão",
    ("ter", "presente"): "tenho tem temos têm",
    ("sair", "passado"): "saí saiu saímos saíram",
}
SPANISH_PLURALS = {
    "casa": "casas", "café": "cafés", "sofá": "sofás", "lápiz": "lápices", "pez": "peces", "nariz": "narices",
    "raíz": "raíces", "luz": "luces", "examen": "exámenes", "joven": "jóvenes", "imagen": "imágenes",
    "orden": "órdenes", "volumen": "volúmenes", "jabón": "jabones", "canción": "canciones",
    "jardín": "jardines",
    "volcán": "volcanes", "huracán": "huracanes", "tren": "trenes", "pan": "panes", "plan": "planes",
    "mes": "meses", "dios": "dioses", "país": "países", "autobús": "autobuses", "inglés": "ingleses",
    "lunes": "lunes", "crisis": "crisis", "paraguas": "paraguas", "rey": "reyes", "ley": "leyes",
    "reloj": "relojes", "árbol": "árboles", "azúcar": "azúcares", "cárcel": "cárceles", "túnel": "túneles",
    "baúl": "baúles", "hotel": "hoteles", "mujer": "mujeres", "ciudad": "ciudades", "líder": "líderes",
    "sartén": "sartenes",
}  # fmt: skip
PORTUGUESE_PLURALS = {
    "casa": "casas", "chapéu": "chapéus", "avó": "avós", "maçã": "maçãs", "homem": "homens",
    "jovem": "jovens",
    "jardim": "jardins", "bombom": "bombons", "álbum": "álbuns", "viagem": "viagens", "armazém": "armazéns",
    "hotel": "hotéis", "papel": "papéis", "anel": "anéis", "móvel": "móveis", "nível": "níveis",
    "túnel": "túneis",
    "animal": "animais", "jornal": "jornais", "sol": "sóis", "lençol": "lençóis", "azul": "azuis",
    "fuzil": "fuzis", "barril": "barris", "réptil": "répteis", "fóssil": "fósseis", "mar": "mares",
    "flor": "flores", "açúcar": "açúcares", "luz": "luzes", "rapaz": "rapazes", "nariz": "narizes",
    "juiz": "juízes", "raiz": "raízes", "mês": "meses", "país": "países", "gás": "gases",
    "inglês": "ingleses",
    "ônibus": "ônibus", "lápis": "lápis", "tênis": "tênis", "pé": "pés", "lei": "leis", "colher": "colheres",
}  # fmt: skip


@pytest.fixture(scope="module")
def every_item() -> list[Item]:
    return [item for module in MODULES for item in module.items()]


def _of(items: list[Item], key: str, lang: str) -> Item:
    (found,) = [item for item in items if item.key == key and item.lang == lang]
    return found


def test_every_answer_passes_its_own_check(every_item: list[Item]) -> None:
    asked = [(item, answer) for item in every_item for answer in item.answers]
    assert [(item.key, answer) for item, answer in asked if not grade(item.check, answer)] == []


def test_answers_are_whole_sentences(every_item: list[Item]) -> None:
    for item in every_item:
        for answer in item.answers:
            assert answer[0].isupper(), answer
            assert answer.endswith("."), answer
            assert len(answer.split()) <= 17, answer


def test_keys_are_unique_in_each_language(every_item: list[Item]) -> None:
    named = [(item.lang, item.key) for item in every_item]
    assert len(named) == len(set(named))


def test_a_question_has_one_answer(every_item: list[Item]) -> None:
    known: dict[tuple[str, str], Item] = {}
    for item in every_item:
        for _, text in item.questions:
            first = known.setdefault((item.lang, normalize(text)), item)
            assert first.key == item.key or first.answers == item.answers, (text, first.answers, item.answers)


def test_template_names_are_unique_within_an_item_and_shared_by_its_family(every_item: list[Item]) -> None:
    for item in every_item:
        names = [name for name, _ in item.questions]
        assert len(names) == len(set(names)), item.key
    for lang in LANGS:
        peru = dict(_of(every_item, "capital:pe", lang).questions)
        cuba = dict(_of(every_item, "capital:cu", lang).questions)
        assert len(set(peru) & set(cuba)) >= 40


def test_facts_have_the_same_keys_in_both_languages(every_item: list[Item]) -> None:
    keys = {
        lang: {i.key for i in every_item if i.lang == lang and not i.key.startswith(BOUND_TO_ONE_LANGUAGE)}
        for lang in LANGS
    }
    assert keys["es"] == keys["pt"]


def test_every_fact_is_asked_in_many_ways(every_item: list[Item]) -> None:
    least = {"capitals": 10, "currencies": 30, "languages": 30, "translation": 20, "science": 6}
    for item in every_item:
        assert len(item.questions) >= least.get(item.category, 8), item.key


@pytest.mark.parametrize("lang", LANGS)
def test_the_33_countries_are_there(every_item: list[Item], lang: str) -> None:
    for family in ("capital", "capital-of", "currency", "language", "neighbours", "region"):
        found = {i.key.split(":")[1] for i in every_item if i.lang == lang and i.key.startswith(f"{family}:")}
        assert found == CELAC, family


def test_land_borders_are_mutual() -> None:
    border = {country.id: set(country.border) for country in countries.countries("es")}
    for one, near in border.items():
        for other in near - {"gf", "us"}:
            assert one in border[other], (one, other)
    islands = {country.id for country in countries.countries("es") if country.island}
    assert islands == {one for one, near in border.items() if not near}


@pytest.mark.parametrize("lang", LANGS)
def test_bolivia_has_two_cities_and_both_are_wanted(every_item: list[Item], lang: str) -> None:
    check = _of(every_item, "capital:bo", lang).check
    assert grade(check, _of(every_item, "capital:bo", lang).answers[0])
    assert not grade(check, "La capital de Bolivia es La Paz.")


@pytest.mark.parametrize(
    ("key", "lang", "answer"),
    [
        ("capital:br", "pt", "A capital do Brasil é Brasília."),
        ("capital:ar", "pt", "A capital da Argentina é Buenos Aires."),
        ("capital:cu", "pt", "A capital de Cuba é Havana."),
        ("capital:sv", "pt", "A capital de El Salvador é San Salvador."),
        ("capital:mx", "pt", "A capital do México é a Cidade do México."),
        ("capital:bs", "pt", "A capital das Bahamas é Nassau."),
        ("capital:kn", "pt", "A capital de São Cristóvão e Névis é Basseterre."),
        ("capital:pe", "es", "La capital de Perú es Lima."),
        ("capital:sv", "es", "La capital de El Salvador es San Salvador."),
        ("capital:do", "es", "La capital de la República Dominicana es Santo Domingo."),
        ("neighbours:bs", "es", "Las Bahamas no limitan con ningún país: son islas."),
        ("neighbours:cu", "pt", "Cuba não faz fronteira com nenhum país: é uma ilha."),
        ("neighbours:mx", "pt", "O México faz fronteira com Belize, Guatemala e Estados Unidos."),
        ("borders:pe:yes", "es", "Perú limita con Bolivia, Brasil, Chile, Colombia y Ecuador."),
        ("borders:cu:no", "pt", "Cuba não faz fronteira com nenhum país: é uma ilha."),
        ("is-capital:jm:no", "es", "La capital de Jamaica es Kingston."),
        ("is-currency:pe:yes", "es", "La moneda de Perú es el sol."),
        ("is-in:mx:no", "pt", "O México fica na América do Norte."),
        ("is-class:ballena:fish", "es", "La ballena es un mamífero."),
        ("language:br", "pt", "No Brasil, fala-se português."),
        ("language:py", "es", "En Paraguay se hablan español y guaraní."),
        ("region:br", "pt", "O Brasil fica na América do Sul."),
        ("region:bs", "es", "Las Bahamas están en el Caribe, en América."),
        ("demonym:br", "es", "Una persona de Brasil es brasileña."),
        ("demonym:gy", "es", "Una persona de Guyana es guyanesa."),
        ("demonym:ni", "pt", "Uma pessoa da Nicarágua é nicaraguense."),
        ("currency:pa", "es", "Las monedas de Panamá son el balboa y el dólar estadounidense."),
    ],
)
def test_names_articles_and_contractions_are_right(
    every_item: list[Item], key: str, lang: str, answer: str
) -> None:
    assert _of(every_item, key, lang).answers == (answer,)


@pytest.mark.parametrize(("lang", "table"), [("es", SPANISH_FORMS), ("pt", PORTUGUESE_FORMS)])
def test_conjugation_matches_the_list_written_by_hand(lang: str, table: dict[tuple[str, str], str]) -> None:
    made = {(verb, tense): " ".join(verb_forms.forms(lang, verb, tense)) for verb, tense in table}
    assert made == table


@pytest.mark.parametrize(
    ("make", "table"), [(noun_forms.plural_es, SPANISH_PLURALS), (noun_forms.plural_pt, PORTUGUESE_PLURALS)]
)
def test_plurals_match_the_list_written_by_hand(make: Callable[[str], str], table: dict[str, str]) -> None:
    assert {word: make(word) for word in table} == table


def test_plurals_in_ao_are_facts_and_never_derived(every_item: list[Item]) -> None:
    assert not [word for word, _, _ in noun_forms.nouns("pt") if word.endswith("ão")]
    assert _of(every_item, "plural:pt:pão", "pt").kind == "fact"
    assert _of(every_item, "plural:pt:pão", "pt").answers == ("Plural de pão: pã-es. Se diz pães.",)
    assert _of(every_item, "plural:pt:mão", "pt").answers == ("Plural de mão: mão-s. Se diz mãos.",)


def test_irregular_verbs_are_facts_and_regular_ones_rules(every_item: list[Item]) -> None:
    assert _of(every_item, "conj:es:ser:tú:presente", "es").kind == "fact"
    assert _of(every_item, "conj:es:cantar:tú:presente", "es").kind == "rule"
    assert _of(every_item, "conj:es:cantar:vos:presente", "es").answers == (
        "Verbo cantar, presente: cant-ás. Vos cantás.",
    )
    whole = _of(every_item, "conj:pt:comer:todo:passado", "pt")
    assert whole.answers == ("Verbo comer, passado: com-. Eu comi, você comeu, nós comemos, vocês comeram.",)
    assert not grade(whole.check, "Eu comi, você comeu, nós comemos, vocês comem.")


def test_checks_refuse_wrong_answers(every_item: list[Item]) -> None:
    wrong = {
        ("capital:pe", "es"): "La capital de Perú es Quito.",
        ("currency:ar", "es"): "La moneda de Argentina es el peso chileno.",
        ("neighbours:pe", "es"): "Perú limita con Bolivia, Brasil, Chile, Colombia, Ecuador y Argentina.",
        ("borders:pe:yes", "pt"): "Sim, o Peru faz fronteira com o Chile.",
        ("borders:pe:no", "es"): "Perú limita con Argentina, Bolivia, Brasil, Chile, Colombia y Ecuador.",
        ("is-capital:jm:no", "es"): "Sí, la capital de Jamaica es Nassau.",
        ("is-capital:jm:yes", "pt"): "Sim, é verdade.",
        ("is-capital:bo:yes", "es"): "La capital de Bolivia es Sucre.",
        ("which-capital:pe", "es"): "La capital de Perú es Lima o Quito.",
        ("tr:es>pt:cama", "es"): "En portugués, cama se dice mesa.",
        ("plural:es:lápiz", "es"): "El plural de lápiz es lápizes.",
        ("plural:es:lunes", "es"): "El plural de lunes es luneses.",
        ("legs:araña", "es"): "La araña tiene seis patas.",
        ("is-class:ballena:fish", "pt"): "Sim, a baleia é um peixe.",
    }
    for (key, lang), answer in wrong.items():
        assert not grade(_of(every_item, key, lang).check, answer), key


ASKED_DIRECTLY = {
    "is-capital": "capital", "is-currency": "currency", "is-spoken": "language", "is-in": "region",
    "borders": "neighbours", "is-class": "class",
}  # fmt: skip


def test_a_claim_is_answered_as_the_direct_question_is_whether_it_holds_or_not(
    every_item: list[Item],
) -> None:
    direct = {(item.lang, item.key): item for item in every_item}
    claimed = [item for item in every_item if item.key.partition(":")[0] in ASKED_DIRECTLY]
    for item in claimed:
        family, thing, *_ = item.key.split(":")
        assert item.answers == direct[item.lang, f"{ASKED_DIRECTLY[family]}:{thing}"].answers
    assert len(claimed) > 600
    names = {item.key.rpartition(":")[2] for item in claimed if item.key.startswith("is-capital")}
    assert names == {"yes", "no"}


@pytest.mark.parametrize("lang", LANGS)
def test_claims_about_borders_name_neighbours_and_others(every_item: list[Item], lang: str) -> None:
    peru = {
        name: " ".join(text for _, text in _of(every_item, f"borders:pe:{name}", lang).questions)
        for name in ("yes", "no")
    }
    near = ("Chile", "Brasil", "Ecuador") if lang == "es" else ("Chile", "Brasil", "Equador")
    assert all(name in peru["yes"] and name not in peru["no"] for name in near)
    assert "Uruguay" in peru["no"] or "Uruguai" in peru["no"]
    assert not [item for item in every_item if item.key == "borders:cu:yes"]


@pytest.mark.parametrize("lang", LANGS)
def test_false_claims_name_many_capitals_and_never_the_right_one(every_item: list[Item], lang: str) -> None:
    for country in countries.countries(lang):  # type: ignore[arg-type]
        if country.id == "bo":
            continue
        claimed = " ".join(text for _, text in _of(every_item, f"is-capital:{country.id}:no", lang).questions)
        named = {other.id for other in countries.countries(lang) if other.capital in claimed}  # type: ignore[arg-type]
        assert len(named) >= 10
        right = f" {country.capital}"
        assert right not in claimed or country.capital in ("Guatemala", "Panamá", "San José"), country.id


def test_translation_asks_false_friends_and_both_directions(every_item: list[Item]) -> None:
    surname = _of(every_item, "tr:es>pt:apellido", "es")
    assert surname.answers == ("En portugués, apellido se dice sobrenome.",)
    assert _of(every_item, "tr:pt>es:polvo", "pt").answers == ("Em espanhol, polvo se diz pulpo.",)
    for lang in LANGS:
        sides = [pair.of(lang)[0] for pair in translation.pairs()]
        assert len(sides) == len(set(sides)) >= 450


def _all_follow_ups() -> Iterator[tuple[Item, Item, str]]:
    for module in MODULES:
        yield from module.follow_ups()


def test_follow_ups_join_two_items_of_the_subjects(every_item: list[Item]) -> None:
    keys = {(item.lang, item.key) for item in every_item}
    count = 0
    for first, second, text in _all_follow_ups():
        count += 1
        assert text
        assert first.key != second.key
        assert first.lang == second.lang
        assert {(first.lang, first.key), (second.lang, second.key)} <= keys
    assert count > 3000


def test_listing_turns_y_into_e_before_the_sound_i() -> None:
    assert listing(["español", "inglés"], "es") == "español e inglés"
    assert listing(["agua", "hielo"], "es") == "agua y hielo"
    assert listing(["a", "b", "c"], "pt") == "a, b e c"


@pytest.mark.parametrize("lang", LANGS)
def test_there_are_enough_words_to_learn_rules_from(lang: str) -> None:
    verbs = verb_forms.read_verbs()[lang]["regular"]
    assert len(verbs) == len(set(verbs)) >= 500
    assert {verb[-2:] for verb in verbs} == {"ar", "er", "ir"}
    assert len(noun_forms.nouns(lang)) >= 1500


def test_answers_about_rules_cut_the_form_where_its_ending_begins(every_item: list[Item]) -> None:
    rules = [
        item for item in every_item if item.category in ("conjugation", "plurals") and item.kind == "rule"
    ]
    for item in rules:
        if ":todo:" in item.key:
            continue
        head, tail = item.answers[0].split(". ")
        step = head.split(": ")[1]
        said = tail.rstrip(".").split()[-1]
        if step in ("no cambia", "não muda"):
            assert item.key.split(":")[2] == said
        elif item.key.endswith(":singular"):
            assert step.replace("-", "") == head.split(": ")[0].split()[-1]
        else:
            assert step.replace("-", "") == said, item.key


def test_the_step_of_a_singular_is_no_answer(every_item: list[Item]) -> None:
    check = _of(every_item, "plural:es:escoba:singular", "es").check
    assert grade(check, "Singular de escobas: escoba-s. Se dice escoba.")
    assert not grade(check, "Singular de escobas: escoba-s. Se dice escobas.")


def test_an_article_without_its_word_is_no_answer(every_item: list[Item]) -> None:
    check = _of(every_item, "article:es:arena", "es").check
    assert grade(check, "Se dice la arena: es femenino.")
    assert not grade(check, "Se dice la naranja: es femenino.")
