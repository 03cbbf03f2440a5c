"""`@file` in a message: which words of it name something to attach."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from devchat.context.names import expanded

# Chinese, Japanese and Korean put no space between a word and what follows.
PUNCTUATION = "，。、；：！？（）「」『』【】《》〈〉“”‘’…"
_LETTERS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
BEFORE = rf"(?:^|(?<=[\s({PUNCTUATION}{_LETTERS}]))"
"""What may stand before the `@` of a mention; it is no part of an address then."""
_MENTION = re.compile(rf'{BEFORE}@(?:"([^"\n]+)"|([^\s"{PUNCTUATION}]+))')
_TRAILING = ".,;:!?)]}'\""
_LAST = re.compile(rf"[{re.escape(_TRAILING)}{_LETTERS}]$")


def mentioned(text: str, folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a message mentions: the specs to attach, and those that look like files but
    name none. Any other `@word` is only a word: a decorator, a person.
    """
    found, missing = [], []
    for spec in _specs(text):
        existing = next((name for name in _shorter(spec) if names_something(name, folder)), None)
        if existing is not None:
            found.append(expanded(existing))
        elif _looks_like_a_file(spec):
            missing.append(spec.rstrip(_TRAILING))
    return tuple(dict.fromkeys(found)), tuple(dict.fromkeys(missing))


def names_something(spec: str, folder: Path) -> bool:
    """Tell whether a spec names a file, a folder or lines of a file in a folder."""
    path, _, lines = spec.rpartition(":")
    names = [spec, path] if re.fullmatch(r"\d+(?:-\d*)?", lines) else [spec]
    try:
        return any((folder / expanded(name)).exists() for name in names if name)
    except (OSError, ValueError):
        return False


def _specs(text: str) -> Iterator[str]:
    for match in _MENTION.finditer(text):
        yield match[1] or match[2]


def _shorter(spec: str) -> Iterator[str]:
    """Yield a spec, and then without one trailing mark or Chinese letter after the other."""
    yield spec
    while _LAST.search(spec):
        spec = spec[:-1]
        yield spec


def _looks_like_a_file(spec: str) -> bool:
    name = spec.rstrip(_TRAILING)
    return "/" in name or bool(re.fullmatch(r"[\w-]+\.[A-Za-z]\w{0,4}(?::\d+(?:-\d*)?)?", name))
