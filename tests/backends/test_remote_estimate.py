"""Counting without the tokenizer: never too few for what people send, and corrected by reports."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.backends.remote.estimate import Estimate
from devchat.settings import Settings
from devchat.types import Message, Request
from tests.fakes.service import Service, open_at, said

RANDOM = random.Random(4711)
SOURCES = Path(__file__).parents[2]
TEXTS = {
    "english": "The reviewer has no tools, no shell, no secrets; it can only quote a line. " * 20,
    "code": (SOURCES / "devchat/backends/remote/backend.py").read_text(),
    "toml": (SOURCES / "pyproject.toml").read_text(),
    "make": (SOURCES / "Makefile").read_text(),
    "json": "\n".join(
        f'  {{"id": {n}, "price": {n * 1.37:.2f}, "tags": ["a"]}},' for n in range(99)
    ),
    "log": "\n".join(
        f"2026-11-21T08:{n:02}:03Z INFO req={n:032x} took={n / 7:.3f}ms" for n in range(60)
    ),
    "hex": RANDOM.randbytes(2000).hex(),
    "base64": b64encode(RANDOM.randbytes(2000)).decode(),
    "table": "| a | b |\n|---|---|\n" + "| 1 | **yes** |\n" * 60,
    "chinese": "请解释这段代码为什么会导致内存泄漏，以及应该怎样修复。龘靐齉爨饕餮。" * 9,
    "japanese": "例外が発生した場合は、エラーメッセージを記録してから処理を続行します。" * 9,
    "korean": "예외가 발생하면 오류 메시지를 로그에 기록한 다음 처리를 계속합니다." * 9,
    "russian": "Эта функция читает файл построчно и возвращает только нужные строки. " * 9,
    "emoji": "🚀🔥✅❌🧪📦🐛💥👩‍💻🇨🇳⚠️🎉" * 9,
}


@pytest.fixture(scope="module")
def vocabulary(embedded_path: Path) -> Iterator[Any]:
    """The embedded model's tokenizer: 49,152 tokens, made for English."""
    from llama_cpp import Llama

    model = Llama(str(embedded_path), vocab_only=True, verbose=False)
    yield model
    model.close()


@pytest.mark.parametrize("name", TEXTS)
def test_never_too_few_for_a_small_vocabulary(name: str, vocabulary: Any) -> None:
    counted = len(vocabulary.tokenize(TEXTS[name].encode(), add_bos=False))
    assert counted <= Estimate().count(TEXTS[name]) <= 2 * counted


@given(st.text(), st.text())
def test_counts_grow_with_the_text(one: str, two: str) -> None:
    count = Estimate().count
    assert 0 <= count(one) <= 2.2 * len(one.encode("utf-8", "surrogatepass")) + 1
    assert count(one + "\n" + two) >= max(count(one), count(two))


@pytest.mark.no_cover
@given(st.lists(st.tuples(st.sampled_from(sorted(TEXTS)), st.integers(0, 10**6))))
def test_reports_move_it_only_within_bounds(reports: list[tuple[str, int]]) -> None:
    estimate = Estimate()
    for name, reported in reports:
        estimate.learn(TEXTS[name], reported)
    ratio = estimate.count(TEXTS["code"]) / Estimate().count(TEXTS["code"])
    assert 0.6 / 1.1 - 0.01 <= ratio <= 2.5 / 1.1 + 0.01


def test_the_dearest_report_counts_and_short_ones_do_not() -> None:
    estimate, code = Estimate(), TEXTS["code"]
    before = estimate.count(code)
    estimate.learn("short", 500)
    assert estimate.count(code) == before
    estimate.learn(code, int(before * 0.8))
    cheaper = estimate.count(code)
    assert int(before * 0.8) < cheaper < before
    estimate.learn(code, before // 3)
    assert estimate.count(code) == cheaper
    estimate.learn(code, before * 2)
    assert estimate.count(code) > before * 2


def test_a_report_corrects_the_backend(settings: Settings) -> None:
    code = TEXTS["code"]
    usage = {"prompt_tokens": 10**6, "completion_tokens": 1}
    with Service([said("ok", usage=usage)]) as service:
        backend = open_at(service.url, settings)
        before = backend.count(code)
        assert list(backend.stream(Request((Message.of("user", code),))))
        assert before * 2 < backend.count(code) < before * 2.5
        backend.close()
