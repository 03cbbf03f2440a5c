"""An attachment as a fenced block, which its own content can't close."""

from __future__ import annotations

import re

from devchat import languages
from devchat.context import Attachment
from devchat.context.names import STDIN, shown

_BACKTICKS = re.compile("`+")


def fence(attachment: Attachment) -> str:
    """Return the attachment with its name on a line before, without a final newline.

    The content is unchanged but for a newline at its end, and the fence is longer than any run
    of backticks inside, so no content can end it: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """
    text = attachment.text
    runs = _BACKTICKS.findall(text)
    ticks = "`" * max(3, max(map(len, runs), default=0) + 1)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{_heading(attachment)}\n{ticks}{_tag(attachment.file)}\n{text}{end}{ticks}"


def _heading(attachment: Attachment) -> str:
    name, lines = shown(attachment.file), attachment.lines
    if name == STDIN:
        return "Standard input:"
    if name.startswith(("http://", "https://")):
        return f"Page {name}:"
    if lines is None:
        return f"File {name}:"
    return f"File {name}, {'line' if lines.first == lines.last else 'lines'} {lines}:"


def _tag(name: str) -> str:
    """Return the tag that highlighters know the file's language by, "" where it has none."""
    return "" if name.startswith(("http://", "https://")) else languages.of(name)
