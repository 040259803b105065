"""The treatment that somebody chose reaches the model, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from latam_edge.cli.main import main
from latam_edge.core.settings import Settings, load_settings, save_settings
from latam_edge.core.variant import LINES, canonical, system_prompt
from latam_edge.evaluate.regional import variants


@pytest.mark.parametrize(
    ("said", "meant"),
    [("vos", "vos"), ("tu", "tú"), ("Voce", "você"), ("Você", "você"), (" usted ", "usted"), ("thou", None)],
)
def test_a_variant_is_known_with_or_without_its_accents(said: str, meant: str | None) -> None:
    assert canonical(said) == meant


def test_the_line_goes_below_the_system_prompt_and_without_a_variant_nothing_changes() -> None:
    assert system_prompt("Responde corto.", "vos") == f"Responde corto.\n{LINES['vos']}"
    assert system_prompt(None, "você") == LINES["você"]
    assert system_prompt("", "tu") == LINES["tú"]
    assert system_prompt("Responde corto.", None) == "Responde corto."
    assert system_prompt("", None) == ""
    assert system_prompt(None, None) is None


@pytest.mark.parametrize(
    ("name", "checked"), [("tú", "tu"), ("vos", "vos"), ("usted", "usted"), ("você", "voce")]
)
def test_each_line_speaks_in_the_treatment_that_it_asks_for(name: str, checked: str) -> None:
    assert variants.check(checked, LINES[name]) == ("kept", ())


def test_the_setting_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    save_settings(Settings(variant="vos"), file)
    assert load_settings(file).variant == "vos"


@pytest.mark.parametrize(
    ("setting", "options", "told"),
    [
        ("vos", [], LINES["vos"]),
        ("vos", ["--variant", "voce"], LINES["você"]),
        (None, ["--system", "Responde corto.", "--variant", "usted"], f"Responde corto.\n{LINES['usted']}"),
        (None, [], None),
    ],
)
def test_what_was_chosen_is_told_to_the_model(
    setting: str | None,
    options: list[str],
    told: str | None,
    home: Path,
    tiny_model: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from latam_edge.runtime.client import Client

    save_settings(Settings(variant=setting))
    asked = []
    stream = Client.stream
    monkeypatch.setattr(
        Client, "stream", lambda self, request: (asked.append(request), stream(self, request))[1]
    )
    line = ["run", "hola", "--engine", "echo", "--model", str(tiny_model), "--json", *options]
    assert main(line) == 0
    assert json.loads(capsys.readouterr().out)["text"]
    assert [message.content for message in asked[0].messages if message.role == "system"] == (
        [told] if told else []
    )


def test_an_unknown_variant_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "hola", "--variant", "thou"]) == 2
    assert "--variant" in capsys.readouterr().err
