"""Answers are told again only to the very same requests, and figures are counted as they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devchat.backends.scripted import Answer, Scripted
from devchat.errors import AnswerError, BackendError
from devchat.types import Completion, Message, Options, Request
from tests.evaluation.__main__ import main
from tests.evaluation.cases import read_cases
from tests.evaluation.contestants import Contestant, fixed
from tests.evaluation.running import run
from tests.evaluation.scoring import COLUMNS, rows
from tests.evaluation.telling import (
    Record,
    Teller,
    key_of,
    read_record,
    voice_of,
    write_record,
)

CASES = {one.name: one for one in read_cases()}
ASKED = Request((Message.of("user", "why?"),))


def recorded_of(*answers: str | Answer) -> Record:
    """Record what a scripted model answers to a question, and to it in other words."""
    model = Scripted(answers)
    record = Record(voice_of(model), "a test")
    list(Teller(record, model).complete_many([ASKED]))
    return record


def test_what_was_recorded_is_told_again(tmp_path: Path) -> None:
    write_record(tmp_path / "record.json", recorded_of("because"))
    teller = Teller(read_record(tmp_path / "record.json"))
    ((index, result),) = teller.complete_many([ASKED])
    assert isinstance(result, Completion)
    assert (index, result.text, result.usage.prompt_tokens) == (0, "because", 1)
    assert [told.text for told in teller.answers.values()] == ["because"]
    *_, last = teller.stream(ASKED)
    assert last == result
    assert teller.missing == 0


def test_an_answer_that_is_none_is_told_again() -> None:
    error = AnswerError("it is no JSON", "")
    teller = Teller(recorded_of(Answer(error=error)))
    with pytest.raises(AnswerError, match="it is no JSON"):
        list(teller.stream(ASKED))


def test_an_answer_that_is_none_is_asked_for_again_and_then_known() -> None:
    model = Scripted([Answer(error=AnswerError("it is no JSON", "")), "because"])
    record = Record(voice_of(model), "a test")
    teller = Teller(record, model)
    results = [result for _ in range(3) for _, result in teller.complete_many([ASKED])]
    assert [isinstance(one, AnswerError) for one in results] == [True, False, False]
    assert len(model.requests) == 2
    assert [told.text for told in record.answers.values()] == ["because"]


def test_a_failure_of_the_service_is_not_recorded() -> None:
    assert recorded_of(Answer(error=BackendError("out of reach", ""))).answers == {}


@pytest.mark.parametrize(
    "other",
    [
        Request((Message.of("user", "why not?"),)),
        Request((Message.of("system", "why?"),)),
        Request(ASKED.messages, Options(temperature=0.5)),
        Request(ASKED.messages, Options(schema={"type": "object"})),
    ],
)
def test_another_request_is_not_recorded(other: Request) -> None:
    assert key_of("scripted", other) != key_of("scripted", ASKED)
    teller = Teller(recorded_of("because"))
    results = dict(teller.complete_many([other, ASKED]))
    assert isinstance(results[0], BackendError)
    assert isinstance(results[1], Completion)
    assert teller.missing == 1


def test_a_row_without_answers_says_so() -> None:
    record = recorded_of("because")
    (row,) = rows(run([Contestant("m", 1, record=record)], [CASES["python-off-by-one"]]))
    assert row.cells()[:3] == ["m", "1", "not recorded"]
    assert len(row.cells()) == len(COLUMNS)


def cells(name: str, *findings: dict[str, object]) -> dict[str, str]:
    """Return the row of a model that answers one case with some findings."""
    model = Scripted([json.dumps({"summary": "", "findings": findings})])
    who = Contestant("m", 0, record=Record(voice_of(model), ""), backend=model)
    (row,) = rows(run([who], [CASES[name]]))
    return dict(zip(COLUMNS, row.cells(), strict=True))


def finding(**changes: object) -> dict[str, object]:
    """A finding that hits `python-off-by-one`."""
    return {
        "path": "mail/batches.py",
        "quote": "    for start in range(0, len(addresses) - size, size):",
        "last_quote": None,
        "line": None,
        "title": "The last addresses get no mail",
        "body": "With 120 addresses.",
        "severity": "error",
        "category": "bug",
        "rule": None,
        "suggestion": None,
    } | changes


def test_figures_are_counted_as_they_say() -> None:
    good = finding(suggestion="    for start in range(0, len(addresses), size):")
    other = finding(quote="        yield addresses[start : start + size]", title="It is slow")
    loose = finding(quote="nothing like it", title="Something else entirely")
    said = cells("python-off-by-one", good, other | {"suggestion": "        yield ("}, loose)
    assert said["recall"] == "1 of 1 (100%)"
    assert said["precision"] == "1 of 3 (33%)"
    assert said["proven"] == "1 of 2 (50%)"
    assert (said["unanchored"], said["failed"], said["noise"]) == ("1", "0", "0.00")


def test_noise_is_what_is_said_of_clean_changes() -> None:
    quote = '    marks = ", ".join("?" * len(numbers))'
    said = cells("clean-sql-placeholders", finding(path="app/orders.py", quote=quote))
    assert (said["noise"], said["recall"], said["precision"]) == ("1.00", "none", "0 of 1 (0%)")


def test_the_command_records_a_model_and_prints_its_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, record = tmp_path / "script.json", tmp_path / "record.json"
    answer = json.dumps({"summary": "", "findings": [finding()]})
    script.write_text(json.dumps({"answers": [answer]}))
    arguments = [
        "-m",
        f"scripted:{script}",
        "--shots",
        "1",
        "--only",
        "python-off-by-one",
        "--show",
    ]
    for _ in range(2):  # The second time all is recorded, and the script need not answer again.
        assert main([*arguments, "--record", str(record)]) == 0
        shown = capsys.readouterr().out
        assert "analyzers only: python-off-by-one: missed mail/batches.py:18" in shown
        assert f"| scripted:{script} | 1 | 1 of 1 | 1 of 1 (100%) | 1 of 1 (100%) |" in shown
        assert len(read_record(record).answers) == 1


def test_the_ideal_reviewer_is_no_model() -> None:
    assert [one.record for one in fixed()] == [None, None]
