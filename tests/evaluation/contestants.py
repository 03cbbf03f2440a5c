"""Who reviews the cases: analyzers alone, an ideal reviewer, and models live or recorded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devchat.backends import Backend
from devchat.backends.scripted import Manner, Scripted
from devchat.types import Request
from tests.evaluation.cases import Case, Golden
from tests.evaluation.telling import Record, Teller, read_record, voice_of

RECORDED = Path(__file__).parent / "recorded"
SHOTS = (0, 1, 3)
"""Numbers of the prompt's examples that models are given."""
ORACLE = "an ideal reviewer"
_ROOM = Manner(context_tokens=100_000)


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who reviews: with `shots` examples, and with the answers of a model."""

    name: str
    shots: int | None = None
    oracle: bool = False
    record: Record | None = None
    backend: Backend | None = field(default=None, repr=False)

    def sit_down(self, case: Case) -> Teller | None:
        """Return what answers for a case; None where only analyzers look."""
        if self.oracle:
            scripted = Scripted(lambda request: ideal(case, request), "oracle", _ROOM)
            return Teller(Record(voice_of(scripted), ""), scripted)
        return None if self.record is None else Teller(self.record, self.backend)


def ideal(case: Case, request: Request) -> str:
    """Answer a request with what a case's golden findings say of the files in it."""
    asked = request.messages[-1].text
    findings = [_said(one) for one in case.golden if f"=== {one.path} (" in asked]
    return json.dumps({"summary": "It changes what it says.", "findings": findings})


def _said(golden: Golden) -> dict[str, Any]:
    first, *rest = golden.quote.split("\n")
    return {
        "path": golden.path,
        "quote": first,
        "last_quote": rest[-1] if rest else None,
        "line": golden.start_line,
        "title": golden.title,
        "body": golden.body,
        "severity": golden.severity,
        "category": golden.category,
        "rule": None,
        "suggestion": golden.suggestion,
    }


def fixed() -> tuple[Contestant, ...]:
    """Return those who need no model."""
    return Contestant("analyzers only"), Contestant(ORACLE, oracle=True)


def recorded(shots: Sequence[int] = SHOTS) -> tuple[Contestant, ...]:
    """Return the models whose answers were written down."""
    records = [read_record(path) for path in sorted(RECORDED.glob("*.json"))]
    return tuple(
        Contestant(record.voice.name, some, record=record) for record in records for some in shots
    )
