"""How bash, zsh and fish ask what may stand at the cursor, and what they want to hear.

A script calls `devchat __complete SHELL ...` at each Tab. The first line of the answer says how it
is to be taken (`files`, `nospace`), each further one is a candidate.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence

from devchat.cli.candidates import Proposal, Tree, propose
from devchat.cli.values import Value
from devchat.errors import DevchatError
from devchat.sanitize import HIDDEN, single_line

_LONGEST = 65
_SPECIAL = re.compile(r"([^\w@%+=:,./\[\]-])", re.ASCII)
# bash lists what there is, and puts nothing into the line.
_LISTING = ("33", "63", "64")
Lines = tuple[Proposal, list[str]]


def answer(argv: Sequence[str], tree: Tree) -> int:
    """Print what may stand at the cursor, for the shell named first; 1 where that is not known."""
    read = _SHELLS.get(argv[0]) if argv else None
    if read is None:
        return 1
    try:
        proposal, lines = read(argv[1:], tree)
    except DevchatError:  # such as a settings file with a mistake: no place to say so
        return 1
    how = ["files"] * proposal.files + ["nospace"] * any(map(_goes_on, proposal.values))
    sys.stdout.write("\n".join([" ".join(how) or "words", *lines]) + "\n")
    return 0


def _goes_on(one: Value) -> bool:
    """Tell whether something is to be written right behind it."""
    return one.text.endswith((":", "="))


def _bash(argv: Sequence[str], tree: Tree) -> Lines:
    """Answer (what bash would replace, the kind of completion, the line up to the cursor)."""
    replaced, manner, line = argv
    words = _words(line)
    proposal = _proposed(words[1:], tree)
    # bash takes `:` and `=` for the ends of words, and replaces only what follows.
    kept = len(words[-1]) - len(replaced) if words[-1].endswith(replaced) else 0
    quoted = line.endswith(f'"{words[-1]}') or line.endswith(f"'{words[-1]}")
    written = [one.text[kept:] for one in proposal.values]
    if manner in _LISTING and len(written) > 1:
        return proposal, _listed(written, proposal.values)
    return proposal, written if quoted else [_SPECIAL.sub(r"\\\1", one) for one in written]


def _listed(written: Sequence[str], values: Sequence[Value]) -> list[str]:
    width = max(map(len, written))
    pairs = zip(written, values, strict=True)
    return [f"{text:<{width}}  {single_line(one.about, _LONGEST)}".rstrip() for text, one in pairs]


def _words(line: str) -> list[str]:
    """Split a line that ends at the cursor; the last word may be empty, or in an open quote."""
    lexer = shlex.shlex(f"{line}.", posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    try:
        words.extend(lexer)
    except ValueError:  # a quote is open
        words.append(lexer.token)
    return [*words[:-1], words[-1].removesuffix(".")]


def _zsh(argv: Sequence[str], tree: Tree) -> Lines:
    """Answer the words after the command, in the form of `_describe`: colons part.

    A line's first letter says whether the word goes on (`+`).
    """
    proposal = _proposed(argv, tree)
    return proposal, [
        ("+" if _goes_on(one) else " ") + _with_about(one, ":", r"\:") for one in proposal.values
    ]


def _fish(argv: Sequence[str], tree: Tree) -> Lines:
    """Answer the words after the command."""
    proposal = _proposed(argv, tree)
    return proposal, [_with_about(one, "\t", ":") for one in proposal.values]


def _with_about(one: Value, between: str, colon: str) -> str:
    about = single_line(one.about, _LONGEST)
    return one.text.replace(":", colon) + (between + about if about else "")


def _proposed(words: Sequence[str], tree: Tree) -> Proposal:
    found = propose(words[:-1], words[-1] if words else "", tree)
    shown = tuple(one for one in found.values if not HIDDEN.search(one.text))
    return Proposal(shown, found.files)


_SHELLS: Mapping[str, Callable[[Sequence[str], Tree], Lines]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
