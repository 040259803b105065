"""`latam-edge completion SHELL`: a script that completes commands, options, choices and model names.

The scripts are made from the parsers themselves, so that they can't fall behind.
Names of models are asked for when they are needed: `latam-edge models list --names`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from importlib import import_module

from latam_edge.cli import options, output
from latam_edge.cli.parser import Parser
from latam_edge.core.i18n import LANGUAGES, t

SHELLS = ("bash", "zsh", "fish", "powershell")

MODEL_OPTIONS = ("--model", "--reference")
"""Options whose value is a model's name."""
MODEL_POSITIONALS = {
    "bench",
    "fit",
    "evaluate",
    "models info",
    "models verify",
    "models default",
    "models remove",
}
"""Commands whose first argument is a model's name."""


@dataclass(frozen=True, slots=True)
class Command:
    """What can follow one command."""

    name: str
    """"run", "models add"."""
    summary: str
    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Option -> the values it may take; empty when they can't be listed."""
    helps: dict[str, str] = field(default_factory=dict)
    """Option -> its help, in the language in force."""
    valued: frozenset[str] = frozenset()
    """Options that take a value."""
    words: tuple[str, ...] = ()
    """What its first argument may be, when that can be listed."""


def parser() -> Parser:
    parser = Parser("latam-edge completion", t("cli.help.completion"))
    parser.add_argument("shell", choices=SHELLS, metavar="|".join(SHELLS), help=t("cli.completion.shell"))
    options.add_language(parser)
    return parser


def main(argv: list[str]) -> int:
    args = parser().parse_args(argv)
    output.write(script(args.shell))
    output.note(t(f"cli.completion.{args.shell}"))
    return 0


def script(shell: str) -> str:
    """The whole script for one of SHELLS."""
    write = {"bash": _bash, "zsh": _zsh, "fish": _fish, "powershell": _powershell}[shell]
    return write(commands())


def commands() -> list[Command]:
    """Every command and subcommand, the top level first under the name ""."""
    from latam_edge.cli.main import COMMANDS

    own: dict[str, tuple[str, ...]] = {"--help": (), "--version": (), "--lang": LANGUAGES}
    helps = {option: t(f"cli.opt.{option[2:]}") for option in own}
    found = [Command("", "", own, helps, frozenset({"--lang"}), tuple(COMMANDS))]
    for name, (module, key) in COMMANDS.items():
        found.extend(_walk(name, import_module(module).parser(), t(key)))
    return found


def _walk(name: str, parser: argparse.ArgumentParser, summary: str) -> list[Command]:
    """A command, then its subcommands."""
    named: dict[str, tuple[str, ...]] = {}
    helps: dict[str, str] = {}
    valued = set()
    words: tuple[str, ...] = ()
    below: list[Command] = []
    for action in parser._actions:
        choices = tuple(str(choice) for choice in action.choices or ())
        if isinstance(action, argparse._SubParsersAction):
            words = choices
            for sub, made in action.choices.items():
                below.extend(_walk(f"{name} {sub}", made, made.description or ""))
        elif action.option_strings:
            long = [option for option in action.option_strings if option.startswith("--")]
            for option in long:
                named[option] = LANGUAGES if option == "--lang" else choices
                helps[option] = action.help or ""
                if action.nargs != 0:
                    valued.add(option)
        elif not words:
            words = choices
    return [Command(name, summary, named, helps, frozenset(valued), words), *below]


# --- the shells -------------------------------------------------------------------------

_NAMES = "latam-edge models list --names"
_TOP = "latam-edge"


def _cases(found: list[Command]) -> list[tuple[str, str]]:
    """("COMMAND OPTION", "value value ...") for options with values; "" when they can't be listed."""
    return [
        (f"{command.name} {option}", " ".join(command.options[option]))
        for command in found
        for option in command.options
        if option in command.valued and option not in MODEL_OPTIONS
    ]


def _steps(found: list[Command]) -> str:
    """Shell patterns of "what is known/the next word" that lead one command deeper."""
    return "|".join(
        f'"{command.name.rpartition(" ")[0]}/{command.name.rpartition(" ")[2]}"' for command in found[1:]
    )


def _quote(text: str) -> str:
    """`text` in single quotes, for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"


def _bash(found: list[Command]) -> str:
    lines = [
        "# latam-edge, bash",
        "_latam_edge() {",
        "    local cur prev word command options words i",
        '    cur="${COMP_WORDS[COMP_CWORD]}"',
        '    prev="${COMP_WORDS[COMP_CWORD-1]}"',
        '    command=""',
        "    for ((i = 1; i < COMP_CWORD; i++)); do",
        '        word="${COMP_WORDS[i]}"',
        '        case "$command/$word" in',
        f'            {_steps(found)}) command="${{command:+$command }}$word" ;;',
        "        esac",
        "    done",
        "    COMPREPLY=()",
        '    case "$command $prev" in',
    ]
    for case, values in _cases(found):
        wanted = f'-W "{values}"' if values else "-f"
        lines.append(f'        "{case}") COMPREPLY=($(compgen {wanted} -- "$cur")); return ;;')
    lines += [
        "    esac",
        '    case "$prev" in',
        f"        {'|'.join(MODEL_OPTIONS)})",
        f'            COMPREPLY=($(compgen -W "$({_NAMES} 2>/dev/null)" -- "$cur"))',
        '            COMPREPLY+=($(compgen -f -- "$cur")); return ;;',
        "    esac",
        '    case "$command" in',
    ]
    for command in found:
        words = " ".join(command.words)
        if command.name in MODEL_POSITIONALS:
            words = f"$({_NAMES} 2>/dev/null)"
        lines.append(f'        "{command.name}") options="{" ".join(command.options)}"; words="{words}" ;;')
    lines += [
        "    esac",
        '    case "$cur" in',
        '        -*) COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;',
        '        *) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;',
        "    esac",
        "}",
        f"complete -o default -F _latam_edge {_TOP}",
    ]
    return "\n".join(lines) + "\n"


def _zsh(found: list[Command]) -> str:
    lines = [
        f"#compdef {_TOP}",
        "_latam_edge() {",
        "    local command word prev i",
        "    local -a options choices",
        '    command=""',
        '    prev="${words[CURRENT-1]}"',
        "    for ((i = 2; i < CURRENT; i++)); do",
        '        word="${words[i]}"',
        '        case "$command/$word" in',
        f'            {_steps(found)}) command="${{command:+$command }}$word" ;;',
        "        esac",
        "    done",
        '    case "$command $prev" in',
    ]
    for case, values in _cases(found):
        wanted = f"compadd -- {values}" if values else "_files"
        lines.append(f'        "{case}") {wanted}; return ;;')
    names = f'${{(f)"$({_NAMES} 2>/dev/null)"}}'
    lines += [
        "    esac",
        '    case "$prev" in',
        f"        {'|'.join(MODEL_OPTIONS)}) compadd -- {names}; _files; return ;;",
        "    esac",
        "    options=() choices=()",
        '    case "$command" in',
    ]
    summaries = {command.name: command.summary for command in found}
    for command in found:
        said = [_quote(f"{option}:{command.helps[option]}") for option in command.options]
        lines.append(f'        "{command.name}")')
        lines.append(f"            options=({' '.join(said)})")
        if command.name in MODEL_POSITIONALS:
            lines.append(f"            choices=({names})")
        elif command.words:
            said = [
                _quote(f"{word}:{summaries.get(f'{command.name} {word}'.strip(), '')}")
                for word in command.words
            ]
            lines.append(f"            choices=({' '.join(said)})")
        lines.append("            ;;")
    lines += [
        "    esac",
        '    if [[ "${words[CURRENT]}" == -* ]]; then',
        "        _describe -o option options",
        "    elif (( ${#choices} )); then",
        "        _describe command choices",
        "    else",
        "        _files",
        "    fi",
        "}",
        f'if [ "$funcstack[1]" = "_latam_edge" ]; then _latam_edge "$@"; else compdef _latam_edge {_TOP}; fi',
    ]
    return "\n".join(lines) + "\n"


def _fish(found: list[Command]) -> str:
    def quote(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    lines = [f"# {_TOP}, fish"]
    summaries = {command.name: command.summary for command in found}
    for command in found:
        parts = command.name.split()
        below = [f"not __fish_seen_subcommand_from {' '.join(command.words)}"] if command.words else []
        seen = [f"__fish_seen_subcommand_from {part}" for part in parts]
        here = quote("; and ".join([*seen, *(below if not parts or parts == ["models"] else [])]))
        if command.name in MODEL_POSITIONALS:
            lines.append(f"complete -c {_TOP} -n {here} -a {quote(f'({_NAMES})')}")
        for word in command.words:
            summary = summaries.get(f"{command.name} {word}".strip(), "")
            lines.append(f"complete -c {_TOP} -n {here} -f -a {quote(word)} -d {quote(summary)}")
        # The top's own options are good everywhere, so that they need no condition.
        condition = f" -n {here}" if parts else ""
        for option, values in command.options.items():
            if parts and option in found[0].options:
                continue
            line = f"complete -c {_TOP}{condition} -l {option[2:]} -d {quote(command.helps[option])}"
            if option in MODEL_OPTIONS:
                line += f" -r -a {quote(f'({_NAMES})')}"
            elif values:
                line += f" -x -a {quote(' '.join(values))}"
            elif option in command.valued:
                line += " -r"
            lines.append(line)
    return "\n".join(lines) + "\n"


def _powershell(found: list[Command]) -> str:
    def quote(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    def array(values: tuple[str, ...]) -> str:
        return "@(" + ", ".join(quote(value) for value in values) + ")"

    lines = [
        f"# {_TOP}, PowerShell",
        f"Register-ArgumentCompleter -Native -CommandName {_TOP} -ScriptBlock {{",
        "    param($word, $ast, $position)",
        "    $words = @{",
        *(f"        {quote(command.name)} = {array(command.words)}" for command in found),
        "    }",
        "    $options = @{",
        *(f"        {quote(command.name)} = {array(tuple(command.options))}" for command in found),
        "    }",
        "    $values = @{",
        *(
            f"        {quote(case)} = {array(tuple(values.split()))}"
            for case, values in _cases(found)
            if values
        ),
        "    }",
        f"    $named = {array(tuple(sorted(MODEL_POSITIONALS)))}",
        f"    $modelOptions = {array(MODEL_OPTIONS)}",
        "    $typed = @($ast.CommandElements | ForEach-Object { $_.ToString() })",
        "    if ($word -ne '') { $typed = $typed[0..($typed.Count - 2)] }",
        "    $command = ''",
        "    foreach ($one in $typed | Select-Object -Skip 1) {",
        '        $deeper = "$command $one".Trim()',
        "        if ($options.ContainsKey($deeper)) { $command = $deeper }",
        "    }",
        "    $previous = $typed[-1]",
        '    $case = "$command $previous"',
        "    if ($values.ContainsKey($case)) { $found = $values[$case] }",
        f"    elseif ($modelOptions -contains $previous) {{ $found = {_NAMES} }}",
        "    elseif ($word.StartsWith('-')) { $found = $options[$command] }",
        f"    elseif ($named -contains $command) {{ $found = {_NAMES} }}",
        "    else { $found = $words[$command] }",
        '    $found | Where-Object { $_ -like "$word*" } | ForEach-Object {',
        "        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)",
        "    }",
        "}",
    ]
    return "\n".join(lines) + "\n"
