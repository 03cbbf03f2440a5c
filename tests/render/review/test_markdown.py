"""A review as Markdown: what a forge would show, and that hostile words do nothing there."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from devchat.changes import Review
from devchat.render.review import render_review
from devchat.render.review.markdown import finding_body, receipt_body, suggestion_block
from tests.render.review.sample import (
    CLEAN,
    DIFF,
    IDENTITY,
    KEY,
    RECEIPT,
    REMOVED,
    REVIEW,
    SECRET,
    one,
)


def markdown(review: Review) -> str:
    return render_review(review, DIFF, "markdown")


def test_a_whole_review_is_headings_fences_and_a_folded_receipt() -> None:
    shown = markdown(REVIEW)
    assert shown.startswith(
        "## devchat: 2 errors, 2 warnings, 2 notes; part of the review failed (1 of 3 hunks)\n\n"
        "The cart skips free items.\n\n"
        "### 🛑 Identity is compared, not the value\n\n"
        "`shop/cart.py:42` · error · bug · ruff F632\n\n"
        "```\n        if item.price is 0:\n```\n\n"
        "A price of 0 from the database is another object, so `is` lets free items through.\n\n"
        "```suggestion\n        if item.price == 0:\n```\n\n"
    )
    assert "`shop/cart.py:40` (removed) · warning" in shown
    assert "\n2 more (1 warning, 1 note): --max-findings 6\n" in shown
    assert shown.endswith("- note: untracked, so not in it: `new.py`\n\n</details>\n")
    assert KEY not in shown


def test_a_clean_review_is_a_line_and_its_receipt() -> None:
    assert markdown(CLEAN).startswith("## devchat: No findings in 1 file\n\n<details><summary>")


def test_the_body_of_a_comment_says_the_finding_once() -> None:
    assert finding_body(IDENTITY) == (
        "🛑 **Identity is compared, not the value**\n\n"
        "A price of 0 from the database is another object, so `is` lets free items through.\n\n"
        "```suggestion\n        if item.price == 0:\n```\n\n"
        "<sub>error · bug · ruff F632</sub>"
    )


def test_only_what_is_proven_on_the_right_can_be_applied() -> None:
    assert suggestion_block(replace(IDENTITY, suggestion="")) == "```suggestion\n```"
    for finding in (
        replace(IDENTITY, proven=False),
        replace(REMOVED, suggestion="x", proven=True),
        replace(IDENTITY, suggestion="a\u202eb"),
    ):
        assert suggestion_block(finding).startswith("Perhaps (not proven):\n\n```\n")
    assert suggestion_block(REMOVED) == ""
    assert suggestion_block(replace(IDENTITY, suggestion="x" * 100_000)) == ""


def test_a_fence_is_longer_than_what_it_holds() -> None:
    code = "````md\n```suggestion\n"
    assert suggestion_block(replace(IDENTITY, suggestion=code)) == f"`````suggestion\n{code}`````"


def test_the_receipt_is_folded_and_neutral() -> None:
    shown = receipt_body(replace(RECEIPT, notes=("</details> @team #1",)))
    assert "- note: \\</details\\> `@team` `#1`\n" in shown
    assert shown.count("</details>") == 1


TAGS = {"html_inline", "html_block", "image", "link_open", "heading_open", "blockquote_open"}
TAGS |= {"hr", "em_open", "strong_open", "s_open", "table_open"}
LINKED = re.compile(r"@\w|#\d|://|www\.|GH-\d")
SNIPPETS = st.sampled_from(
    ["`", "``", "```", "~~~", "\\", "@team", "#12", "GH-7", "<img src=x>", "![a](b)", "[a](b)"]
    + ["https://x.y", "www.x.y", "\n", "\n\n", "    ", "- ", "1. ", "# ", "> ", "---", "===", "*"]
    + ["_a_", "|", "a", " ", "&lt;", "<!--", "\t", "+ ", "/close", "a@b.c", "~~", "**", "\x1b[1m"]
)
HOSTILE = st.lists(SNIPPETS, max_size=12).map("".join) | st.text(max_size=40)


def tokens_of(text: str) -> list[tuple[str, str]]:
    """Parse as a forge would and list every token with what is read in it."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = []
    for block in parser.parse(text):
        tokens += [(token.type, token.content) for token in block.children or [block]]
    return tokens


@given(HOSTILE, HOSTILE)
def test_whatever_a_finding_says_is_only_read(title: str, body: str) -> None:
    finding = replace(IDENTITY, title=title, body=body, suggestion=None, category=title)
    shown = finding_body(finding)
    ours = shown.removesuffix("</sub>").rpartition("\n\n<sub>")[0]
    tokens = tokens_of(ours)
    # The title stands in bold, which is ours.
    assert {kind for kind, _ in tokens[3:]} & TAGS <= {"strong_open"}
    read = [content for kind, content in tokens if kind == "text"]
    assert [content for content in read if LINKED.search(content)] == []
    assert not re.search(r"(?m)^/\w", ours) and "suggestion\n" not in ours
    assert not any(kind == "fence" and "<sub>" in content for kind, content in tokens)


@given(HOSTILE)
def test_no_code_escapes_its_fence(code: str) -> None:
    shown = markdown(one(replace(IDENTITY, quote=code or "x", body="", suggestion=code)))
    kinds = [kind for kind, _ in tokens_of(shown)]
    assert kinds.count("fence") == 2 and kinds.count("heading_open") == 2


def test_secrets_reach_no_comment() -> None:
    assert KEY not in finding_body(replace(SECRET, body=f"see {KEY}", title=KEY))
