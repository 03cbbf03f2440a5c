"""A question and its files become a request that fits, or an error with the numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.scripted import Manner, Scripted
from devchat.chat import IMAGE_TOKENS, Prepared, count_messages, prepare
from devchat.context import Attached, Attachment
from devchat.errors import ContextError, InputError, UsageError
from devchat.prompts import parse
from devchat.types import Image, Options, Tier

PROMPT = parse(
    """+++
inputs = ["question", "files"]
+++
# System
Be brief.
# System (tiny)
Brief.
# User
$files

$question
# Example
## User
one
## Assistant
1
# Example
## User
two two two two two two two two two two two two two two two two two two two two two two two two
## Assistant
2
""",
    "test",
)
QUESTION_ONLY = parse('+++\ninputs = ["question"]\n+++\n# User\n$question\n', "plain")
PICTURE = Image("shot.png", "image/png", b"\x89PNG")


def backend(window: int = 8192, *, images: bool = False) -> Scripted:
    return Scripted([], manner=Manner(context_tokens=window, images=images))


def texts(*contents: str) -> Attached:
    return Attached(tuple(Attachment(f"file{i}.txt", text) for i, text in enumerate(contents)))


def test_a_question_alone() -> None:
    prepared = prepare(PROMPT, "why?", Attached(), backend(), Options())
    assert [(m.role, m.text.strip()) for m in prepared.request.messages] == [
        ("system", "Be brief."),
        ("user", "why?"),
    ]
    assert prepared.request.options.max_tokens == prepared.answer_tokens == 2048


@pytest.mark.parametrize(
    ("tier", "window", "tokens"), [("tiny", 8192, 256), ("small", 8192, 1024), ("large", 400, 100)]
)
def test_room_for_the_answer(tier: Tier, window: int, tokens: int) -> None:
    model = Scripted([], manner=Manner(context_tokens=window, tier=tier))
    assert prepare(PROMPT, "why?", Attached(), model, Options()).answer_tokens == tokens


def test_files_come_with_their_names_before_the_question() -> None:
    prepared = prepare(PROMPT, "why?", texts("alpha\n", "beta\n"), backend(), Options())
    user = prepared.request.messages[-1].text
    places = [user.index(word) for word in ("file0.txt", "alpha", "file1.txt", "beta", "why?")]
    assert places == sorted(places)
    assert [entry.state for entry in prepared.ledger.entries] == ["whole", "whole"]


@pytest.mark.parametrize(("asked", "shown"), [(0, 0), (1, 1), (2, 2), (9, 2)])
def test_shots(asked: int, shown: int) -> None:
    prepared = prepare(PROMPT, "why?", Attached(), backend(), Options(), shots=asked)
    roles = [message.role for message in prepared.request.messages]
    assert roles == ["system", *["user", "assistant"] * shown, "user"]


def test_the_last_example_is_given_up_first() -> None:
    prepared = prepare(PROMPT, "why?", Attached(), backend(100), Options(max_tokens=30), shots=2)
    assert prepared.shots == 1
    assert [message.text.strip() for message in prepared.request.messages][1:3] == ["one", "1"]


def test_a_system_text_replaces_the_prompts_own() -> None:
    prepared = prepare(PROMPT, "why?", Attached(), backend(), Options(), system="Be a pirate.")
    assert prepared.request.messages[0].text == "Be a pirate."


def test_a_question_too_large_is_refused_with_the_numbers() -> None:
    with pytest.raises(ContextError) as caught:
        prepare(PROMPT, "why " * 500, Attached(), backend(300), Options(max_tokens=100))
    assert "300" in caught.value.message and "200" in caught.value.message
    assert "--max-tokens" in caught.value.hint


def test_pictures_go_with_the_question() -> None:
    attached = Attached(images=(PICTURE,))
    prepared = prepare(PROMPT, "what?", attached, backend(images=True), Options())
    assert prepared.request.messages[-1].images == (PICTURE,)
    assert prepared.prompt_tokens > IMAGE_TOKENS


def test_pictures_are_refused_for_a_model_that_reads_text() -> None:
    with pytest.raises(InputError, match=r"shot\.png.*only text"):
        prepare(PROMPT, "what?", Attached(images=(PICTURE,)), backend(), Options())


def test_a_prompt_without_files_refuses_them() -> None:
    with pytest.raises(UsageError, match="`plain` takes no files"):
        prepare(QUESTION_ONLY, "why?", texts("a"), backend(), Options())


@given(
    contents=st.lists(st.text("ab \n", min_size=1, max_size=600), min_size=2, max_size=5),
    window=st.integers(250, 900),
    shots=st.integers(0, 2),
)
def test_what_is_prepared_always_fits(contents: list[str], window: int, shots: int) -> None:
    model = backend(window)
    prepared: Prepared = prepare(
        PROMPT, "why?", texts(*contents), model, Options(max_tokens=60), shots=shots
    )
    assert count_messages(prepared.request.messages, model) + 60 <= window
    assert [entry.name for entry in prepared.ledger.entries] == [
        f"file{i}.txt" for i in range(len(contents))
    ]
