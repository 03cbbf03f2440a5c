"""`make eval`: measure, print, and write the tables into docs/evaluation.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

from devchat.backends import Backend, open_backend
from devchat.models.resolve import resolve
from devchat.settings.load import load
from tests.evaluation.cases import read_cases
from tests.evaluation.contestants import SHOTS, Contestant, fixed, recorded
from tests.evaluation.page import PAGE, details, page, table
from tests.evaluation.running import run
from tests.evaluation.scoring import Outcome, rows
from tests.evaluation.telling import Record, read_record, voice_of, write_record


def main(arguments: Sequence[str]) -> int:
    """Evaluate a model, or without one what is recorded; only the latter rewrites the page."""
    wanted = _parser().parse_args(arguments)
    cases = [one for one in read_cases() if fnmatch(one.name, wanted.only)]
    with ExitStack() as stack:
        live: tuple[Contestant, ...] = ()
        if wanted.model is not None:
            backend = stack.enter_context(closing(_open(wanted.model)))
            live = _live(backend, wanted.record, wanted.shots)
        contestants = (*fixed(), *(live or recorded(wanted.shots)))
        outcomes = run(contestants, cases, lambda outcome: _after(outcome, wanted.record))
    if live and wanted.record is not None:
        _keep(outcomes, wanted.record)
    found = rows(outcomes)
    if wanted.show:
        print("\n".join(details(outcomes)))
    print(table(found), end="")
    if wanted.model is None and (tuple(wanted.shots), wanted.only) == (SHOTS, "*"):
        PAGE.write_text(page(found, cases), "utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.evaluation", description=__doc__)
    text = "ask this model (without MODEL: the configured one) instead of recorded answers"
    parser.add_argument("-m", "--model", nargs="?", const="", metavar="MODEL", help=text)
    parser.add_argument("--shots", type=_numbers, default=SHOTS, help="numbers of examples: 0,1,3")
    text = "write the model's answers down; those that FILE has already are not asked for again"
    parser.add_argument("--record", type=Path, metavar="FILE", help=text)
    parser.add_argument("--only", default="*", metavar="GLOB", help="only the cases named so")
    parser.add_argument("--show", action="store_true", help="list what was missed and wrong")
    return parser


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in text.split(","))


def _open(spec: str) -> Backend:
    settings = load(os.environ).settings
    return open_backend(resolve(spec, settings), settings, os.environ)


def _live(backend: Backend, path: Path | None, shots: Sequence[int]) -> tuple[Contestant, ...]:
    voice = voice_of(backend)
    told = f"`make eval MODEL={voice.name} RECORD={path.name if path else '...'}`, {date.today()}"
    record = Record(voice, told)
    if path is not None and path.exists():
        record.answers.update(read_record(path).answers)
    return tuple(Contestant(voice.name, one, record=record, backend=backend) for one in shots)


def _after(outcome: Outcome, path: Path | None) -> None:
    """Say how far a model is, and save what it said."""
    contestant = outcome.contestant
    if contestant.backend is None or contestant.record is None:
        return
    print(f"{contestant.shots} shots: {outcome.case.name}", file=sys.stderr)
    if path is not None:
        write_record(path, contestant.record)


def _keep(outcomes: Sequence[Outcome], path: Path) -> None:
    """Leave in a record only what was asked for in this run."""
    record = read_record(path)
    heard = [one.said for one in outcomes if one.contestant.record is not None]
    record.answers = {key: told for said in heard for key, told in said.items()}
    write_record(path, record)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
