"""From what is wrong at base and head to findings: only what a change brought, where it wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from devchat.analyzers.pairs import Pair, text_lines
from devchat.analyzers.problem import Problem
from devchat.changes import Finding, Line, Side
from devchat.sanitize import single_line

_Key = tuple[str, object]
_SAMPLES = re.compile(
    r"(^|/)(fixtures?|test_?data|samples?|corpus|snapshots?|__snapshots__|invalid|malformed)/"
    r"|(^|/)(tests?|specs?|__tests__)/(.*[/_.-])?(invalid|malformed|broken|bad|syntax_?error)[\d/_.-]",
    re.IGNORECASE,
)


def introduced(
    name: str, pair: Pair, base: Iterable[Problem], head: Iterable[Problem]
) -> Iterator[Finding]:
    """Yield the problems on written lines that base does not have.

    A problem is the same where its rule and its line's words are, so moved code brings none;
    and where a line is reworded, one of the same rule in the lines it replaces stands for it.
    """
    old, new = text_lines(pair.base), text_lines(pair.head)
    known = Counter(_key(old, one) for one in base)
    # Those on lines that the change did not write are of base, and are counted off first.
    ordered = sorted(head, key=lambda one: (bool(_written(pair, one)), one.line, one.rule))
    fresh = [one for one in ordered if not _counted(known, _key(new, one)) and _written(pair, one)]
    hunks = _hunks(pair, "RIGHT")
    replaced = _replaced(pair, known)
    told = set()
    for problem in fresh:
        again = (problem.line, problem.rule, problem.title)
        if again in told:
            continue
        told.add(again)
        if not _counted(replaced, (problem.rule, hunks[_written(pair, problem)[0]])):
            yield from _findings(name, pair, problem, hunks, new)


def broken(
    name: str, pair: Pair, base: Sequence[Problem], head: Sequence[Problem]
) -> Iterator[Finding]:
    """Yield the first place where head can't be parsed, unless base could not either.

    A parser often gives up far from the cause: what is not on a written line is anchored to the
    nearest one. What is added among samples may be broken on purpose.
    """
    if base or not head or (pair.added and _SAMPLES.search(pair.path)):
        return
    first = head[0]
    side, line = _nearest(pair, first.line)
    number = (line.new if side == "RIGHT" else line.old) or 1
    body = first.body
    if (side, number) != ("RIGHT", first.line):
        body = f"The parser gives up at line {first.line}. {body}"
    yield _made(name, pair, first, (side, number, number), line.text.removesuffix("\r"), body, None)


def _key(lines: Sequence[str], problem: Problem) -> _Key:
    text = lines[problem.line - 1] if problem.line <= len(lines) else ""
    return problem.rule, " ".join(text.split())


def _counted(counter: Counter[_Key], key: _Key) -> bool:
    """Take one of a kind out of a counter; tell whether there was one."""
    if counter[key] <= 0:
        return False
    counter[key] -= 1
    return True


def _written(pair: Pair, problem: Problem) -> list[int]:
    """Return those of a problem's lines that the change wrote."""
    return [line for line in range(problem.line, problem.last + 1) if line in pair.written]


def _hunks(pair: Pair, side: Side) -> Mapping[int, int]:
    """Map the numbers of a side's lines to the hunks that show them."""
    return {
        number: index
        for index, hunk in enumerate(pair.file.hunks)
        for line in hunk.lines
        if (number := line.new if side == "RIGHT" else line.old)
    }


def _replaced(pair: Pair, known: Counter[_Key]) -> Counter[_Key]:
    """Count what was wrong in the lines that each hunk takes away, by rule and hunk."""
    left = +known
    rules: dict[object, set[str]] = {}
    for rule, text in left:
        rules.setdefault(text, set()).add(rule)
    found: Counter[_Key] = Counter()
    for index, hunk in enumerate(pair.file.hunks):
        for line in hunk.lines:
            if line.kind == "-":
                words = " ".join(line.text.split())
                for rule in rules.get(words, ()):
                    if _counted(left, (rule, words)):
                        found[rule, index] += 1
    return found


def _findings(
    name: str, pair: Pair, problem: Problem, hunks: Mapping[int, int], lines: Sequence[str]
) -> Iterator[Finding]:
    """Anchor to the first written line, or to them all where there is a replacement."""
    first = last = _written(pair, problem)[0]
    suggestion = problem.suggestion
    whole = range(problem.line, problem.last + 1)
    if suggestion is not None and {hunks.get(line) for line in whole} == {hunks[first]}:
        first, last = problem.line, problem.last
    else:
        suggestion = None
    quote = "\n".join(line.removesuffix("\r") for line in lines[first - 1 : last])
    shown = problem.shown or quote
    yield _made(name, pair, problem, ("RIGHT", first, last), shown, problem.body, suggestion)


def _made(
    name: str,
    pair: Pair,
    problem: Problem,
    place: tuple[Side, int, int],
    quote: str,
    body: str,
    suggestion: str | None,
) -> Finding:
    side, first, last = place
    return Finding(
        path=pair.path,
        side=side,
        start_line=first,
        line=last,
        severity=problem.severity,
        category=problem.category,
        title=single_line(problem.title, 160),
        body=body,
        quote=quote,
        suggestion=suggestion,
        source=name,
        rule=problem.rule,
    )


def _nearest(pair: Pair, number: int) -> tuple[Side, Line]:
    """Return the written line nearest to a number, else the nearest shown, else removed.

    Where a hunk shows that line, the nearest one is looked for in this hunk.
    """
    hunks = pair.file.hunks
    here = [hunk for hunk in hunks if any(line.new == number for line in hunk.lines)]
    shown = [line for hunk in here or hunks for line in hunk.lines]
    written = [line for line in shown if line.kind == "+"]
    if found := written or [line for line in shown if line.new]:
        return "RIGHT", min(found, key=lambda line: abs((line.new or 0) - number))
    return "LEFT", min(shown, key=lambda line: abs((line.old or 0) - number))
