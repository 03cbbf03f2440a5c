"""What is compared when the user names nothing: the current branch, and uncommitted work."""

from __future__ import annotations

from dataclasses import replace

from devchat.source.repository import Repository
from devchat.source.revisions import (
    WORK_TREE,
    Comparison,
    State,
    find_commit,
    last_commit,
    merge_base,
)

LOCAL = "refs/heads/"
UNKNOWN = (
    "no default branch was found, so only uncommitted work is compared; `devchat review REV..` "
    "compares with another revision"
)


def current_branch(repository: Repository) -> Comparison:
    """Compare the work tree with where the current branch left the default branch.

    On the default branch itself: with what its remote has; uncommitted work is always in it.
    """
    head, tree = last_commit(repository), State("work tree", WORK_TREE)
    if head.id == repository.empty_tree:
        return Comparison(head, tree)
    default = _default_branch(repository)
    if default is None:
        return Comparison(head, tree, (UNKNOWN,))
    return Comparison(merge_base(repository, default, head), tree)


def _default_branch(repository: Repository) -> State | None:
    """Find the default branch: what the remote calls so, else one of the usual names."""
    remote = _remote(repository)
    chosen = _symbolic(repository, f"refs/remotes/{remote}/HEAD") if remote else ""
    refs = [chosen] if chosen else []
    names = dict.fromkeys((repository.settings.get("init.defaultbranch", ""), "main", "master"))
    for prefix in (f"refs/remotes/{remote}/", LOCAL) if remote else (LOCAL,):
        refs += [prefix + name for name in names if name]
    for ref in refs:
        if found := find_commit(repository, ref):
            return replace(found, label=ref.removeprefix(LOCAL).removeprefix("refs/remotes/"))
    return None


def _remote(repository: Repository) -> str:
    """Name the remote that counts: `origin`, or the only one."""
    names = {
        key.removeprefix("remote.").removesuffix(".url")
        for key in repository.settings
        if key.startswith("remote.") and key.endswith(".url")
    }
    return "origin" if "origin" in names else names.pop() if len(names) == 1 else ""


def _symbolic(repository: Repository, ref: str) -> str:
    """Return the ref that a symbolic ref points to, "" where it is none."""
    answer = repository.git.run("symbolic-ref", "--quiet", ref)
    return answer.output.decode("utf-8", "surrogateescape").strip()
