"""A repository's policy: from its default branch only, and the last good one where it is broken.

A pull that breaks `.devchat.toml` is told so, at the line.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.forge import Pull, Pulls
from devchat.analyzers import ANALYZERS
from devchat.changes import Diff, Finding, Source
from devchat.errors import SettingsError
from devchat.policy.parse import parse_policy
from devchat.policy.values import FILE
from devchat.sanitize import single_line

if TYPE_CHECKING:
    from bot.ledger import Ledger

_LINE = re.compile(rf"{re.escape(FILE)}:(\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class InForce:
    """The text of the policy that holds, and what should be known of it."""

    text: str
    notes: tuple[str, ...] = ()


def read_default(pulls: Pulls, pull: Pull, ledger: Ledger | None, installation: int = 0) -> InForce:
    """Read the policy on the default branch, or the last good one where that is broken."""
    branch = pull.default_branch
    data = pulls.content(pull.ref.repository, FILE, branch) or b""
    # An account may be renamed, and its name be somebody else's then.
    repository = f"{installation}:{pull.ref.repository}"
    if error := find_error(data):
        good = ledger.good_policy(repository) if ledger else None
        instead = "no policy is in force" if good is None else "the last good one is in force"
        note = f"`{FILE}` on `{single_line(branch)}` is broken, so {instead}: {error.message}"
        return InForce(good or "", (note,))
    text = data.decode("utf-8-sig")
    if ledger:
        ledger.keep_policy(repository, pull.base, text)
    return InForce(text)


def find_error(data: bytes) -> SettingsError | None:
    """Say what is wrong with a policy; None where it is good."""
    try:
        parse_policy(data.decode("utf-8-sig"), analyzers=tuple(ANALYZERS))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return SettingsError(f"{FILE}:{line}: this is not UTF-8", "save it as UTF-8")
    except SettingsError as error:
        return error
    return None


def changes_policy(diff: Diff) -> bool:
    """Tell whether a change leaves another policy behind."""
    return any(one.path == FILE and one.status != "deleted" for one in diff.files)


def judge_policy(diff: Diff, source: Source) -> tuple[Finding, ...]:
    """Find what is wrong with the policy that a change would bring to the default branch."""
    data = source.read("RIGHT", FILE) if changes_policy(diff) else None
    error = find_error(data) if data else None
    if data is None or error is None:
        return ()
    place = _LINE.fullmatch(error.message)
    line = int(place[1]) if place else None
    lines = data.decode("utf-8", "replace").split("\n")
    quote = lines[line - 1] if line and line <= len(lines) else ""
    title = single_line(place[2] if place else error.message)
    body = f"{error.hint}\n\nUntil it is mended, the last good policy stays in force."
    mark = hashlib.sha256(f"{FILE}\0{title}\0{quote}".encode("utf-8", "replace")).hexdigest()[:16]
    return (
        Finding(
            path=FILE,
            side="RIGHT",
            start_line=line,
            line=line,
            severity="error",
            category="policy",
            title=f"This policy can't be used: {title}",
            body=body.strip(),
            quote=quote,
            source="devchat",
            fingerprint=mark,
        ),
    )
