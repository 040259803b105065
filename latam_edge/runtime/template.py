"""The chat template that a model file carries: Jinja text written by strangers, run in a sandbox.

What a user types must never act as a control token ("<|im_end|>" in a message
would end the turn and let the rest speak for the system). Yet template and
messages have to be tokenized as one text, or words would be cut at the seams
otherwise than in training. So a mark is put inside whatever would be read as a
control token in a message; the rendered text is split at the marks, and no part
holds a whole control token but those that the template wrote.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, NoReturn

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from latam_edge.core.errors import BadTemplate
from latam_edge.runtime.types import Message

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""For a file without a template: the convention that most chat models of the last years follow."""

MAX_TEMPLATE_CHARS = 1 << 20
MAX_OUTPUT_CHARS = 64 << 20
MAX_RENDER_S = 5.0
MAX_RENDER_BYTES = 512 << 20
"""Memory that rendering may add, where the system can bound it."""


class ControlTokens:
    """Finds the names of control tokens in texts."""

    def __init__(self, names: Sequence[str]) -> None:
        """names: texts of the control tokens; those of one character cannot be broken and are left out."""
        self._names = frozenset(name for name in names if len(name) > 1)
        self._prefixes = frozenset(name[:i] for name in self._names for i in range(1, len(name)))
        self._lengths: dict[str, list[int]] = {}
        for name in self._names:
            lengths = self._lengths.setdefault(name[0], [])
            if len(name) not in lengths:
                lengths.append(len(name))
        self._longest = max(map(len, self._names), default=1)

    def broken(self, text: str, mark: str) -> str:
        """`text` with `mark` inside every control token's name, and at its end if that begins a name.

        The end matters because a template may put the next message right behind it.
        """
        pieces, done = [], 0
        for at in self._starts(text):
            pieces += [text[done : at + 1], mark]
            done = at + 1
        pieces.append(text[done:])
        tail = text[-self._longest :]
        if any(tail[i:] in self._prefixes for i in range(len(tail))):
            pieces.append(mark)
        return "".join(pieces)

    def _starts(self, text: str) -> Iterator[int]:
        if not any(first in text for first in self._lengths):
            return
        for at, letter in enumerate(text):
            lengths = self._lengths.get(letter, [])
            if any(text[at : at + length] in self._names for length in lengths):
                yield at


class ChatTemplate:
    """A compiled template. Thread-safe to render only from one thread at a time."""

    def __init__(
        self,
        source: str | None,
        *,
        bos_token: str = "",
        eos_token: str = "",
        control_tokens: Sequence[str] = (),
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """
        source: the file's template; None: CHATML.
        bos_token, eos_token: their texts, for templates that write them.
        control_tokens: texts that a message must not contain as control tokens.
        Raises BadTemplate when it is no valid Jinja.
        """
        source = CHATML if source is None else source
        if len(source) > MAX_TEMPLATE_CHARS:
            raise BadTemplate(detail=f"{len(source)} > {MAX_TEMPLATE_CHARS}")
        self._source = source
        self._control = ControlTokens(control_tokens)
        self._variables = {"bos_token": bos_token, "eos_token": eos_token, "tools": None, "documents": None}
        environment = _Environment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
        )
        environment.filters["tojson"] = _tojson
        environment.globals["raise_exception"] = _raise_exception
        environment.globals["strftime_now"] = lambda form: now().strftime(form)
        try:
            with _bounded():
                self._template = environment.from_string(source)
        except (TemplateError, RecursionError, MemoryError, _TooLong) as error:
            raise BadTemplate(detail=_reason(error)) from error
        self._system_role: bool | None = None

    def render(self, messages: Sequence[Message]) -> list[str]:
        """The prompt, ready for the model's answer, as parts that are to be tokenized one by one.

        Control tokens in the parts are the template's own. Usually there is one
        part. Raises BadTemplate.
        """
        mark = self._unused_mark(messages)
        told = [{"role": m.role, "content": self._control.broken(m.content, mark)} for m in messages]
        if messages and messages[0].role == "system" and not self._takes_system():
            told = _merge_system(told)
        return self._render(told).split(mark)

    def _takes_system(self) -> bool:
        """Whether the template shows a system message; some refuse it, some drop it without a word."""
        if self._system_role is None:
            probe = [{"role": "system", "content": "5y5t3m"}, {"role": "user", "content": "u53r"}]
            try:
                self._system_role = "5y5t3m" in self._render(probe)
            except BadTemplate:
                self._system_role = False
        return self._system_role

    def _render(self, messages: list[dict[str, str]]) -> str:
        variables = {**self._variables, "messages": messages, "add_generation_prompt": True}
        pieces, size = [], 0
        try:
            with _bounded():
                for piece in self._template.generate(variables):
                    pieces.append(piece)
                    size += len(piece)
                    if size > MAX_OUTPUT_CHARS:
                        raise _TooLong(f"> {MAX_OUTPUT_CHARS}")
        except Exception as error:  # a stranger's template may raise anything
            raise BadTemplate(detail=_reason(error)) from error
        return "".join(pieces)

    def _unused_mark(self, messages: Sequence[Message]) -> str:
        """A character that occurs nowhere. Noncharacters are kept free by Unicode for such inner use."""
        texts = [self._source, *(m.content for m in messages)]
        for code in range(0xFDD0, 0xFDF0):
            if not any(chr(code) in text for text in texts):
                return chr(code)
        raise BadTemplate(detail="U+FDD0..U+FDEF")


class _TooLong(Exception):
    """The template runs too long or writes too much."""


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with the operators that make big things out of small ones under watch."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator in ("*", "**") and isinstance(left, int) and isinstance(right, int):
            larger = max(left.bit_length(), 0 if operator == "**" else right.bit_length())
            if larger * (abs(right) if operator == "**" else 2) > 1 << 12:
                raise _TooLong(operator)
        elif operator == "*":
            for size, times in ((left, right), (right, left)):
                if hasattr(size, "__len__") and isinstance(times, int) and len(size) * times > 1 << 20:
                    raise _TooLong("*")
        return super().call_binop(context, operator, left, right)


class _Generation(Extension):
    """{% generation %} marks the assistant's words for training (transformers); here it changes nothing."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _merge_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The system's words in front of the first user's turn."""
    system, rest = messages[0]["content"], messages[1:]
    for index, message in enumerate(rest):
        if message["role"] == "user":
            merged = {"role": "user", "content": f"{system}\n\n{message['content']}"}
            return [*rest[:index], merged, *rest[index + 1 :]]
    return [{"role": "user", "content": system}, *rest]


def _raise_exception(message: str) -> NoReturn:
    raise TemplateError(message)


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **options: Any) -> str:
    """As transformers defines it: plain JSON. Jinja's own escapes for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, **options)


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__.lstrip('_')}: {error}"[:200]


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Bound the block's time and memory where the system offers a way (POSIX, main thread).

    On Windows only the sandbox's own bounds hold; the worst that a hostile template
    can do there is to keep the worker busy until it is closed.
    """
    with contextlib.ExitStack() as stack:
        if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
            stack.enter_context(_time_limit())
        if sys.platform == "linux":
            stack.enter_context(_memory_limit())
        yield


@contextlib.contextmanager
def _time_limit() -> Iterator[None]:
    end = time.monotonic() + MAX_RENDER_S

    def expired(*_: object) -> NoReturn:
        raise _TooLong(f"> {MAX_RENDER_S} s")

    system: Any = signal  # a type checker on Windows knows no timers
    before = system.signal(system.SIGALRM, expired)
    remaining, interval = system.setitimer(system.ITIMER_REAL, MAX_RENDER_S)
    try:
        yield
    finally:
        # Another user's timer, such as a test's own limit, goes on with what was left of it.
        left = max(0.001, remaining - (MAX_RENDER_S - (end - time.monotonic()))) if remaining else 0.0
        system.setitimer(system.ITIMER_REAL, 0)
        system.signal(system.SIGALRM, before if before is not None else system.SIG_DFL)
        system.setitimer(system.ITIMER_REAL, left, interval)


@contextlib.contextmanager
def _memory_limit() -> Iterator[None]:
    resource: Any = import_module("resource")
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = used + MAX_RENDER_BYTES
    if soft != resource.RLIM_INFINITY and soft < limit:
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
