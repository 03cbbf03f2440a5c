"""An answer is bound to a schema on every kind of service, with one repair."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from devchat.backends.remote.ladder import find_json
from devchat.errors import AnswerError, BackendError, ContextError, UsageError
from devchat.settings import Remote, Settings
from devchat.types import Chunk, Completion, Message, Options, Request, Usage
from tests.fakes.service import Reply, Seen, Service, delta, open_at, refused, said, streamed

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
ASKED = Request(
    (Message.of("system", "Be brief"), Message.of("user", "How many?")), Options(schema=SCHEMA)
)
GOOD = '{"n": 1}'


def rung(seen: Seen) -> str:
    """Tell on which rung a request stands."""
    return str(seen.body.get("response_format", {}).get("type", "prompt"))


def takes(*rungs: str, status: int = 400, why: str = "no such format") -> Any:
    """Script a service that takes only some rungs."""
    return lambda seen: said(GOOD) if rung(seen) in rungs else refused(status, why)


def ask(service: Service, settings: Settings, request: Request = ASKED, times: int = 1) -> Any:
    backend = open_at(service.url, settings)
    try:
        for _ in range(times):
            items = list(backend.stream(request))
    finally:
        backend.close()
    return items


@pytest.mark.parametrize(
    ("script", "first", "then"),
    [
        (takes("json_schema"), ["json_schema"], ["json_schema"]),
        (takes("json_object", status=500), ["json_schema", "json_object"], ["json_object"]),
        (
            takes("json_object", status=404, why="No endpoints found that take the parameters"),
            ["json_schema", "json_object"],
            ["json_object"],
        ),
        (takes("prompt", status=422), ["json_schema", "json_object", "prompt"], ["prompt"]),
    ],
)
def test_the_best_rung_is_found_and_remembered(
    settings: Settings, script: Any, first: list[str], then: list[str]
) -> None:
    with Service(script) as service:
        items = ask(service, settings, times=2)
    assert [rung(seen) for seen in service.requests] == first + then
    assert items == [
        Chunk("text", GOOD),
        Completion(GOOD, "", Usage(7, 3), "stop", "fake:bright-1"),
    ]


def test_each_rung_says_the_schema_in_its_way(settings: Settings) -> None:
    with Service(takes("prompt")) as service:
        ask(service, settings)
    strict, loose, prompt = service.bodies
    assert strict["response_format"]["json_schema"] == {
        "name": "answer",
        "strict": True,
        "schema": SCHEMA,
    }
    assert strict["messages"][0]["content"] == "Be brief"
    assert loose["response_format"] == {"type": "json_object", "schema": SCHEMA}
    for body in (loose, prompt):
        assert len(body["messages"]) == 2
        assert body["messages"][0]["content"].startswith("Be brief\n")
        assert json.dumps(SCHEMA) in body["messages"][0]["content"]


def test_without_a_system_message_one_is_made(settings: Settings) -> None:
    with Service(takes("prompt")) as service:
        ask(service, settings, Request(ASKED.messages[1:], ASKED.options))
    assert [message["role"] for message in service.bodies[-1]["messages"]] == ["system", "user"]


def test_a_wrong_answer_is_sent_back_once_with_the_reason(settings: Settings) -> None:
    wrong = streamed(delta(reasoning="hm "), delta(content='{"n": "1"}'), delta("stop"))
    right = streamed(delta(reasoning="so"), delta(content=GOOD), delta("stop"))
    with Service([wrong, right]) as service:
        *chunks, completion = ask(service, settings)
    assert chunks == [Chunk("reasoning", "hm "), Chunk("reasoning", "so"), Chunk("text", GOOD)]
    assert isinstance(completion, Completion)
    assert (completion.text, completion.reasoning) == (GOOD, "hm so")
    answer, wish = service.bodies[1]["messages"][-2:]
    assert answer == {"role": "assistant", "content": '{"n": "1"}'}
    assert "`$.n`: '1' is not of type 'integer'" in wish["content"]
    assert json.dumps(SCHEMA) in wish["content"]


def test_usage_adds_up_over_a_repair(settings: Settings) -> None:
    with Service([said("one"), said(GOOD)]) as service:
        assert ask(service, settings)[-1].usage == Usage(14, 6)


def test_twice_wrong_is_an_error(settings: Settings) -> None:
    with Service([said("One, I think.")]) as service:
        with pytest.raises(AnswerError, match="not JSON"):
            ask(service, settings)
        assert len(service.requests) == 2


@pytest.mark.parametrize(
    ("reason", "message", "hint"),
    [("length", "cut after 3 tokens", "--max-tokens"), ("content_filter", "filter", "differently")],
)
def test_a_cut_answer_is_not_repaired(
    settings: Settings, reason: str, message: str, hint: str
) -> None:
    with Service([said('{"n":', reason=reason)]) as service:
        with pytest.raises(AnswerError, match=message) as caught:
            ask(service, settings)
        assert hint in caught.value.hint
        assert len(service.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "asked"),
    [
        (refused(400, "maximum context length is 10 tokens, you sent 20"), ContextError, 1),
        (refused(500, "oops"), BackendError, 3),
        (refused(401, "no"), BackendError, 1),
        (streamed(delta(content='{"n"'), cut=True), BackendError, 1),
    ],
)
def test_what_is_not_about_the_schema_is_not_laddered(
    settings: Settings, reply: Reply, kind: type[Exception], asked: int
) -> None:
    with Service([reply]) as service:
        with pytest.raises(kind):
            ask(service, replace(settings, remote=Remote(20, 0)))
        assert len(service.requests) == asked


def test_a_bad_schema_costs_no_request(settings: Settings) -> None:
    with Service([said(GOOD)]) as service:
        with pytest.raises(UsageError, match=r"wrong at `\$.type`"):
            ask(service, settings, Request(ASKED.messages, Options(schema={"type": "x"})))
        assert service.requests == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (' {"a": 1}\n', '{"a": 1}'),
        ('```json\n{"a": 1}\n```', '{"a": 1}'),
        ("Sure:\n```\n[1]\n```\nand\n```\n[2]\n```", "[1]"),
        ('Here you are: {"a": {"b": 1}}. Enjoy!', '{"a": {"b": 1}}'),
        ("3", "3"),
        (" none ", "none"),
        ("{ no } {", "{ no } {"),
        ("[" * 50_000 + "]" * 50_000, "[" * 50_000 + "]" * 50_000),
    ],
)
def test_json_is_found_in_its_wrapping(text: str, found: str) -> None:
    assert find_json(text) == found
