"""A review as workflow commands: what GitHub's runner reads, and nothing more than we mean."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given

from devchat.changes import Review
from devchat.render.review import render_review
from tests.render.review.sample import CLEAN, DIFF, IDENTITY, NOWHERE, REMOVED, REVIEW, one
from tests.render.review.test_objects import REVIEWS

COMMAND = re.compile(r"::(error|warning|notice) (?:[a-zA-Z]+=[^,:\r\n]*,?)+::[^\r\n]*")


def lines(review: Review) -> list[str]:
    return render_review(review, DIFF, "github").removesuffix("\n").split("\n")


def test_a_review_is_annotations_and_what_it_came_to() -> None:
    assert lines(replace(REVIEW, findings=(IDENTITY, REMOVED, NOWHERE))) == [
        "::error file=shop/cart.py,line=42,endLine=42,title=Identity is compared%2C not the value"
        "::A price of 0 from the database is another object, so `is` lets free items through."
        "%0A(bug · ruff F632)",
        "::warning file=shop/cart.py,title=The check for free items is gone"
        "::`web.py` relies on it:%0A%0A- the cart page divides by the total%0A"
        "- 购物车页面也用到它。%0A(compatibility · model, about removed line 40)",
        "::notice file=shop/cart.py,title=Nothing tests an empty cart::It is.%0A(test · model)",
        "::warning title=devchat::1 error, 2 warnings, 2 notes;"
        " part of the review failed (1 of 3 hunks)",
        "devchat: 1 error, 2 warnings, 2 notes; part of the review failed (1 of 3 hunks)",
        "devchat: 2 more (1 warning, 1 note): --max-findings 5",
    ]


def test_a_clean_review_annotates_nothing() -> None:
    assert lines(CLEAN) == ["devchat: No findings in 1 file"]


def test_properties_and_messages_are_escaped() -> None:
    evil = replace(IDENTITY, path="a,b:c%.py", title="x::y, 100%", body="1\r\n::stop::\r2\n50%")
    (command, _) = lines(one(evil))
    assert command.startswith("::error file=a%2Cb%3Ac%25.py,line=42,endLine=42,title=x%3A%3Ay%2C")
    assert command.endswith("100%25::1%0A::stop::␍2%0A50%25%0A(bug · ruff F632)")


@given(REVIEWS)
def test_no_line_is_a_command_that_we_did_not_mean(review: Review) -> None:
    for line in lines(review):
        assert COMMAND.fullmatch(line) or line.startswith("devchat: ")
        assert line.startswith("::") or "##[" not in line
