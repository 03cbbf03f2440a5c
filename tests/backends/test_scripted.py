"""A script answers as written, in pieces, and says what is wrong with a bad script."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat import errors
from devchat.backends import Backend, open_backend
from devchat.backends.scripted import Answer, Manner, Scripted
from devchat.errors import (
    AnswerError,
    BackendError,
    ContextError,
    DevchatError,
    ModelError,
    RefusedError,
)
from devchat.models import ScriptedModel
from devchat.settings import Settings
from devchat.types import Chunk, Completion, Message, Options, Request, Usage

HELLO = Request((Message.of("user", "Say hello"),))


def ask(backend: Backend, request: Request = HELLO) -> tuple[list[Chunk], Completion]:
    *chunks, completion = backend.stream(request)
    assert isinstance(completion, Completion)
    return [chunk for chunk in chunks if isinstance(chunk, Chunk)], completion


def opened(folder: Path, script: Any, settings: Settings) -> Backend:
    path = folder / "script.json"
    path.write_text(script if isinstance(script, str) else json.dumps(script))
    return open_backend(ScriptedModel(f"scripted:{path}", path), settings, {})


def test_a_file_answers_in_order_then_runs_out(home: Path, settings: Settings) -> None:
    script = {
        "answers": ["Hello there", {"text": "42", "reasoning": "6 x 7", "finish_reason": "length"}],
        "tokens_per_second": 10_000,
        "context_tokens": 100,
        "tier": "tiny",
        "images": True,
    }
    backend = opened(home, script, settings)
    assert (backend.context_tokens, backend.tier, backend.accepts_images) == (100, "tiny", True)
    assert backend.exact_count and backend.location == "this machine"
    chunks, completion = ask(backend)
    assert chunks == [Chunk("text", "Hello"), Chunk("text", " there")]
    assert completion == Completion("Hello there", "", Usage(2, 2), "stop", backend.name)
    chunks, completion = ask(backend)
    assert [chunk.kind for chunk in chunks] == ["reasoning"] * 3 + ["text"]
    assert (completion.text, completion.reasoning) == ("42", "6 x 7")
    assert completion.finish_reason == "length"
    with pytest.raises(BackendError, match="no answer left"):
        ask(backend)
    backend.close()


def test_an_error_comes_after_its_text(home: Path, settings: Settings) -> None:
    error = {"kind": "RefusedError", "message": "out of credit", "hint": "pay"}
    backend = opened(home, {"answers": [{"text": "It beg", "error": error}]}, settings)
    stream = backend.stream(HELLO)
    assert [next(stream), next(stream)] == [Chunk("text", "It"), Chunk("text", " beg")]
    with pytest.raises(RefusedError, match="out of credit") as caught:
        next(stream)
    assert caught.value.hint == "pay"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("{", "is no script: Expecting"),
        ("[]", "the script is no object"),
        ({"answer": []}, "unknown `answer`"),
        ({"answers": "Hello"}, "`answers` has the wrong type"),
        ({"answers": [1]}, "an answer is no object"),
        ({"answers": [{"txt": ""}]}, "unknown `txt`"),
        (
            {"answers": [{"finish_reason": "done"}]},
            "`finish_reason` is none of stop, length, filter",
        ),
        ({"answers": [{"error": {"kind": "Path"}}]}, "`kind` names no error"),
        ({"answers": [{"error": {"kind": "annotations"}}]}, "`kind` names no error"),
        ({"answers": [], "tier": "huge"}, "`tier` is none of tiny, small, large"),
        ({"answers": [], "tokens_per_second": -1}, "`tokens_per_second` is negative"),
        ("[" * 100_000, "is no script"),
    ],
)
def test_a_bad_file_says_why(home: Path, settings: Settings, script: Any, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        opened(home, script, settings)
    assert said in caught.value.message
    assert "JSON file like" in caught.value.hint


def test_a_missing_file_says_so(home: Path, settings: Settings) -> None:
    with pytest.raises(ModelError, match="No such file"):
        open_backend(ScriptedModel("scripted:x", home / "x"), settings, {})


@pytest.mark.parametrize(
    ("options", "text", "reason"),
    [
        (Options(), "one two\nthree", "stop"),
        (Options(max_tokens=2), "one two", "length"),
        (Options(max_tokens=4), "one two\nthree", "stop"),
        (Options(stop=("\n", "two")), "one ", "stop"),
    ],
)
def test_options_cut_the_answer(options: Options, text: str, reason: str) -> None:
    chunks, completion = ask(Scripted(["one two\nthree"]), Request(HELLO.messages, options))
    assert (completion.text, completion.finish_reason) == (text, reason)
    assert "".join(chunk.text for chunk in chunks) == text


def test_a_schema_binds_before_anything_is_said() -> None:
    backend = Scripted(["prose", '{"a": 1}'])
    request = Request(HELLO.messages, Options(schema={"required": ["a"]}))
    with pytest.raises(AnswerError, match="not JSON"):
        next(backend.stream(request))
    assert ask(backend, request)[1].text == '{"a": 1}'


def test_a_function_sees_the_request_and_many_are_answered_in_order() -> None:
    def answer(request: Request) -> str | Answer:
        text = request.messages[-1].text
        return Answer(error=RefusedError("no")) if text == "b" else text.upper()

    backend = Scripted(answer, manner=Manner(context_tokens=3))
    requests = [Request((Message.of("user", text),)) for text in ("a", "b", "c d e f")]
    results = dict(backend.complete_many(requests))
    assert backend.requests == requests
    assert isinstance(results[0], Completion) and results[0].text == "A"
    assert isinstance(results[1], RefusedError)
    assert isinstance(results[2], ContextError) and "4 tokens" in results[2].message


@given(st.text())
def test_pieces_make_the_whole_and_are_what_is_counted(text: str) -> None:
    backend = Scripted([text])
    chunks, completion = ask(backend)
    assert "".join(chunk.text for chunk in chunks) == text == completion.text
    assert len(chunks) == backend.count(text) == completion.usage.completion_tokens


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("a b", 2), ("你好 world", 3), ("a\n\n b", 4), ("  ", 1), ("é'x", 1)],
)
def test_the_rule_of_counting(text: str, count: int) -> None:
    assert Scripted([]).count(text) == count


def test_every_error_of_the_tree_can_be_scripted(home: Path, settings: Settings) -> None:
    # The bot's own errors join the tree once they are imported; scripts can't name them.
    tree = [one for one in vars(errors).values() if isinstance(one, type)]
    kinds = [one.__name__ for one in tree if issubclass(one, DevchatError)]
    answers = [{"error": {"kind": kind}} for kind in kinds]
    backend = opened(home, {"answers": answers}, settings)
    for kind in kinds:
        with pytest.raises(DevchatError) as caught:
            ask(backend)
        assert type(caught.value).__name__ == kind
