"""Answers for programs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.render.jsontext import in_encoding, to_json
from devchat.render.reply import first_code_block, reply
from devchat.sanitize import visible
from devchat.types import Completion, Usage


def _completion(text: str) -> Completion:
    return Completion(text, "because", Usage(3, 2, 1, exact=False), "length", "m", 0.25)


@given(st.text(st.characters(exclude_categories=())))
def test_any_answer_survives_json_visibly(text: str) -> None:
    written = to_json(reply(_completion(text), "this machine", first_token=None, end=1.0))
    assert written == visible(written)
    assert "\n" not in written
    # A pair of lone surrogates is one character to JSON.
    assert json.loads(written)["answer"] == text.encode("utf-16", "surrogatepass").decode(
        "utf-16", "surrogatepass"
    )


@given(st.text(), st.sampled_from(["ascii", "latin-1", "gb2312", "utf-8"]))
def test_json_fits_every_encoding(text: str, encoding: str) -> None:
    written = to_json({"answer": text})
    fitting = in_encoding(written, encoding)
    assert json.loads(fitting.encode(encoding).decode(encoding)) == json.loads(written)


def test_the_object_is_whole() -> None:
    answer = _completion("好\x9b\U000e0041")
    written = to_json(reply(answer, "this machine", first_token=0.5, end=2))
    assert "好\\u009b\\udb40\\udc41" in written
    assert json.loads(written) == {
        "version": 1,
        "answer": "好\x9b\U000e0041",
        "reasoning": "because",
        "model": "m",
        "location": "this machine",
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "cached_tokens": 1,
            "exact": False,
        },
        "seconds": {"load": 0.25, "first_token": 0.5, "end": 2},
        "finish_reason": "length",
    }


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("no code, only `inline`", None),
        ("    indented, not fenced", None),
        ("Here:\n\n```python\nx = 1\n```\n\n```\nsecond\n```", "x = 1\n"),
        ("~~~~\n```\nnested\n```\n~~~~", "```\nnested\n```\n"),
        ("`````md\n```\na\n```\n`````", "```\na\n```\n"),
        ("1. first\n\n   ```sh\n   ls\n     -l\n   ```\n", "ls\n  -l\n"),
        ("> ```\n> quoted\n> ```", "quoted\n"),
        ("```js\nnever closed\n", "never closed\n"),
        ("```\r\ndos\r\n```\r\n", "dos\n"),
        ("```\n```", ""),
    ],
)
def test_the_first_code_block_is_found(answer: str, code: str | None) -> None:
    assert first_code_block(answer) == code
