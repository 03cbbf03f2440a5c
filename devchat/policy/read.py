"""Read a change's policy: from its base, so that no change chooses how it is reviewed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from devchat.changes import Side, Source
from devchat.errors import SettingsError
from devchat.policy import Policy
from devchat.policy.parse import parse_policy
from devchat.policy.values import FILE

TRUST = "--trust-worktree-config"
CHANGED = f"this change alters `{FILE}`: the one before it is in force (`{TRUST}` takes the new)"


@dataclass(frozen=True, slots=True)
class PolicyRead:
    """A policy, and what the user should know of where it is from."""

    policy: Policy
    notes: tuple[str, ...] = ()


def read_policy(
    source: Source, *, trust_worktree: bool = False, analyzers: Collection[str] = ()
) -> PolicyRead:
    """Read `.devchat.toml` at the base, or at head where that is trusted; no file is no policy.

    `analyzers` are the names there are. Raises `SettingsError`.
    """
    side: Side = "RIGHT" if trust_worktree else "LEFT"
    data = source.read(side, FILE)
    try:
        policy = Policy() if data is None else parse_policy(_decode(data), analyzers=analyzers)
    except SettingsError as error:
        if trust_worktree or source.read("RIGHT", FILE) in (data, None):
            raise
        # Mended by this very change, perhaps.
        hint = f"{error.hint} (this is the base's file; `{TRUST}` takes the change's)"
        raise SettingsError(error.message, hint) from error
    changed = not trust_worktree and source.complete and source.read("RIGHT", FILE) != data
    return PolicyRead(policy, (CHANGED,) if changed else ())


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{FILE}:{line}: this is not UTF-8", "save it as UTF-8") from error
