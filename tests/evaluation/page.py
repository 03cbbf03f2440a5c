"""The table of an evaluation, and the page that holds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.docs import DOCS, END
from tests.evaluation.cases import Case
from tests.evaluation.scoring import COLUMNS, Outcome, Row

PAGE = DOCS / "evaluation.md"
START = "<!-- made by `make eval` -->\n"


def table(rows: Sequence[Row]) -> str:
    """Write a row for each contestant."""
    return _table(COLUMNS, [row.cells() for row in rows])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def page(rows: Sequence[Row], cases: Sequence[Case], path: Path = PAGE) -> str:
    """Return docs/evaluation.md as it should be: its own text, with the tables made anew."""
    before, _, rest = path.read_text("utf-8").partition(START)
    _, _, after = rest.partition(END)
    made = "\n".join((_sizes(cases) + "\n", table(rows), _commands(rows) + _list(cases)))
    return f"{before}{START}\n{made}\n{END}{after}"


def _sizes(cases: Sequence[Case]) -> str:
    clean = sum(one.clean for one in cases)
    languages = {one.language for one in cases if not one.clean}
    by_analyzers = sum(bool(fault.analyzer) for one in cases for fault in one.golden)
    faults = sum(len(one.golden) for one in cases)
    return (
        f"{len(cases) - clean} changes with {faults} bugs in {len(languages)} languages,"
        f" {by_analyzers} of which analyzers must find; {clean} changes without any."
    )


def _commands(rows: Sequence[Row]) -> str:
    records = {id(row.contestant.record): row.contestant.record for row in rows}
    lines = [f"- `{one.voice.name}`: {one.command}\n" for one in records.values() if one]
    return f"Answers were recorded by:\n\n{''.join(lines)}\n" if lines else ""


def _list(cases: Sequence[Case]) -> str:
    bugs = _table(
        ("bug", "language", "what is wrong", "analyzer"),
        [(one.name, one.language, one.what, ", ".join(_by(one))) for one in cases if not one.clean],
    )
    unproven = [f"`{c.name}` ({g.unproven})" for c in cases for g in c.golden if g.unproven]
    clean = _table(
        ("clean change", "language", "why it looks as if"),
        [(one.name, one.language, one.what) for one in cases if one.clean],
    )
    said = f"An ideal reviewer's suggestion can't be proven for {', '.join(unproven)}."
    return f"## The cases\n\n{bugs}\n{said}\n\n{clean}"


def _by(case: Case) -> Iterator[str]:
    yield from (f"`{one.analyzer}` {one.rule}" for one in case.golden if one.analyzer)


def details(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """Yield a line for what was missed, and for what was found where nothing is."""
    for one in outcomes:
        who = one.contestant.name
        shots = "" if one.contestant.shots is None else f", {one.contestant.shots} shots"
        head = f"{who}{shots}: {one.case.name}:"
        yield from (f"{head} missed {fault.path}:{fault.line}" for fault in one.missed)
        yield from (f"{head} wrong {f.path}:{f.line} {f.source}: {f.title}" for f in one.wrong)
