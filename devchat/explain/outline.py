"""The outline of a source: what it defines, and where. Chooses who parses a language."""

from __future__ import annotations

from dataclasses import dataclass, replace

from devchat.explain.sample import clipped, counted, lines_of
from devchat.explain.symbol import Symbol

LARGEST_PARSED = 1 << 20
_MOST_SHOWN = 60
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Outline:
    """What a source defines; `parsed_by` is how that was found, `note` what could not be."""

    language: str
    lines: int
    symbols: tuple[Symbol, ...]
    imports: tuple[str, ...] = ()
    parsed_by: str = "ast"
    note: str = ""

    def text(self) -> tuple[str, ...]:
        """Write it for people and models, the first sixty definitions at most."""
        shown = [symbol.text() for symbol in self.symbols[:_MOST_SHOWN]]
        more = len(self.symbols) - len(shown)
        imports = [f"imports: {clipped(', '.join(self.imports), 160)}"] if self.imports else []
        rest = [f"... and {more:,} more definitions"] if more else []
        note = [f"note: {self.note}"] if self.note else []
        return (f"{counted(self.lines, 'line')} of {self.language}", *imports, *note, *shown, *rest)

    def within(self, first: int, last: int) -> Outline:
        """Return the outline of some lines: the definitions that they have part in."""
        inside = tuple(one for one in self.symbols if one.line <= last and one.end >= first)
        return replace(self, lines=last - first + 1, symbols=inside)


def outline(kind: str, title: str, text: str, first: int = 1) -> Outline:
    """Outline a source whose text begins in line `first` of its file."""
    language = title.removesuffix(" source")
    count = len(lines_of(text))
    if len(text) > LARGEST_PARSED:
        found = _plain(text, "too long to be parsed: what begins at the margin is listed")
        return _placed(found, language, count, first)
    if kind == "python":
        return _placed(_of_python(text), language, count, first)
    from devchat.explain.trees import tree_symbols

    try:
        symbols = tree_symbols(kind, text)
    except TimeoutError:
        found = _plain(text, "too tangled to be parsed: what begins at the margin is listed")
        return _placed(found, language, count, first)
    if symbols is None:
        return _placed(_plain(text, _why_plain(kind, language)), language, count, first)
    return _placed(Outline(language, count, symbols, (), "tree-sitter"), language, count, first)


def _placed(found: Outline, language: str, count: int, first: int) -> Outline:
    moved = tuple(
        Symbol(one.kind, one.name, one.line + first - 1, one.end + first - 1, one.depth, one.about)
        for one in found.symbols
    )
    return replace(found, language=language, lines=count, symbols=moved)


def _of_python(text: str) -> Outline:
    from devchat.explain.python import parse_python, python_imports, python_symbols

    tree = parse_python(text)
    if isinstance(tree, str):
        return _plain(text, f"it does not parse as Python ({clipped(tree, 120)})")
    return Outline("", 0, python_symbols(tree), python_imports(tree))


def _why_plain(kind: str, language: str) -> str:
    from devchat.languages.trees import GRAMMARS

    if kind not in GRAMMARS:
        return f"no parser for {language}: what begins at the margin is listed"
    install = "pip install 'devchat-cli[analyzers]'"
    return f"no parser for {language} is installed (`{install}`): lines at the margin are listed"


def _plain(text: str, note: str) -> Outline:
    """List lines that begin at the margin with a word and are followed by indented ones."""
    lines = lines_of(text)
    starts = [
        number
        for number, line in enumerate(lines)
        if (line[:1].isalpha() or line[:1] == "_")
        and number + 1 < len(lines)
        and lines[number + 1][:1] in (" ", "\t", "{")
    ]
    ends = [*(start - 1 for start in starts[1:]), len(lines) - 1]
    symbols = tuple(
        Symbol("block", clipped(lines[start].strip(), _LONGEST), start + 1, end + 1)
        for start, end in zip(starts, ends, strict=False)
    )
    return Outline("", 0, symbols, (), "margin", note if symbols else note.partition(":")[0])
