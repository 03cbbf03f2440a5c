"""Names of files as diffs write them: quoted, prefixed, and two on a line with spaces in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from devchat.errors import InputError
from devchat.sanitize import single_line

NOWHERE = "/dev/null"

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"')
_ESCAPES = re.compile(r'(?:\\(?:[abtnvfr"\\]|[0-3][0-7]{2}))+')
_ESCAPE = re.compile(r"\\(?:([0-7]{3})|(.))")
_LETTERS = dict(zip('abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
# git's own, also with `diff.mnemonicPrefix` and -R; all others are found by comparison.
# https://git-scm.com/docs/diff-config#Documentation/diff-config.txt-diffmnemonicPrefix
_MNEMONIC = ("a/ b/", "i/ w/", "c/ i/", "c/ w/", "o/ w/", "1/ 2/")
_PREFIXES = {tuple(pair.split()[::step]) for pair in _MNEMONIC for step in (1, -1)}
_LONGEST, _MOST_SPACES = 10_000, 16


def first_name(text: str) -> str:
    """Return the name before a tab (a time, or nothing) as it is written, quotes included."""
    found = _QUOTED.match(text) if text.startswith('"') else None
    return found[0] if found else text.partition("\t")[0]


def unquoted(text: str) -> str:
    """Take a name out of git's quotes; bytes that are no UTF-8 become surrogates."""
    found = _QUOTED.fullmatch(text) if text.startswith('"') else None
    return _ESCAPES.sub(_bytes, found[1]) if found else text


def _bytes(found: re.Match[str]) -> str:
    values = (int(one[1], 8) if one[1] else _LETTERS[one[2]] for one in _ESCAPE.finditer(found[0]))
    return bytes(values).decode("utf-8", "surrogateescape")


def split_names(text: str, old: str, new: str) -> tuple[str, str]:
    """Part `a/NAME b/NAME`, of which one may be known ("" where not); still prefixed.

    git quotes no spaces, so the parting is where both names are the same but for their prefixes,
    and these as short as can be.
    """
    if new and text.endswith(f" {new}"):
        return unquoted(text[: -len(new) - 1]), unquoted(new)
    if old and text.startswith(f"{old} "):
        return unquoted(old), unquoted(text[len(old) + 1 :])
    pairs = [(unquoted(left), unquoted(right)) for left, right in _partings(text)]
    if len(pairs) == 1:
        return pairs[0]
    alike = [(len(old), pair) for pair in pairs for old, new in [bare(*pair)] if old == new]
    if alike:
        return max(alike)[1]
    raise InputError(
        f"the names in `diff --git {single_line(text, 80)}` can't be told apart",
        "make the diff without prefixes of your own: `git diff --default-prefix`",
    )


def _partings(text: str) -> Iterator[tuple[str, str]]:
    """Yield where two names may part: after a quote, before one, in the middle, at any space."""
    if found := _QUOTED.match(text):
        yield found[0], text[found.end() + 1 :]
    elif text.endswith('"') and (quote := text.find(' "')) >= 0:
        yield text[:quote], text[quote + 1 :]
    elif len(text) <= _LONGEST:
        middle = len(text) // 2
        spaces = [at.start() for at in re.finditer(" ", text)]
        for at in sorted(spaces, key=lambda at: at != middle)[:_MOST_SPACES]:
            yield text[:at], text[at + 1 :]


def bare(old: str, new: str) -> tuple[str, str]:
    """Take the prefixes off both names of a file.

    Those that are not git's own can be told only where the names are the same: what they end in
    alike, whole folders, is the name.
    """
    named = (old[2:], new[2:]) if (old[:2], new[:2]) in _PREFIXES else (old, new)
    if named[0] == named[1]:
        return named
    pairs = zip(reversed(old.split("/")), reversed(new.split("/")), strict=False)
    same = [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs)]
    shared = "/".join(reversed(same)).lstrip("/")
    if shared and (named == (old, new) or shared in (old, new)):
        return shared, shared
    return named


def safe(path: str) -> str:
    """Return a path that stays inside its folder; raise `InputError` for any other."""
    upwards = ".." in path and ".." in path.split("/")
    if not path or path.startswith("/") or "\0" in path or upwards:
        raise InputError(
            f"`{single_line(path, 80)}` can't be the name of a file in a diff",
            "names are relative, without `..`: make the diff in the folder that holds the files",
        )
    return path
