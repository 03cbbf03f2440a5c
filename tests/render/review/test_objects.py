"""A review as JSON: the fields of `Review`, held to the schema that ships."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from devchat import __version__
from devchat.changes import FileReceipt, Finding, HunkReceipt, Receipt, Review
from devchat.render.review import render_review
from devchat.render.review.objects import review_object, review_schema
from devchat.sanitize import HIDDEN
from devchat.types import Usage
from tests.render.review.sample import CLEAN, DIFF, IDENTITY, KEY, REVIEW, SECRET, one

ROOT = Path(__file__).parents[3]


def objects(review: Review) -> Any:
    return json.loads(render_review(review, DIFF, "json"))


def test_it_is_the_review_under_the_same_names() -> None:
    shown = objects(REVIEW)
    assert (shown.pop("version"), shown.pop("devchat")) == (1, __version__)
    assert shown == json.loads(json.dumps(asdict(REVIEW)))


def test_the_schema_is_one_and_closed() -> None:
    schema = review_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(objects(REVIEW))
    Draft202012Validator(schema).validate(objects(CLEAN))
    for broken in ({"line": 0}, {"severity": "fatal"}, {"more": 1}):
        shown = objects(one(IDENTITY))
        shown["findings"][0] |= broken
        with pytest.raises(ValidationError):
            Draft202012Validator(schema).validate(shown)


TEXTS = st.text(st.characters(codec=None), max_size=20)
FINDINGS = st.builds(
    Finding,
    path=TEXTS,
    side=st.sampled_from(["LEFT", "RIGHT"]),
    start_line=st.none() | st.integers(1),
    line=st.none() | st.integers(1),
    severity=st.sampled_from(["note", "warning", "error"]),
    category=TEXTS,
    title=TEXTS,
    body=TEXTS,
    quote=TEXTS,
)
HUNKS = st.builds(
    HunkReceipt, TEXTS, st.sampled_from(["reviewed", "skipped", "failed"]), reason=TEXTS
)
RECEIPTS = st.builds(
    Receipt,
    st.lists(st.builds(FileReceipt, TEXTS, st.lists(HUNKS, max_size=2).map(tuple)), max_size=2).map(
        tuple
    ),
    usage=st.builds(Usage, st.integers(0), st.integers(0)),
    dropped=st.dictionaries(TEXTS, st.integers(0), max_size=2),
)
REVIEWS = st.builds(Review, TEXTS, st.lists(FINDINGS, max_size=3).map(tuple), RECEIPTS)


@given(REVIEWS)
def test_any_review_matches_the_schema_and_is_safe_to_print(review: Review) -> None:
    shown = render_review(review, DIFF, "json")
    assert HIDDEN.findall(shown) == []
    Draft202012Validator(review_schema()).validate(json.loads(shown))


def test_secrets_are_masked_wherever_they_come_up() -> None:
    raw = replace(SECRET, quote=f'AWS = "{KEY}"', suggestion=f'AWS = "{KEY[:10]}"')
    told = replace(IDENTITY, title=f"what is {KEY}?", suggestion=f"x = '{KEY}'")
    password = replace(SECRET, start_line=45, line=45, body="价格 is no good password")
    other = replace(IDENTITY, quote='名 = "价格"', start_line=45, line=45)
    above = FileReceipt("a.py", (HunkReceipt(f'@@ -4 +4 @@ AWS = "{KEY}"', "reviewed"),))
    review = replace(
        REVIEW,
        findings=(raw, told, password, other),
        summary=f"{KEY} leaks",
        receipt=replace(REVIEW.receipt, files=(above,)),
    )
    shown = objects(review)
    assert KEY not in json.dumps(shown, ensure_ascii=False)
    first, second, _, fourth = shown["findings"]
    assert first["quote"] == "AWS = ••••••" and second["title"] == "what is ••••••?"
    assert (second["suggestion"], second["proven"]) == (None, False)
    assert fourth["quote"] == "名 = ••••••"


def test_the_object_of_a_review_is_plain_data() -> None:
    assert list(review_object(CLEAN)) == ["version", "devchat", *asdict(CLEAN)]


def test_the_schema_is_in_the_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        schema = json.loads(archive.read("devchat/render/review/review.schema.json"))
    assert schema == review_schema()
