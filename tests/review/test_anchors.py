"""Whatever a model says, every anchor is a line of a hunk that reads what is quoted."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.changes import Diff, Finding
from devchat.policy import Policy
from tests.review.changes import Patch, Trees, Unbound, answer, run, said

LINES = st.one_of(
    st.sampled_from(
        [
            "",
            "x = 1",
            "    x = 1",
            "\tx = 1",
            "}",
            "return x",
            "x = 1\r",
            "+3|x = 1",
            "\udcff\x0c\u2028",
        ]
    ),
    st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12),
)
TEXTS = st.lists(LINES, max_size=14).map(lambda lines: "".join(f"{line}\n" for line in lines))
PATHS = st.sampled_from(["a.py", "b/c.go", "d e.txt", "f.md"])


@st.composite
def changes(draw: st.DrawFn) -> tuple[Trees, Diff]:
    base = draw(st.dictionaries(PATHS, TEXTS, max_size=3))
    head = {**base, **draw(st.dictionaries(PATHS, TEXTS, min_size=1, max_size=3))}
    trees = draw(st.sampled_from([Trees, Patch]))(base, head)
    return trees, trees.diff(draw(st.integers(0, 4)))


def quotes(trees: Trees) -> st.SearchStrategy[str]:
    lines = [
        line
        for text in (*trees.at_base.values(), *trees.at_head.values())
        for line in text.split("\n")
    ]
    real = st.sampled_from(lines or [""])
    return st.one_of(
        real,
        real.map(str.strip),
        st.tuples(real, st.integers(0, 9)).map(lambda pair: pair[0][pair[1] :]),
        st.tuples(real, real).map("\n".join),
        st.text(max_size=20),
    )


def findings(trees: Trees) -> st.SearchStrategy[dict[str, Any]]:
    quote = quotes(trees)
    return st.fixed_dictionaries(
        {
            "path": st.one_of(PATHS, st.text(max_size=5)),
            "quote": quote,
            "last_quote": st.none() | quote,
            "line": st.none() | st.integers(-1, 20),
            "title": st.text(string.ascii_letters + "\x1b`<", min_size=1, max_size=40),
            "body": st.text(max_size=40),
            "severity": st.sampled_from(["note", "warning", "error"]),
            "suggestion": st.none() | quote,
        }
    )


def holds(finding: Finding, diff: Diff) -> bool:
    """Tell whether a finding's lines lie in one hunk and read what it quotes."""
    for file in (file for file in diff.files if file.path == finding.path):
        for hunk in file.hunks:
            lines = [
                line.text.removesuffix("\r")
                for line in hunk.lines
                if (number := line.old if finding.side == "LEFT" else line.new) is not None
                and (finding.start_line or 0) <= number <= (finding.line or 0)
            ]
            if lines and len(lines) == (finding.line or 0) - (finding.start_line or 0) + 1:
                return finding.quote == "\n".join(lines)
    return False


@pytest.mark.no_cover
@given(changes(), st.data())
def test_every_anchor_reads_what_it_quotes(change: tuple[Trees, Diff], data: st.DataObject) -> None:
    trees, diff = change
    written = data.draw(st.lists(findings(trees), max_size=4).map(lambda some: answer(*some)))
    done = run(trees, Unbound(lambda _: written), diff=diff, policy=Policy(max_findings=3))
    assert len(done.findings) <= 3
    for one in (*done.findings, *done.overflow):
        assert (one.line is None) == (one.start_line is None)
        assert one.line is None or holds(one, diff)
        assert one.path in {file.path for file in diff.files}
    prints = [one.fingerprint for one in (*done.findings, *done.overflow)]
    assert all(prints) and len(set(prints)) == len(prints)


def test_a_repeated_line_is_chosen_by_its_number_on_either_side() -> None:
    trees = Trees({"a.py": "a\nx = 1\nb\nx = 1\n"}, {"a.py": "a\nb\nx = 1\nc\nx = 1\n"})
    done = run(trees, Unbound([answer(said("x = 1", line=2), said("x = 1", line=5, title="two"))]))
    assert [(one.side, one.line) for one in done.findings] == [("LEFT", 2), ("RIGHT", 5)]
