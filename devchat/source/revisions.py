"""Which two states of the files are compared, by what the user names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from devchat.errors import InputError, UsageError
from devchat.sanitize import single_line
from devchat.source.repository import Repository
from devchat.source.worktree import is_plain

WORK_TREE = "the work tree"
INDEX = "what is staged"


@dataclass(frozen=True, slots=True)
class State:
    """All files at one point; `id` is that of a commit, or of a tree before the first one."""

    kind: Literal["commit", "index", "work tree"]
    label: str
    id: str = ""

    @property
    def name(self) -> str:
        """What people call it: `main (0123456789)`."""
        short = self.id[:10]
        if self.id.startswith(self.label):
            return short
        return f"{self.label} ({short})" if self.kind == "commit" and short else self.label


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two states, and what to know of how they were chosen."""

    base: State
    head: State
    notes: tuple[str, ...] = ()


def staged(repository: Repository) -> Comparison:
    """Compare what is staged with the last commit."""
    return Comparison(last_commit(repository), State("index", INDEX))


def unstaged(repository: Repository) -> Comparison:
    """Compare the work tree with what is staged."""
    return Comparison(State("index", INDEX), State("work tree", WORK_TREE))


def named(repository: Repository, revisions: str) -> Comparison:
    """Compare what `A..B`, `A...B`, `REV^!` or `REV` names, as `git diff` does.

    `A...B` starts at their merge base, `REV^!` is one commit, and a single `REV` is compared with
    the work tree. An empty side is HEAD. Raises `InputError`, `UsageError`.
    """
    if "..." in revisions:
        left, _, right = revisions.partition("...")
        head = commit(repository, right or "HEAD")
        return Comparison(merge_base(repository, commit(repository, left or "HEAD"), head), head)
    if ".." in revisions:
        left, _, right = revisions.partition("..")
        return Comparison(commit(repository, left or "HEAD"), commit(repository, right or "HEAD"))
    if revisions.endswith("^!"):
        return _one_commit(repository, revisions.removesuffix("^!"))
    return Comparison(commit(repository, revisions), State("work tree", WORK_TREE))


def _one_commit(repository: Repository, revision: str) -> Comparison:
    head = commit(repository, revision)
    parent = repository.objects.read(f"{head.id}^1^{{commit}}")
    if parent is None and repository.shallow:
        raise InputError(
            f"the parent of `{single_line(revision)}` is not here: this clone is shallow",
            "`git fetch --deepen=1` brings it",
        )
    if parent is None:
        return Comparison(nothing(repository), head)
    return Comparison(State("commit", f"{head.label}^", parent.id), head)


def commit(repository: Repository, revision: str) -> State:
    """Return the commit that a revision names. Raises `InputError`, `UsageError`."""
    if revision.startswith("-") or any(char < " " for char in revision):
        raise UsageError(f"`{single_line(revision)}` is no revision", "name a branch or a commit")
    found = find_commit(repository, revision)
    if found is None:
        raise _unknown(repository, revision)
    return found


def find_commit(repository: Repository, revision: str) -> State | None:
    """Return the commit that a revision names, None where it names none."""
    found = repository.objects.read(f"{revision}^{{commit}}")
    return None if found is None else State("commit", single_line(revision), found.id)


def last_commit(repository: Repository) -> State:
    """Return HEAD; before the first commit, no files at all. Raises `InputError`."""
    found = find_commit(repository, "HEAD")
    if found is None and repository.git.run("rev-parse", "--verify", "--quiet", "HEAD").output:
        raise InputError("the last commit can't be read", "`git fsck` says what is damaged")
    return found or nothing(repository)


def nothing(repository: Repository) -> State:
    """Return the state before the first commit."""
    return State("commit", "the empty tree", repository.empty_tree)


def merge_base(repository: Repository, one: State, other: State) -> State:
    """Return where two commits parted. Raises `InputError` where they have nothing in common."""
    answer = repository.git.run("merge-base", "--end-of-options", one.id, other.id)
    found = answer.output.decode("ascii").strip()
    if not found:
        hint = f"compare them as they are: `devchat review {one.id[:10]}..{other.id[:10]}`"
        if repository.shallow:
            hint = "this clone is shallow: `git fetch --unshallow` brings the rest"
        raise InputError(f"{one.label} and {other.label} have no commit in common", hint)
    return one if found == one.id else State("commit", f"merge base with {one.label}", found)


def _unknown(repository: Repository, revision: str) -> InputError:
    from difflib import get_close_matches

    name = single_line(revision)
    if find_commit(repository, "HEAD") is None:
        return InputError(
            f"there is no revision `{name}`", "nothing is committed yet: `devchat review --staged`"
        )
    listed = repository.git.read(
        "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"
    )
    near = get_close_matches(revision, listed.decode("utf-8", "replace").splitlines(), 1, 0.6)
    hint = f"did you mean `{single_line(near[0])}`?" if near else "`git branch -a` lists branches"
    if is_plain(revision) and os.path.lexists(repository.git.folder / revision):
        hint = f"to review only what is in it: `devchat review --path {name}`"
    return InputError(f"there is no revision `{name}`", hint)
