"""`latam-edge bundle`: the suitcase for machines without network or compiler."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from latam_edge.bundle.targets import PLATFORMS, PYTHONS
from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser
from latam_edge.core.errors import BadFile, BundleOtherKey, BundleUnsigned, LatamEdgeError, UsageError
from latam_edge.core.i18n import (
    LANGUAGES,
    catalog,
    format_bytes,
    known_language,
    language,
    set_language,
    t,
)

if TYPE_CHECKING:
    from latam_edge.bundle.offer import Offer
    from latam_edge.bundle.places import Places


def parser() -> Parser:
    parser = Parser("latam-edge bundle", t("cli.help.bundle"))
    options.add_language(parser)
    actions = parser.add_subparsers(
        dest="action", required=True, metavar=t("models.word.action"), title=t("models.actions")
    )

    def action(name: str, *, folder: bool = True) -> Parser:
        text = t(f"bundle.help.{name}")
        sub: Parser = actions.add_parser(name, prog=f"latam-edge bundle {name}", help=text, description=text)
        if folder:
            sub.add_argument("folder", metavar=t("cli.word.folder"), type=Path, help=t("bundle.opt.folder"))
        return sub

    folder_word, file_word = t("cli.word.folder"), t("cli.word.file")
    make = action("make")
    make.add_argument(
        "--model", action="append", default=[], metavar=t("cli.word.model"), help=t("bundle.opt.model")
    )
    make.add_argument(
        "--platform",
        action="append",
        choices=tuple(PLATFORMS),
        metavar="|".join(PLATFORMS),
        help=t("bundle.opt.platform"),
    )
    make.add_argument(
        "--python", action="append", choices=PYTHONS, metavar="|".join(PYTHONS), help=t("bundle.opt.python")
    )
    make.add_argument(
        "--wheels", action="append", default=[], type=Path, metavar=folder_word, help=t("bundle.opt.wheels")
    )
    make.add_argument("--personas", type=Path, metavar=folder_word, help=t("bundle.opt.personas"))
    make.add_argument("--documents", type=Path, metavar=folder_word, help=t("bundle.opt.documents"))
    make.add_argument(
        "--interpreter",
        action="append",
        default=[],
        type=_archive,
        metavar=f"{t('bundle.word.platform')}={file_word}",
        help=t("bundle.opt.interpreter"),
    )
    make.add_argument("--key", type=Path, metavar=file_word, help=t("bundle.opt.key"))
    make.add_argument("--offline", action="store_true", help=t("bundle.opt.offline"))
    verify = action("verify")
    verify.add_argument("--repair", type=Path, metavar=folder_word, help=t("bundle.opt.repair"))
    install = action("install")
    install.add_argument("-y", "--yes", action="store_true", help=t("bundle.opt.yes"))
    install.add_argument(
        "--accept-unverified", action="count", default=0, help=t("bundle.opt.accept_unverified")
    )
    install.add_argument("--all-users", action="store_true", help=t("bundle.opt.all_users"))
    uninstall = action("uninstall", folder=False)
    uninstall.add_argument("--all-users", action="store_true", help=t("bundle.opt.all_users_uninstall"))
    uninstall.add_argument("--models", action="store_true", help=t("bundle.opt.models"))
    uninstall.add_argument("-y", "--yes", action="store_true", help=t("models.opt.yes"))
    for sub in actions.choices.values():
        sub.add_argument("--json", action="store_true", help=t("cli.opt.json"))
        sub.add_argument("--lang", metavar="es|pt|en", help=t("cli.opt.lang"))
    return parser


def _archive(text: str) -> tuple[str, Path]:
    """A platform and an archive for it: "linux-x86_64=python.tar.gz". Raises ArgumentTypeError."""
    platform, equals, path = text.partition("=")
    if not equals or platform not in PLATFORMS:
        raise argparse.ArgumentTypeError(t("cli.invalid_choice", value=text, choices=", ".join(PLATFORMS)))
    return platform, Path(path)


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    return _ACTIONS[args.action](args)


def _make(args: argparse.Namespace) -> int:
    from latam_edge.bundle import fingerprint, targets
    from latam_edge.bundle.make import make
    from latam_edge.cli.bar import Bar

    here = targets.here()
    if not args.platform and here.platform not in PLATFORMS:
        raise UsageError(detail=t("bundle.which_platform", platform=here.platform))
    platforms = args.platform or [here.platform]
    pythons = args.python or [here.python]
    chosen = [targets.Target(platform, python) for platform in platforms for python in pythons]
    with Bar() as bar:
        made = make(
            args.folder,
            models=args.model,
            targets=sorted(set(chosen)),
            wheels=args.wheels,
            personas=args.personas,
            documents=args.documents,
            pythons=dict(args.interpreter),
            key=args.key,
            offline=args.offline,
            say=lambda target: output.note(t("bundle.network", target=target)),
            progress=bar,
        )
    if args.json:
        output.json(
            {
                "folder": str(args.folder),
                "version": made.manifest.version,
                "serial": made.manifest.serial,
                "files": len(made.manifest.files),
                "bytes": made.total_bytes,
                "written": list(made.written),
                "removed": list(made.removed),
                "key": made.key.hex(),
                "words": fingerprint.all_languages(made.key),
            }
        )
        return 0
    if made.written or made.removed:
        output.note(t("bundle.made", written=len(made.written), removed=len(made.removed)))
    else:
        output.note(t("bundle.unchanged"))
    output.note(t("bundle.holds", count=len(made.manifest.files), size=format_bytes(made.total_bytes)))
    output.note(t("bundle.your_words"))
    for lang, words in fingerprint.all_languages(made.key).items():
        output.line(f"  {lang}  {words}")
    output.note(t("bundle.next", folder=args.folder))
    return 0


def _verify(args: argparse.Namespace) -> int:
    from latam_edge.bundle import fingerprint
    from latam_edge.bundle.verify import verify
    from latam_edge.cli.bar import Bar

    with Bar() as bar:
        report = verify(args.folder, bar, repair=args.repair)
    if args.json:
        output.json(
            {
                "ok": report.good,
                "key": report.key.hex() if report.key else None,
                "words": fingerprint.all_languages(report.key) if report.key else None,
                "problems": [
                    {"kind": each.kind, "path": each.path, "repaired": each.repaired}
                    for each in report.problems
                ],
                "litter": list(report.litter),
            }
        )
        return 0 if report.good else BadFile.exit_code
    for problem in report.problems:
        text = t(f"bundle.problem.{problem.kind}", path=output.clean(problem.path))
        output.line(f"{text} {t('bundle.repaired')}" if problem.repaired else text)
    if report.litter:
        output.note(t("bundle.litter", names=output.clean(", ".join(report.litter))))
    if report.key is None:
        raise BundleUnsigned(path=args.folder)
    if not report.good:
        output.note(t("bundle.bad"))
        return BadFile.exit_code
    output.note(t("bundle.good", count=len(report.manifest.files)))
    output.note(t("bundle.signed_by", words=fingerprint.words(report.key)))
    return 0


def _install(args: argparse.Namespace) -> int:
    from latam_edge.bundle.install import install
    from latam_edge.bundle.offer import look
    from latam_edge.cli.bar import Bar

    where = _places(args, "bundle.needs_rights", "sudo sh instalar.sh --all-users")
    if not args.yes:
        _ask_language()
    accepted = args.accept_unverified >= 2
    try:
        offer = look(args.folder, accepted=accepted, where=where)
    except (BundleUnsigned, BundleOtherKey) as error:
        if args.accept_unverified == 0:
            raise
        # Told once: say what is wrong, and ask for the second time.
        output.error(str(error))
        if not output.is_terminal(sys.stdin):
            raise UsageError(detail=t("bundle.say_twice")) from None
        if not output.confirm(t("bundle.second_time")):
            output.note(t("bundle.not_installed"))
            return BadFile.exit_code
        accepted = True
        offer = look(args.folder, accepted=True, where=where)
    if not _agreed(offer, args):
        output.note(t("bundle.not_installed"))
        return BadFile.exit_code
    with Bar() as bar:
        done = install(offer, where=where, accepted=accepted, progress=bar)
    if args.json:
        output.json(
            {
                "version": done.state.version,
                "updated_from": done.updated_from,
                "models": list(done.models),
                "launcher": str(done.launcher),
                "all_users": where.shared,
            }
        )
        return 0
    output.note(t("bundle.installed", version=done.state.version))
    if where.shared:
        output.note(t("bundle.shared"))
    for model in done.models:
        output.note(t("bundle.brought", name=model))
    on_path = str(done.launcher.parent) in os.environ.get("PATH", "").split(os.pathsep)
    command = f"{'latam-edge' if on_path else done.launcher} chat"
    if names := offer.personas:
        output.note(t("bundle.personas", names=", ".join(names), command=command, first=names[0]))
    output.note(t("bundle.start", command=command))
    # An administrator installs for others: a chat of root's own would leave root's files in a home.
    asks = output.is_terminal(sys.stdin) and output.is_terminal(sys.stderr)
    asks = asks and not args.yes and not where.shared
    if asks and output.confirm(t("bundle.now")):
        import subprocess

        return subprocess.run([str(done.launcher), "chat"], check=False).returncode
    return 0


def _places(args: argparse.Namespace, refusal: str, command: str) -> Places:
    """The user's own places, or everybody's. Raises UsageError when the user may not write there."""
    from latam_edge.bundle import places

    if not args.all_users:
        return places.user_places()
    where = places.system_places()
    if not places.may_write(where):
        raise UsageError(detail=t(refusal, command=command))
    if args.action == "install" and not places.open_to_all(sys.executable):
        raise UsageError(detail=t("bundle.private_python", path=sys.executable))
    return where


def _ask_language() -> None:
    """Ask a person whose system names no language which one they read, and keep the answer."""
    if known_language() or not (output.is_terminal(sys.stdin) and output.is_terminal(sys.stderr)):
        return
    from latam_edge.core.settings import load_settings, save_settings

    with suppress(LatamEdgeError):
        settings = load_settings()
        if settings.language is not None:
            return
        sys.stderr.write(f"{t('bundle.choose_language')} [1] ")
        sys.stderr.flush()
        answer = sys.stdin.readline().strip().lower()
        chosen = LANGUAGES[int(answer) - 1] if answer in ("1", "2", "3") else answer[:2]
        chosen = chosen if chosen in LANGUAGES else LANGUAGES[0]
        set_language(chosen)
        save_settings(replace(settings, language=chosen))


def _agreed(offer: Offer, args: argparse.Namespace) -> bool:
    """Show who signed and what will be installed; whether the user wants it."""
    from latam_edge.bundle import fingerprint

    size = format_bytes(sum(item.size for item in offer.manifest.files))
    output.note(t("bundle.offer", version=offer.manifest.version, size=size))
    if offer.key is None:
        output.note(t("bundle.nobody"))
    else:
        output.note(t("bundle.signed_by", words=fingerprint.words(offer.key)))
    if args.yes or offer.known_key or args.accept_unverified:
        return True
    if not output.is_terminal(sys.stdin):
        raise UsageError(detail=t("bundle.needs_yes"))
    return output.confirm(t("bundle.same_words"))


def _uninstall(args: argparse.Namespace) -> int:
    from latam_edge.bundle.uninstall import uninstall

    where = _places(args, "bundle.needs_rights_uninstall", "sudo sh instalar.sh uninstall --all-users")
    if not args.yes:
        if not output.is_terminal(sys.stdin):
            raise UsageError(detail=t("models.needs_yes"))
        if not output.confirm(t("bundle.confirm_uninstall", path=where.app)):
            output.note(t("bundle.still_there"))
            return 0
    # What is still to be said may lie in what is about to be deleted.
    for domain in ("bundle", "models", "errors"):
        catalog(language(), domain)
    done = uninstall(where=where, models=args.models)
    if args.json:
        output.json(
            {
                "version": done.version,
                "models": list(done.models),
                "left": [
                    {"what": each.what, "path": str(each.path), "bytes": each.size} for each in done.left
                ],
            }
        )
        return 0
    said = "bundle.removed" if done.version else "bundle.nothing_installed"
    output.note(t(said, version=done.version or ""))
    for model in done.models:
        output.note(t("models.removed", name=model))
    for each in done.left:
        output.line(t(f"bundle.left.{each.what}", path=each.path, size=format_bytes(each.size)))
    return 0


_ACTIONS: dict[str, Callable[[argparse.Namespace], int]] = {
    "make": _make,
    "verify": _verify,
    "install": _install,
    "uninstall": _uninstall,
}
