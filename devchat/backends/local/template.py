"""Lay out a conversation by the chat template that came inside the model file.

The template is a stranger's program (CVE-2024-34359): it runs in jinja's sandbox with caps on
time, output and memory. The messages are strangers' texts: the template sees a placeholder for
each, so what it wrote itself can be told from what was put into it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING, Any

from devchat.backends.local.request import Seen, Turn
from devchat.errors import ModelError

if TYPE_CHECKING:
    import jinja2

SECONDS = 2.0
SLACK = 64 << 10
"""Characters that a template may write beyond eight times what it was given."""
MEMORY = 512 << 20
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""The most common layout, for a model that brings none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt; `trusted` where the template wrote it, not a user or a file."""

    text: str
    trusted: bool
    seen: Seen | None = None
    """A picture, in place of text."""


class _TooSlow(BaseException):
    """The clock rang. No `Exception`: jinja takes those for a constant that can't be folded."""


class _Lost(Exception):
    """The template left a message out, or changed it."""


class Template:
    """A compiled chat template. Only the main thread may use it, for its clock is SIGALRM."""

    def __init__(self, source: str, bos: str, eos: str) -> None:
        """Compile the template. Raises `ModelError`."""
        self._words = {"bos_token": bos, "eos_token": eos}
        with _translated(), _capped():
            self._template = _environment().from_string(source)

    def lay_out(self, turns: Sequence[Turn]) -> tuple[Piece, ...]:
        """Make a prompt that ends where the answer begins. Raises `ModelError`.

        Where the template refuses or drops a system message, it is put before the first question;
        where it insists on alternating roles, neighbours of one role are joined.
        """
        ways = [list(turns), _folded(turns), _joined(_folded(turns))]
        for way in ways[:-1]:
            try:
                return self._render(way)
            except (ModelError, _Lost):
                continue
        try:
            return self._render(ways[-1])
        except _Lost as error:
            raise ModelError(
                "the model's chat template loses a part of the conversation",
                "the GGUF file may be damaged or no chat model: choose another with `-m`",
            ) from error

    def _render(self, turns: Sequence[Turn]) -> tuple[Piece, ...]:
        import secrets

        # Digits and two private characters: nothing that a template trims or changes the case of.
        nonce = secrets.randbits(64)
        marks = [f"\ue000{nonce}.{number}\ue001" for number in range(len(turns))]
        messages = [
            {"role": turn.role, "content": mark} for turn, mark in zip(turns, marks, strict=True)
        ]
        most = SLACK + 8 * sum(map(len, marks))
        with _translated(), _capped():
            text = _collect(self._template, most, {"messages": messages} | self._words)
        return tuple(_splice(text, marks, turns))


def opens_reasoning(prompt: Sequence[Piece]) -> bool:
    """Tell whether the template itself began the model's thoughts."""
    last = prompt[-1]
    return last.trusted and last.text.rstrip().endswith("<think>")


def _splice(text: str, marks: Sequence[str], turns: Sequence[Turn]) -> Iterator[Piece]:
    for mark, turn in zip(marks, turns, strict=True):
        before, found, text = text.partition(mark)
        if not found:
            raise _Lost
        yield Piece(before, True)
        yield from _pieces(turn)
    if any(mark in text for mark in marks):
        raise _Lost
    yield Piece(text, True)


def _pieces(turn: Turn) -> Iterator[Piece]:
    start = 0
    for seen in turn.seen:
        yield Piece(turn.content[start : seen.at], False)
        yield Piece("", False, seen)
        start = seen.at
    yield Piece(turn.content[start:], False)


def _folded(turns: Sequence[Turn]) -> list[Turn]:
    told = "\n\n".join(turn.content for turn in turns if turn.role == "system")
    rest = [turn for turn in turns if turn.role != "system"]
    if not told or not rest or rest[0].role != "user":
        return list(turns) if not told else [Turn("user", told), *rest]
    return [_together(Turn("user", told), rest[0]), *rest[1:]]


def _joined(turns: Sequence[Turn]) -> list[Turn]:
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].role == turn.role:
            turn = _together(joined.pop(), turn)
        joined.append(turn)
    return joined


def _together(one: Turn, other: Turn) -> Turn:
    before = f"{one.content}\n\n"
    moved = (replace(seen, at=len(before) + seen.at) for seen in other.seen)
    return Turn(one.role, before + other.content, (*one.seen, *moved))


def _environment() -> jinja2.Environment:
    import jinja2
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Environment(ImmutableSandboxedEnvironment):
        # `9 ** 9 ** 9` is one step of C that no clock interrupts; no chat template needs it.
        intercepted_binops = frozenset(("**",))

        def call_binop(self, *_: Any) -> Any:
            raise SecurityError("`**` is not allowed")

    environment = Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        extensions=["jinja2.ext.loopcontrols", _generation_tags()],
    )

    def refuse(message: object) -> None:
        raise jinja2.TemplateError(str(message))

    environment.globals |= {"raise_exception": refuse, "strftime_now": _now}
    environment.filters["tojson"] = _json
    return environment


def _generation_tags() -> type[jinja2.ext.Extension]:
    import jinja2.ext

    class GenerationTags(jinja2.ext.Extension):
        """Read past `{% generation %}`, which some templates use to mark answers in training."""

        tags = {"generation"}

        def parse(self, parser: jinja2.parser.Parser) -> list[jinja2.nodes.Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    return GenerationTags


def _now(form: str) -> str:
    from datetime import datetime

    return datetime.now().strftime(form)


def _json(value: object, indent: int | None = None, **_: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, indent=indent)


def _collect(template: jinja2.Template, most: int, words: dict[str, Any]) -> str:
    size, pieces = 0, list[str]()
    for piece in template.generate(add_generation_prompt=True, **words):
        size += len(piece)
        if size > most:
            raise OverflowError(f"it writes more than {most} characters")
        pieces.append(piece)
    return "".join(pieces)


@contextmanager
def _translated() -> Iterator[None]:
    import jinja2

    # What a stranger's expression may raise, be it in the sandbox or through it.
    try:
        yield
    except _TooSlow as error:
        raise _broken(f"it takes more than {SECONDS:g} seconds") from error
    except (
        jinja2.TemplateError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
    ) as e:
        raise _broken(str(e)) from e
    except (MemoryError, RuntimeError, SyntaxError, TypeError, ValueError) as error:
        raise _broken(str(error) or type(error).__name__) from error


@contextmanager
def _capped() -> Iterator[None]:
    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise _TooSlow

    import resource

    before = signal.signal(signal.SIGALRM, ring)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (_memory_cap(soft), hard))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGALRM, before)


def _memory_cap(soft: int) -> int:
    # Only Linux tells how much address space is taken; elsewhere the clock has to do.
    import os
    from pathlib import Path

    statm = Path("/proc/self/statm")
    if not statm.exists():
        return soft
    cap = int(statm.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") + MEMORY
    return cap if soft < 0 else min(soft, cap)


def _broken(why: str) -> ModelError:
    reason = " ".join(why.split())[:200]
    return ModelError(
        f"the model's chat template fails: {reason}",
        "the GGUF file may be damaged: get it again, or choose another model with `-m`",
    )
