"""`latam-edge models`: the model library."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser, number
from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import decimal, format_bytes, t

if TYPE_CHECKING:
    from latam_edge.store.entry import Entry
    from latam_edge.store.library import Library


def parser() -> Parser:
    parser = Parser("latam-edge models", t("cli.help.models"))
    options.add_language(parser)
    actions = parser.add_subparsers(
        dest="action", required=True, metavar=t("models.word.action"), title=t("models.actions")
    )

    def action(name: str) -> Parser:
        text = t(f"models.help.{name}")
        sub: Parser = actions.add_parser(name, prog=f"latam-edge models {name}", help=text, description=text)
        return sub

    listing = action("list")
    listing.add_argument("--names", action="store_true", help=t("models.opt.names"))
    add = action("add")
    add.add_argument("source", metavar=t("models.word.source"), help=t("models.opt.source"))
    add.add_argument("--name", metavar=t("models.word.name"), help=t("models.opt.name"))
    add.add_argument("--link", action="store_true", help=t("models.opt.link"))
    add.add_argument("--default", action="store_true", help=t("models.opt.default"))
    add.add_argument("--sha256", metavar="HEX", help=t("models.opt.sha256"))
    add.add_argument("--max-rate", type=rate, metavar="N[k|M]", help=t("models.opt.max_rate"))
    for name in ("info", "verify", "default", "remove"):
        action(name).add_argument("name", metavar=t("models.word.name"), help=t("models.opt.which"))
    actions.choices["remove"].add_argument("-y", "--yes", action="store_true", help=t("models.opt.yes"))
    for sub in actions.choices.values():
        sub.add_argument("--json", action="store_true", help=t("cli.opt.json"))
        sub.add_argument("--lang", metavar="es|pt|en", help=t("cli.opt.lang"))
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)

    from latam_edge.store.library import Library

    return _ACTIONS[args.action](Library(), args)


def _list(library: Library, args: argparse.Namespace) -> int:
    entries, default = library.list(), library.default()
    if args.names:
        for entry in entries:
            output.line(entry.name)
        return 0
    if args.json:
        output.json([_facts(entry, default) for entry in entries])
        return 0
    if library.was_rebuilt:
        output.note(t("models.rebuilt", folder=library.folder))
    if not entries:
        output.note(t("models.none"))
        return 0
    rows = [
        (
            "*" if entry.name == default else "",
            entry.name,
            format_bytes(entry.file_bytes),
            entry.quantization,
            millions(entry.parameters),
            entry.architecture,
            _remark(entry),
        )
        for entry in entries
    ]
    columns = ("name", "size", "type", "parameters", "kind", "remark")
    head = ("", *(t(f"models.head.{name}") for name in columns))
    output.table(head, rows, right=(2, 4))
    return 0


def _add(library: Library, args: argparse.Namespace) -> int:
    from latam_edge.cli.bar import Bar
    from latam_edge.store import download

    source: str = args.source
    path = Path(source).expanduser()
    known = {entry.sha256 for entry in library.list() if entry.sha256}
    with Bar() as bar:
        # A file that exists is meant even when its name also reads like a download's.
        if not path.exists() and (wanted := download.parse(source)) is not None:
            if args.link:
                raise UsageError(detail=t("models.link_download"))
            output.note(t("models.network", host=download.host()))
            entry = download.add(
                library, wanted, args.name, bar, sha256=_hex(args.sha256), max_rate=args.max_rate
            )
        else:
            entry = library.add(path, args.name, bar, link=args.link, sha256=_hex(args.sha256))
    if args.default:
        library.set_default(entry.name)
    if args.json:
        output.json(_facts(entry, library.default()))
    elif entry.sha256 in known:
        output.note(t("models.same", name=entry.name))
    else:
        output.note(t("models.added", name=entry.name, size=format_bytes(entry.file_bytes)))
        output.note(t("models.try", name=entry.name))
    return 0


def _info(library: Library, args: argparse.Namespace) -> int:
    facts = library.info(args.name)
    if args.json:
        output.json(facts)
        return 0
    card = facts.pop("card", {})
    stated = facts.pop("passport", None)
    shown = {name: value for name, value in facts.items() if value not in (None, "")}
    output.facts((t(f"models.fact.{name}"), _say(name, value)) for name, value in shown.items())
    if stated is not None:
        _show_passport(Path(facts["path"]))
    about = card.get("description")
    if isinstance(about, dict):
        from latam_edge.core.i18n import language

        about = about.get(language())
    if isinstance(about, str):
        output.line()
        output.line(output.clean(about))
    return 0


def _show_passport(model: Path) -> None:
    """What the file says was measured about it, and how to measure it again."""
    from latam_edge.formats.passport import of_file

    if (passport := of_file(model)) is None:
        return
    output.line()
    output.line(output.bold(t("models.passport.title")))
    pairs = [("method", passport.method), ("calibration", passport.calibration_sha256[:16])]
    pairs += [("reference", passport.reference), ("program", passport.program)]
    output.facts((t(f"models.passport.{name}"), value) for name, value in pairs if value)
    for line in passport.lines():
        output.line(output.clean(line))
    output.note(t("models.passport.check", path=model))


def _verify(library: Library, args: argparse.Namespace) -> int:
    from latam_edge.cli.bar import Bar

    with Bar() as bar:
        entry = library.verify(args.name, bar)
    if args.json:
        output.json({"name": entry.name, "sha256": entry.sha256, "ok": True})
    else:
        output.line(t("models.verified", name=entry.name, sha256=entry.sha256))
    return 0


def _default(library: Library, args: argparse.Namespace) -> int:
    entry = library.set_default(args.name)
    if args.json:
        output.json(_facts(entry, library.default()))
    else:
        output.note(t("models.now_default", name=entry.name))
    return 0


def _remove(library: Library, args: argparse.Namespace) -> int:
    entry = _registered(library, args.name)
    if not args.yes:
        if not output.is_terminal(sys.stdin):
            raise UsageError(detail=t("models.needs_yes"))
        key = "models.confirm_link" if entry.linked else "models.confirm"
        if not output.confirm(t(key, name=entry.name, size=format_bytes(entry.file_bytes))):
            output.note(t("models.kept", name=entry.name))
            return 0
    entry = library.remove(args.name)
    if args.json:
        output.json(_facts(entry, library.default()))
    else:
        output.note(t("models.removed", name=entry.name))
    return 0


def _registered(library: Library, name: str) -> Entry:
    """The library's entry of that name, also when its file is damaged or gone. Raises UnknownModel."""
    from latam_edge.core.errors import EmbeddedModel, UnknownModel
    from latam_edge.store import names

    for entry in library.list():
        if names.key(entry.name) == names.key(name):
            if entry.embedded:
                raise EmbeddedModel(name=entry.name)
            return entry
    raise UnknownModel(name=name)


_ACTIONS: dict[str, Callable[[Library, argparse.Namespace], int]] = {
    "list": _list,
    "add": _add,
    "info": _info,
    "verify": _verify,
    "default": _default,
    "remove": _remove,
}


def _facts(entry: Entry, default: str) -> dict[str, Any]:
    """An entry for JSON."""
    facts = asdict(entry)
    del facts["registered"]
    facts["path"] = str(entry.path)
    return {**facts, "default": entry.name == default, "missing": not entry.path.exists()}


def _remark(entry: Entry) -> str:
    """What a line of the list says about an entry beyond its figures."""
    if not entry.path.exists():
        return t("models.missing")
    if entry.embedded:
        return t("models.embedded")
    return t("models.linked") if entry.linked else ""


def _hex(text: str | None) -> str | None:
    """A sha256 as given on the command line. Raises UsageError."""
    if text is None:
        return None
    value = text.strip().lower()
    if len(value) != 64 or any(c not in "0123456789abcdef" for c in value):
        raise UsageError(detail=t("models.bad_sha256"))
    return value


def rate(text: str) -> float:
    """Bytes per second: "500k", "1,5M", "200000". Raises ArgumentTypeError."""
    size = {"k": 1e3, "m": 1e6}.get(text[-1:].lower(), 1.0)
    value: float = number(float, 0, 1e12)(text[:-1] if size > 1 else text)
    if value * size < 1000:
        raise argparse.ArgumentTypeError(t("cli.too_small", value=text, low="1k"))
    return value * size


def _say(name: str, value: Any) -> str:
    """A fact's value for people."""
    if isinstance(value, bool):
        return t("cli.yes") if value else t("cli.no")
    if name == "file_bytes":
        return f"{format_bytes(value)} ({value} bytes)"
    if name == "parameters":
        return millions(value)
    return decimal(str(value)) if isinstance(value, float) else str(value)


def millions(count: int) -> str:
    """A number of weights for people: "7,6 M", "1,24 mil M" stays "1240 M"."""
    if count < 100_000:
        return str(count)
    value = count / 1e6
    return decimal(f"{value:.1f}" if value < 100 else f"{value:.0f}") + " M"
