"""Look up what a model claims of names, in the files at head; a claim that is wrong is dropped.

A claim that can't be looked up is dropped too: made from a diff alone, it is a guess.
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Iterator, Sequence

from devchat import languages
from devchat.changes import Finding
from devchat.review.anchor import Dropped
from devchat.review.claims import Claim, claims
from devchat.review.files import Files
from devchat.review.prove import LARGEST

REFUTED = Dropped("refuted by the files")
UNKNOWN = Dropped("could not be looked up")
_MOST_CLAIMS = 6
_LONGEST = 2_000
"""Characters of a line that are looked at."""
_EVERYTHING = "*"
# Languages where a name of another file needs no import of its own.
_SHARED = frozenset(("c", "cpp", "csharp", "go", "java", "kotlin", "php", "ruby", "rust", "swift"))
_COMMENT = re.compile(r"\s*(?:#(?!\s*(?:define|include))|//|\*|/\*)")
_DECLARING = (
    r"\b(?:as|async|class|const|def|define|enum|export|final|fn|for|from|func|function|global|import"
    r"|include|include_once|interface|let|mod|module|namespace|package|require|require_once|static"
    r"|struct|trait|type|typedef|union|use|using|val|var)\b"
)
_NO_TYPE = (
    r"(?<!return)(?<!throw)(?<!await)(?<!yield)(?<!new)(?<!else)(?<!not)(?<!and)(?<!in)(?<!or)"
)


def look_up(finding: Finding, files: Files) -> Dropped | None:
    """Return why a finding is dropped; None where it claims nothing of names, or rightly."""
    claimed = claims(finding)
    for claim in claimed:
        lines = files.lines("RIGHT", finding.path)
        if lines is None or len(claimed) > _MOST_CLAIMS:
            return UNKNOWN
        if claim.lack == "call" and not _definition(claim.name).search(finding.quote):
            continue
        if claim.lack == "definition":
            verdict = _defined(claim, finding.path, lines, files)
        elif claim.lack == "use":
            verdict = _used(claim, finding, lines)
        else:
            verdict = _called(claim, finding, lines, files)
        if verdict is not False:
            return REFUTED if verdict else UNKNOWN
    return None


def _defined(claim: Claim, path: str, lines: Sequence[str], files: Files) -> bool | None:
    """Tell whether a name is defined where it is used; None where that can't be known."""
    language = languages.of(path)
    text = "\n".join(lines) if language == "python" else ""
    names = _python_names(text) if 0 < len(text) <= LARGEST else None
    if names is not None:
        return None if _EVERYTHING in names else claim.root in names
    form = _definition(claim.root)
    if any(form.search(line[:_LONGEST]) for line in lines if claim.root in line):
        return True
    if language not in _SHARED:
        return False
    hits = files.search(claim.root)
    if any(form.search(hit.text[:_LONGEST]) for hit in hits):
        return True
    return False if files.source.complete else None


def _used(claim: Claim, finding: Finding, lines: Sequence[str]) -> bool | None:
    """Tell whether a name is used where it can be: in the file if imported, else in its block."""
    if finding.start_line is None or finding.line is None or finding.side == "LEFT":
        return None
    anchored = range(finding.start_line, finding.line + 1)
    imported = re.search(r"\b(?:import|include|require|use|using)\b", finding.quote)
    region = range(1, len(lines) + 1) if imported else _block(lines, finding.start_line)
    return any(number not in anchored for number in _places(claim.name, lines, region))


def _called(claim: Claim, finding: Finding, lines: Sequence[str], files: Files) -> bool | None:
    """Tell whether a name stands anywhere but where it is defined."""
    form = _definition(claim.name)
    everywhere = _places(claim.name, lines, range(1, len(lines) + 1))
    if any(not form.search(lines[number - 1][:_LONGEST]) for number in everywhere):
        return True
    hits = files.search(claim.name)
    if any(hit.path != finding.path and not _COMMENT.match(hit.text) for hit in hits):
        return True
    return False if files.source.complete else None


def _places(name: str, lines: Sequence[str], region: range) -> Iterator[int]:
    form = re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
    for number in region:
        line = lines[number - 1][:_LONGEST]
        if name in line and form.search(line) and not _COMMENT.match(line):
            yield number


def _block(lines: Sequence[str], first: int) -> range:
    """Return the lines where what a line defines is in reach, judged by indentation."""
    depth = _depth(lines[first - 1]) if first <= len(lines) else 0
    opens = lines[first - 1].rstrip().endswith((":", "{", "(")) if first <= len(lines) else False
    last = first
    for number in range(first + 1, len(lines) + 1):
        text = lines[number - 1]
        if text.strip() and (_depth(text) < depth or (opens and _ends(text, depth))):
            break
        last = number
    return range(first, last + 1)


def _ends(text: str, depth: int) -> bool:
    """Tell whether a line is after what a header opened: as deep as it, and no bracket."""
    return _depth(text) == depth and text.strip()[0] not in ")]}{"


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())


def _definition(name: str) -> re.Pattern[str]:
    """Match a line that defines or imports a name, in any language that is read here."""
    word = rf"(?<![\w$]){re.escape(name)}(?![\w$])"
    return re.compile(
        rf"{_DECLARING}[^=]*{word}"
        rf"|{word}\s*(?::\s*[^=]*)?:?=(?![=>])"
        rf"|(?:[\w>*&\]]{_NO_TYPE})\s+[*&]*{word}\s*[(;,=\[)]"
        rf"|^\s*(?:type\s+)?{word}(?:\s+as\s+\w+)?,?\s*$"
        rf"|^\s*(?:\w+\s+)?[\"'](?:[^\"']*/)?{re.escape(name)}[\"']\s*$"
    )


def _python_names(text: str) -> set[str] | None:
    """Return every name that Python source binds, and the built-in ones; None if it is broken."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names = {name for node in ast.walk(tree) for name in _bound(node)}
    return names | set(dir(builtins)) | {"__file__", "__name__", "__doc__", "__path__"}


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((one.asname or one.name).partition(".")[0] for one in names)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
