"""A review as Markdown for a pull request or a file: foreign text can be read, and does nothing.

`finding_body` and `receipt_body` are the pieces that a comment is made of.
"""

from __future__ import annotations

from types import MappingProxyType

from devchat.changes import Finding, Receipt
from devchat.render.review import Shown
from devchat.render.review.facts import facts, headline, origin, overflow_line, place, summary
from devchat.sanitize import visible
from devchat.sanitize.markdown import code_span, fenced, plain_markdown, plain_title

MARKS = MappingProxyType({"error": "🛑", "warning": "⚠️", "note": "💡"})
_LONGEST_BODY = 8_000


def render(shown: Shown) -> str:
    """Write the whole review, what was found first and the receipt folded at its end."""
    review = shown.review
    parts = [f"## devchat: {plain_title(headline(review))}", plain_markdown(summary(review))]
    parts += [_section(finding) for finding in review.findings]
    if more := overflow_line(review):
        parts.append(plain_title(more))
    parts.append(receipt_body(review.receipt))
    return "\n\n".join(part for part in parts if part) + "\n"


def finding_body(finding: Finding) -> str:
    """Write a finding as the body of a comment that stands at its lines."""
    parts = [
        f"{MARKS[finding.severity]} **{plain_title(finding.title)}**",
        plain_markdown(finding.body[:_LONGEST_BODY]),
        suggestion_block(finding),
        f"<sub>{finding.severity} · {plain_title(origin(finding))}</sub>",
    ]
    return "\n\n".join(part for part in parts if part)


def suggestion_block(finding: Finding) -> str:
    """Write a replacement as a block that a forge can apply; unproven, it is only shown."""
    if finding.suggestion is None or len(finding.suggestion) > _LONGEST_BODY:
        return ""
    code = visible(finding.suggestion)
    if finding.proven and finding.side == "RIGHT" and code == finding.suggestion:
        return fenced(code, "suggestion")
    return "Perhaps (not proven):\n\n" + fenced(code)


def receipt_body(receipt: Receipt) -> str:
    """Write a receipt, folded: what was reviewed, by whom, and what was not."""
    rows = [f"- {fact.label}: {plain_title(fact.text, 1_000)}" for fact in facts(receipt)]
    return "\n".join(["<details><summary>Receipt</summary>", "", *rows, "", "</details>"])


def _section(finding: Finding) -> str:
    quote = fenced(visible(finding.quote[:_LONGEST_BODY])) if finding.quote else ""
    removed = " (removed)" if finding.side == "LEFT" else ""
    where = f"{code_span(place(finding))}{removed}"
    parts = [
        f"### {MARKS[finding.severity]} {plain_title(finding.title)}",
        f"{where} · {finding.severity} · {plain_title(origin(finding))}",
        quote,
        plain_markdown(finding.body[:_LONGEST_BODY]),
        suggestion_block(finding),
    ]
    return "\n\n".join(part for part in parts if part)
