"""Whether a tiny model's sentence about findings has ground in them. Such models make things up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from devchat.changes import Finding
from devchat.sanitize import visible

# What a sentence about findings may say besides the words of the findings.
_PLAIN = frozenset(
    (
        *("a", "an", "the", "and", "or", "of", "in", "on", "at", "to", "with", "by", "for", "from"),
        *("is", "are", "was", "were", "has", "have", "be", "been", "it", "its", "this", "that"),
        *("these", "there", "which", "both", "one", "file", "files", "change", "changes", "found"),
        *("finding", "findings", "line", "lines", "code", "issue", "issues", "problem", "problems"),
        *("error", "errors", "warning", "warnings", "note", "notes", "contains", "shows", "also"),
    )
)
_TOKEN = re.compile(r"[\w.+#/-]*[\w+#]")
# A list copied out, a fence, or what it was told: no sentence.
_NO_SENTENCE = re.compile(r"```|: (?:error|warning|note)\b|^findings:", re.IGNORECASE)


def grounded(text: str, findings: Sequence[Finding]) -> bool:
    """Tell whether a text is a sentence that says only what findings say.

    It has no word that none of them has, and each line that it names is one of a finding in the
    file that it named last.
    """
    if not text or _NO_SENTENCE.search(text):
        return False
    said = list(_words(text))
    known = _PLAIN | {word for one in findings for word in _words(f"{_path(one)} {one.title}")}
    lines = {str(one.line) for one in findings}
    return set(said) <= known | lines and all(_placed(said, findings))


def _placed(said: Sequence[str], findings: Sequence[Finding]) -> Iterator[bool]:
    """Yield for each line that is named whether there is such a finding."""
    paths = {_path(one).lower() for one in findings}
    path = ""
    for place, word in enumerate(said):
        path = word if word in paths else path
        if word in ("line", "lines"):
            number = next(iter(said[place + 1 : place + 2]), "")
            yield any(
                str(one.line) == number and path in ("", _path(one).lower()) for one in findings
            )


def _path(finding: Finding) -> str:
    return visible(finding.path)


def _words(text: str) -> Iterator[str]:
    return (found[0].lower() for found in _TOKEN.finditer(text))
