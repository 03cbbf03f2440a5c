"""What the engine is asked in benchmarks: each kind new in every round, and repeatable."""

from __future__ import annotations

import keyword
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from devchat.backends import Backend
from devchat.backends.scripted import Manner, Scripted
from devchat.changes import Hit, Side
from devchat.diff import parse
from devchat.models import LocalModel
from devchat.models.resolve import resolve
from devchat.policy import Policy
from devchat.prompts import load_prompt, shipped_folder
from devchat.review import Prompts, Reviewers, Wishes, plan
from devchat.settings import Settings
from devchat.types import Message, Options, Request

DOCS = Path(__file__).parent.parent.parent / "docs"
SOURCE = DOCS.parent / "devchat"
WORDS = (DOCS / "settings.md").read_text().split()
NAME = re.compile(r"\b[a-z_]{5,}\b")
NOUNS = (
    "order", "user", "token", "page", "cart", "file", "event", "price", "queue", "label", "line",
    "record", "path", "reply", "stock", "note", "group", "branch", "patch", "score",
)  # fmt: skip


class Tiny(Scripted):
    """A tiny model's stand-in: review plans for it what the embedded one is asked."""

    binds_schema = True


class Nowhere:
    """No files but the diff."""

    base = head = ""
    complete = False

    def read(self, side: Side, path: str) -> bytes | None:
        return None

    def search(self, word: str) -> Iterator[Hit]:
        return iter(())

    def close(self) -> None: ...


def embedded(settings: Settings) -> LocalModel:
    """The model that a fresh installation has."""
    model = resolve("", settings)
    assert isinstance(model, LocalModel) and model.embedded
    return model


def plain(text: str, most: int) -> Request:
    """A question, answered greedily."""
    return Request((Message.of("user", text),), Options(0.0, most))


def story(number: int, most: int) -> Request:
    """A question with a long answer."""
    one, other = _pick(number, 2)
    return plain(f"Tell me a long story about a {one} and a {other} who wrote a program.", most)


def numbers(count: int, number: int) -> list[int]:
    """Tokens without a meaning, others in every round."""
    dice = random.Random(number)
    return [dice.randrange(100, 40_000) for _ in range(count)]


def long_prompt(number: int, backend: Backend, tokens: int) -> Request:
    """A prompt of about so many tokens that begins anew in every round; one token of answer."""
    text = _words(number, tokens)
    while (size := backend.count(text)) > tokens:
        text = text[: len(text) * tokens // size]
    return plain(text, 1)


def manual(number: int, tokens: int, question: str = "What does it say?") -> Request:
    """A question about a text of about so many tokens."""
    text = _words(number, tokens)[: tokens * 3]
    system = Message.of("system", f"Manual {number}.\n{text}")
    return Request((system, Message.of("user", question)), Options(0.0, 8))


def questions(number: int) -> list[Request]:
    """Sixteen questions after 512 tokens that they share; each has 96 tokens for an answer."""
    prose = _prose()
    start = prose.index(" ", random.Random(number).randrange(len(prose) // 2))
    notes = f"You are a helpful assistant. Notes, number {number}:{prose[start : start + 1_900]}"
    system = Message.of("system", notes)
    # Nothing shorter keeps the embedded model talking: what it has to say of words is long.
    text = "Write an essay of ten paragraphs about the history of the word {}."
    asked = [Message.of("user", text.format(one)) for one in NOUNS[:16]]
    return [Request((system, one), Options(0.0, 96)) for one in asked]


def chunks(number: int) -> list[Request]:
    """What a review asks about sixteen files, each about 300 tokens of change."""
    return [_review(f"src/{one}_{number}.py", number * 16 + index)
            for index, one in enumerate(NOUNS[:16])]  # fmt: skip


def three_findings() -> Request:
    """What a review asks about a file, and three findings for an answer."""
    request = _review("src/cart.py", 4_711)
    schema: Any = request.options.schema
    schema["properties"]["findings"] |= {"minItems": 3, "maxItems": 3}
    return replace(request, options=replace(request.options, max_tokens=1_024))


def refactor(number: int) -> Request:
    """A module of devchat's, 100 lines of it, to be written again with a name changed.

    It was done once before in this conversation: only then does the embedded model know how.
    """
    modules = [path.read_text().splitlines() for path in sorted(SOURCE.rglob("*.py"))]
    modules = [lines[:100] for lines in modules if 105 <= len(lines) <= 160]
    code = "\n".join(modules[number * 7 % len(modules)])
    names = [one for one in NAME.findall(code) if not keyword.iskeyword(one)]
    often = max(sorted(set(names)), key=names.count)
    asked = Message.of("user", f"Rename `{often}` to `amount`:\n{_block(code)}")
    done = Message.of("assistant", _block(re.sub(rf"\b{often}\b", "amount", code)))
    return Request((asked, done, asked), Options(0.0, 1_600))


def as_chat(request: Request) -> dict[str, Any]:
    """The same for `Llama.create_chat_completion`."""
    options = request.options
    asked: dict[str, Any] = {
        "messages": [{"role": one.role, "content": one.text} for one in request.messages],
        "temperature": 0.0,
        "max_tokens": options.max_tokens,
    }
    if options.schema is not None:
        asked["response_format"] = {"type": "json_object", "schema": dict(options.schema)}
    return asked


def _review(path: str, seed: int) -> Request:
    body = "".join(f"+{line}\n" for line in _code(seed, 24))
    text = f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,24 @@\n{body}"
    names = ("review", "review-verify", "review-summary")
    prompts = Prompts(*(load_prompt(name, [shipped_folder()]) for name in names))
    wishes = Wishes(model_findings=True, temperature=0.0)
    reviewers = Reviewers((), Tiny([], manner=Manner(tier="tiny")), prompts)
    (request,) = plan(parse(text), Nowhere(), reviewers, Policy(), wishes).requests
    return request


def _block(code: str) -> str:
    return f"```python\n{code}\n```"


def _code(seed: float, lines: int) -> list[str]:
    dice = random.Random(seed)
    code: list[str] = []
    while len(code) < lines:
        one, other = _pick(dice.random(), 2)
        code += [
            f"def {one}_{other}_{dice.randrange(100)}({one}s, total={dice.randrange(9)}):",
            f"    for {one} in {one}s:",
            f"        total += {one}.{other} * {dice.randrange(2, 50)}",
            f"    return total / len({one}s)",
            "",
        ]
    return code[:lines]


def _prose() -> str:
    return " ".join((DOCS.parent / "ARCHITECTURE.md").read_text().split())


def _words(number: int, count: int) -> str:
    dice = random.Random(number)
    return " ".join([f"Part {number}:", *dice.choices(WORDS, k=count)])


def _pick(seed: float, count: int) -> Sequence[str]:
    return random.Random(seed).sample(NOUNS, count)
