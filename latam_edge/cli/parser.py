"""argparse that speaks the user's language, and suggests the nearest spelling.

argparse's own words are English unless gettext finds a compiled catalog. Its
errors are caught here and said again in our words; those we do not know pass
as they are.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from latam_edge.core.errors import UsageError
from latam_edge.core.i18n import t

_WORDS = (
    (re.compile(r"expected one argument"), "cli.expected_one"),
    (re.compile(r"expected at least one argument"), "cli.expected_some"),
    (re.compile(r"expected at most one argument"), "cli.expected_at_most_one"),
    (re.compile(r"ignored explicit argument (?P<value>.+)"), "cli.ignored_value"),
    (re.compile(r"not allowed with argument (?P<other>.+)"), "cli.not_with"),
    (re.compile(r"the following arguments are required: (?P<names>.+)"), "cli.required"),
    (re.compile(r"one of the arguments (?P<names>.+) is required"), "cli.required_one_of"),
)
"""argparse's English messages (Python 3.11 to 3.14) and the catalog's sentences for them."""
_MISSING = tuple(pattern for pattern, key in _WORDS if key.startswith("cli.required"))


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known spelling closest to `word`, or None when none is close. Leading dashes don't count.

    One that begins with all but the last letter of `word` goes before others: "tempp" is a slip
    on the way to "temperature", though "top-p" has more letters in common.
    """
    from difflib import get_close_matches

    word = word.lstrip("-")
    bare = {name.lstrip("-"): name for name in known}
    begun = [name for name in bare if len(word) > 3 and name.startswith(word[:-1])]
    found = get_close_matches(word, begun or bare, n=1, cutoff=0.0 if begun else 0.6)
    return bare[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The question whether `nearest` was meant, after a space; empty when nothing is close."""
    found = nearest(word, known)
    return " " + t("cli.did_you_mean", nearest=found) if found else ""


class _Formatter(argparse.HelpFormatter):
    """Help with our word for "usage:", and a line break between option and text only when needed."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, max_help_position=30, **options)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """A paragraph, or paragraphs and indented examples that keep their lines."""
        lines = text.split("\n")
        return "\n".join(
            indent + line if line.startswith(" ") else super(_Formatter, self)._fill_text(line, width, indent)
            for line in lines
        )

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[Any],
        prefix: str | None = None,
    ) -> None:
        if usage is None:
            # argparse would list every option twice, here and below.
            words = [self._positional(action) for action in actions if not action.option_strings]
            usage = " ".join(["%(prog)s", f"[{t('cli.word.options')}]", *words])
        super().add_usage(usage, actions, groups, t("cli.usage") + " " if prefix is None else prefix)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """Write "-o, --out FILE" instead of "-o FILE, --out FILE", as Python 3.13 writes it too."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        names = ", ".join(action.option_strings)
        return f"{names} {self._format_args(action, self._get_default_metavar_for_optional(action))}"

    def _format_args(self, action: argparse.Action, default_metavar: str) -> str:
        """Write "FILE..." instead of "FILE [FILE ...]", and "a|b" instead of "{a,b}"."""
        if action.metavar is None and action.choices is not None and action.nargs is None:
            return "|".join(str(choice) for choice in action.choices)
        if action.option_strings and action.nargs == "+":
            return f"{action.metavar or default_metavar}..."
        return super()._format_args(action, default_metavar)

    def _positional(self, action: argparse.Action) -> str:
        name = str(action.metavar or action.dest)
        if action.nargs == argparse.PARSER:
            return f"{name} ..."
        several = {"*": f"[{name}...]", "+": f"{name}...", "?": f"[{name}]"}
        return several.get(str(action.nargs), name)


class Parser(argparse.ArgumentParser):
    """A command's arguments. Wrong ones raise UsageError; `--help` prints and raises SystemExit(0)."""

    def __init__(self, prog: str = "", description: str = "", **options: Any) -> None:
        options.setdefault("formatter_class", _Formatter)
        super().__init__(
            prog=prog,
            description=description,
            add_help=False,
            allow_abbrev=False,  # an abbreviation in a script breaks when an option is added
            exit_on_error=False,
            **options,
        )
        self._words: list[str] = []  # what is being parsed
        self._positionals.title = t("cli.arguments")
        self._optionals.title = t("cli.options")
        self.add_argument("-h", "--help", action="help", help=t("cli.opt.help"))

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """The arguments as a namespace. Raises UsageError."""
        try:
            values, _ = self.parse_known_args(args, namespace)
        except argparse.ArgumentError as error:
            said = _translate(error.message or "")
            name = f"{error.argument_name}: " if error.argument_name and said is not None else ""
            self.error(name + (said if said is not None else str(error)))
        return values

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """The arguments as a namespace, and no others: unknown ones raise UsageError.

        The parsers of a command's actions come through here too, each with the words meant for it.
        """
        self._words = list(sys.argv[1:] if args is None else args)
        try:
            values, extras = super().parse_known_args(args, namespace)
        except argparse.ArgumentError as error:  # how Python 3.12 and later say that something is missing
            if error.argument_name is None:
                self._refuse_unknown(error.message or "")
            raise
        if extras:
            self._refuse(extras)
        return values, extras

    def _refuse_unknown(self, message: str) -> None:
        """Refuse unknown options, if any, before `message` says what is missing: it may be one misspelt."""
        if any(pattern.fullmatch(message) for pattern in _MISSING):
            known = self._options()
            if unknown := [word for word in _options_among(self._words) if not _is_known(word, known)]:
                self._refuse(unknown)

    def _options(self) -> list[str]:
        """All options that may stand here, those of the actions ("models list") too."""
        own = [*self._option_string_actions, "--lang"]
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                own += [option for sub in action.choices.values() for option in sub._option_string_actions]
        return own

    def _refuse(self, extras: list[str]) -> NoReturn:
        """Say which arguments are not known, and what the first option among them may have meant."""
        options = [option.partition("=")[0] for option in _options_among(extras)]
        if not options:
            self.error(t("cli.unrecognized", names=" ".join(extras)))
        said = t("cli.unknown_option", names=", ".join(options))
        self.error(said + did_you_mean(options[0], self._options()))

    def error(self, message: str) -> NoReturn:
        """Raise UsageError: the sentence, and where the help is."""
        self._refuse_unknown(message)
        said = _translate(message)
        detail = message if said is None else said
        raise UsageError(detail=f"{detail} {t('cli.see_help', command=self.prog)}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            # The metavar leaves out what is not for everybody.
            shown = isinstance(action.metavar, str) and "|" in action.metavar
            choices = str(action.metavar).split("|") if shown else [str(choice) for choice in action.choices]
            said = t("cli.invalid_choice", value=value, choices=", ".join(choices))
            raise argparse.ArgumentError(action, said + did_you_mean(str(value), choices))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        if message:
            sys.stderr.write(message)
        raise SystemExit(status)


def _options_among(words: Iterable[str]) -> list[str]:
    """The words that are meant as options: those with a dash before "--", numbers and sentences left out."""
    found: list[str] = []
    for word in words:
        if word == "--":
            break
        if re.match(r"--?[^\W\d]", word) and " " not in word:
            found.append(word)
    return found


def _is_known(word: str, known: Sequence[str]) -> bool:
    """Whether `word` is one of the options `known`, perhaps with "=value", or "value" after a short one."""
    return word.partition("=")[0] in known or (not word.startswith("--") and word[:2] in known)


def _translate(message: str) -> str | None:
    """argparse's message in our words; None when it is not one of those we know."""
    for pattern, key in _WORDS:
        if found := pattern.fullmatch(message):
            return t(key, **found.groupdict())
    return message if " " in message and not message.startswith("argument ") else None


def number(
    kind: Callable[[str], Any], low: float | None = None, high: float | None = None
) -> Callable[[str], Any]:
    """A parser of numbers between `low` and `high`, both allowed; a decimal comma is understood."""

    def parse(text: str) -> Any:
        try:
            value = kind(text.replace(",", ".") if kind is float else text)
        except ValueError:
            key = "cli.not_a_number" if kind is float else "cli.not_whole"
            raise argparse.ArgumentTypeError(t(key, value=text)) from None
        # `not` around the comparison refuses nan too
        if not ((low is None or value >= low) and (high is None or value <= high)):
            if high is None:
                raise argparse.ArgumentTypeError(t("cli.too_small", value=text, low=low))
            raise argparse.ArgumentTypeError(t("cli.out_of_range", value=text, low=low, high=high))
        return value

    return parse
