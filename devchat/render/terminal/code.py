"""Code in colours, by Pygments, which is imported with the first code block."""

from __future__ import annotations

from typing import Any

from devchat.render.terminal import style
from devchat.render.terminal.wrap import Row, Run
from devchat.sanitize import visible

_TAB = 4


class Highlighter:
    """Colours code, and keeps the lexers that it has found."""

    def __init__(self) -> None:
        self._lexers: dict[str, Any] = {}
        self._styles: dict[Any, str] = {}

    def knows(self, language: str) -> bool:
        """Say whether there are colours for a language."""
        return self._lexer(language) is not None

    def lines(self, code: str, language: str) -> list[Row]:
        """Colour code, line by line; tabs become spaces."""
        code = visible(code).expandtabs(_TAB).removesuffix("\n")
        lexer = self._lexer(language)
        if lexer is None:
            return [(Run(line),) for line in code.split("\n")]
        lines: list[list[Run]] = [[]]
        for kind, text in lexer.get_tokens(code):
            first, *others = text.split("\n")
            lines[-1].append(Run(first, self._style(kind)))
            lines.extend([Run(other, self._style(kind))] for other in others)
        return [tuple(line) for line in lines[: code.count("\n") + 1]]

    def _lexer(self, language: str) -> Any:
        if language not in self._lexers:
            self._lexers[language] = _find_lexer(language)
        return self._lexers[language]

    def _style(self, kind: Any) -> str:
        if kind not in self._styles:
            name = str(kind).removeprefix("Token.")
            found = (style.TOKENS[part] for part in _prefixes(name) if part in style.TOKENS)
            self._styles[kind] = next(found, "")
        return self._styles[kind]


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _find_lexer(language: str) -> Any:
    if not language:
        return None
    from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=True)
    except ClassNotFound:
        return None
