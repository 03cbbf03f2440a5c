"""Take secrets out of a review and out of the change around it, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from devchat.changes import Diff, FileDiff, FileReceipt, Finding, Hunk, Line, Review
from devchat.sanitize.tokens import MASK, values, without_tokens, without_value

CATEGORY = "secret"


def without_secrets(review: Review, diff: Diff) -> tuple[Review, Diff]:
    """Mask all that has the form of a key, and every value on the lines of secrets.

    Of the change only the files that findings are about are left.
    """
    findings = (*review.findings, *review.overflow)
    paths = {one.path for one in findings}
    files = tuple(one for one in diff.files if {one.path, one.old_path} & paths)
    secrets = [one for one in findings if one.category == CATEGORY]
    lines = {text for one in secrets for text in _lines(one, files)}
    mask = _Mask(frozenset(lines), tuple(word for line in lines for word in values(line)))
    return mask.review(review), Diff(tuple(map(mask.file, files)))


def _lines(finding: Finding, files: tuple[FileDiff, ...]) -> Iterator[str]:
    """Yield the lines of a secret as they stand in the change; its quote is masked already."""
    first, last = finding.start_line, finding.line
    for file in files:
        if finding.path in (file.path, file.old_path) and first is not None and last is not None:
            for line in (line for hunk in file.hunks for line in hunk.lines):
                number = line.new if finding.side == "RIGHT" else line.old
                if number is not None and first <= number <= last:
                    yield line.text


@dataclass(frozen=True, slots=True)
class _Mask:
    lines: frozenset[str]
    values: tuple[str, ...]

    def review(self, review: Review) -> Review:
        return replace(
            review,
            summary=self.text(review.summary),
            findings=tuple(map(self.finding, review.findings)),
            overflow=tuple(map(self.finding, review.overflow)),
            receipt=replace(review.receipt, files=tuple(map(self.receipt, review.receipt.files))),
        )

    def receipt(self, file: FileReceipt) -> FileReceipt:
        # In a hunk's header git shows the nearest line above that begins with a letter.
        hunks = (replace(one, header=self.text(one.header)) for one in file.hunks)
        return replace(file, hunks=tuple(hunks))

    def finding(self, finding: Finding) -> Finding:
        suggestion = finding.suggestion
        if suggestion is not None and self.text(suggestion) != suggestion:
            suggestion = None  # masked, it would be no replacement
        return replace(
            finding,
            title=self.text(finding.title),
            body=self.text(finding.body),
            quote=self.text(finding.quote),
            suggestion=suggestion,
            proven=finding.proven and suggestion is not None,
        )

    def file(self, file: FileDiff) -> FileDiff:
        return replace(file, hunks=tuple(map(self.hunk, file.hunks)))

    def hunk(self, hunk: Hunk) -> Hunk:
        lines = tuple(map(self.line, hunk.lines))
        return replace(hunk, header=self.text(hunk.header), lines=lines)

    def line(self, line: Line) -> Line:
        return replace(line, text=self.text(line.text))

    def text(self, text: str) -> str:
        if self.lines:
            text = "\n".join(
                without_value(one) if one in self.lines else one for one in text.split("\n")
            )
        for value in self.values:
            text = text.replace(value, MASK)
        return without_tokens(text)
