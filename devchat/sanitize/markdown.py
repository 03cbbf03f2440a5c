"""Foreign text as Markdown that a forge shows as plain text: it can only be read.

Code spans and fenced code stay, for nothing in them is obeyed: no HTML, no picture, no link, no
mention, no reference. An entity would not do: GitHub looks for `@name` and `#1` in the text that
is left after entities were resolved. See https://github.github.com/gfm/.
"""

from __future__ import annotations

import re

from devchat.sanitize import single_line, visible
from devchat.sanitize.tokens import without_tokens

_TICKS = re.compile("`+")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
# What a forge would link, and by linking tell others of.
_LINKED = re.compile(r"\S*(?:@[\w./-]|#\d|gh-\d|://|www\.|mailto:)\S*", re.IGNORECASE)
_BEFORE, _AFTER = "([{<\"'*_", ")]}>\"'*_.,;:!?"
_SPECIAL = re.compile(r"[\\`*\[\]<>&|~$]|(?<![^\W_])_|_(?![^\W_])")
_COMMAND = re.compile(r"/\w")
_ITEM = re.compile(r"( *)([-*]|\d{1,9}[.)]) +(?=\S)")
# Headings, quotes, rules, and what bots and forges take for a command.
_OPENING = re.compile(r"(\d{0,9})([#>+=/]|-(?=[-\s]*$|\s)|:(?=\s)|(?<=\d)[.)](?=\s|$))")


def plain_markdown(text: str) -> str:
    """Neutralise foreign text of several lines; lists and code in backticks or fences stay."""
    written: list[str] = []
    fence, code = "", list[str]()
    for line in without_tokens(visible(text)).expandtabs(4).split("\n"):
        opened = _FENCE.match(line)
        if fence and opened and opened[1].startswith(fence) and not line.strip(" `~"):
            written.append(_code(code))
            fence, code = "", []
        elif fence:
            code.append(line)
        elif opened:
            fence = opened[1]
        else:
            written.append(_line(line))
    if fence:
        written.append(_code(code))
    return "\n".join(written).strip("\n")


def plain_title(text: str, limit: int = 200) -> str:
    """Neutralise foreign text for one line."""
    return _text(single_line(without_tokens(text), limit))


def fenced(code: str, tag: str = "") -> str:
    """Put code into a fence that its own content can't close."""
    end = "\n" if code and not code.endswith("\n") else ""
    ticks = "`" * max(3, _longest_run(code) + 1)
    return f"{ticks}{tag}\n{code}{end}{ticks}"


def code_span(text: str) -> str:
    """Put one line into a code span that its own content can't close."""
    text = single_line(text, 1_000)
    ticks = "`" * (_longest_run(text) + 1)
    space = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def _code(lines: list[str]) -> str:
    # Some bots look for commands in code as well.
    return fenced("\n".join(f" {line}" if _COMMAND.match(line) else line for line in lines))


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)


def _line(line: str) -> str:
    item = _ITEM.match(line)
    if item is None:
        return _text(line.strip())
    mark = "-" if item[2] in "-*" else f"{item[2][:-1]}."
    return ("  " if len(item[1]) > 1 else "") + f"{mark} " + _text(line[item.end() :].strip())


def _text(line: str) -> str:
    """Neutralise a line's text, so that it opens nothing and links nowhere."""
    written, at = "", 0
    for found in _SPAN.finditer(line):
        written = _joined(written, _words(line[at : found.start()]))
        written = _joined(written, found[0])
        at = found.end()
    written = _joined(written, _words(line[at:]))
    return _OPENING.sub(r"\1\\\2", written, count=1) if _OPENING.match(written) else written


def _words(text: str) -> str:
    written = ""
    for word in re.split(r"(\s+)", text):
        written = _joined(written, _linked(word) if _LINKED.fullmatch(word) else _escaped(word))
    return written


def _linked(word: str) -> str:
    inside = word.lstrip(_BEFORE).rstrip(_AFTER)
    before, _, after = word.partition(inside)
    return _escaped(before) + code_span(inside) + _escaped(after)


def _joined(before: str, after: str) -> str:
    """Join two pieces, of which neighbouring code spans must not become one."""
    return f"{before} {after}" if before.endswith("`") and after.startswith("`") else before + after


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)
