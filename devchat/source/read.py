"""Read what is to be reviewed: from a repository, or from a patch that somebody handed over."""

from __future__ import annotations

import re
from pathlib import Path

from devchat.changes import Diff
from devchat.errors import InputError, UsageError
from devchat.sanitize import single_line
from devchat.source import branch, revisions
from devchat.source.change import Change
from devchat.source.files import GitSource
from devchat.source.git import NoRepository
from devchat.source.patch import PatchSource
from devchat.source.repository import Repository, open_repository
from devchat.source.revisions import Comparison, State

# Everything that a user's settings could change about how a diff is printed is said.
FORM = (
    *("--patch", "--no-color", "--no-ext-diff", "--no-textconv", "--full-index", "--find-renames"),
    *("--unified=3", "--inter-hunk-context=0", "--diff-algorithm=histogram", "--no-relative"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=dirty"),
    *("-O/dev/null",),
)
FEW = 3
START = re.compile(r"^(?=diff --git )", re.MULTILINE)
ATTRIBUTES = re.compile(r'^diff --git .*\.gitattributes"?$', re.MULTILINE)
NO_TEXT = re.compile("[\0\ud800-\udfff]")


def read_change(
    folder: Path, *, revisions: str | None = None, staged: bool = False, worktree: bool = False
) -> Change:
    """Read a change of the repository that a folder is in.

    `revisions` are `A..B`, `A...B`, `REV^!` or `REV` (compared with the work tree), as for
    `git diff`; `staged` is what the next commit would hold, `worktree` what is not staged. With
    nothing named: the current branch since it left the default branch, and uncommitted work.
    Raises `InputError` (`NoRepository` where there is none) and `UsageError`.
    """
    if (revisions is not None) + staged + worktree > 1:
        raise UsageError(
            "a revision, `--staged` and `--worktree` can't be combined",
            "`devchat review A..B`, or `devchat review --staged`",
        )
    repository = open_repository(folder)
    compared = _choose(repository, revisions, staged=staged, worktree=worktree)
    around = _look_around(repository, compared.head)
    text = _diff(repository, compared)
    same = f"nothing differs between {compared.base.name} and {compared.head.name}"
    notes = (*compared.notes, *(() if text else (same,)), *around)
    return Change(text, GitSource(repository, compared.base, compared.head), notes)


def _choose(
    repository: Repository, named: str | None, *, staged: bool, worktree: bool
) -> Comparison:
    if named is not None:
        compared = revisions.named(repository, named)
    elif staged:
        compared = revisions.staged(repository)
    elif worktree:
        compared = revisions.unstaged(repository)
    else:
        compared = branch.current_branch(repository)
    if repository.top is None and compared.head.kind != "commit":
        raise InputError(
            "this repository has no work tree here: it is bare, or this is its `.git` folder",
            "name two revisions: `devchat review main..topic`",
        )
    return compared


def _diff(repository: Repository, compared: Comparison) -> str:
    ids = [state.id for state in (compared.base, compared.head) if state.id]
    cached = ["--cached"] if compared.head.kind == "index" else []
    command = ("diff", *FORM, *cached, *ids)
    text = repository.git.read(*command, "--").decode("utf-8", "surrogateescape")
    if "\nBinary files " not in text or not ATTRIBUTES.search(text):
        return text
    answer = repository.git.run(*command, "--text", "--")
    return text if answer.cut else unhidden(text, answer.output)


def unhidden(text: str, forced: bytes) -> str:
    """Show as text what a change calls binary only since it alters `.gitattributes` itself.

    `forced` is the same diff with everything as text.
    """
    files, others = (START.split(one) for one in (text, forced.decode("utf-8", "surrogateescape")))
    if len(files) != len(others):
        return text
    return "".join(
        other if "\nBinary files " in one and not NO_TEXT.search(other) else one
        for one, other in zip(files, others, strict=True)
    )


def _look_around(repository: Repository, head: State) -> tuple[str, ...]:
    """Note what is not in the change. Raises `InputError` where files are not merged yet."""
    if head.kind == "commit":
        return ()
    others = ("--others", "--exclude-standard", "--directory", "--no-empty-directory")
    wanted = others if head.kind == "work tree" else ()
    answer = repository.git.run("ls-files", "-z", "-t", "--unmerged", *wanted)
    entries = answer.output.decode("utf-8", "surrogateescape").split("\0")[:-1]
    unmerged = dict.fromkeys(one.partition("\t")[2] for one in entries if one[:1] != "?")
    if unmerged:
        raise InputError(
            f"{_names(list(unmerged))}: a merge left conflicts here",
            "resolve them and `git add` the files, or review commits: `devchat review A..B`",
        )
    untracked = [one[2:] for one in entries]
    notes: tuple[str, ...] = ()
    if untracked:
        notes += (f"untracked, so not in it: {_names(untracked)}",)
    if repository.objects.read("MERGE_HEAD^{commit}"):
        notes += ("a merge is under way: what it brings is part of this change",)
    return notes


def _names(paths: list[str]) -> str:
    named = ", ".join(f"`{single_line(path)}`" for path in paths[:FEW])
    more = len(paths) - FEW
    return f"{named} and {more:,} more" if more > 0 else named


def patch_change(text: str, diff: Diff, folder: Path) -> Change:
    """Make a change of a patch's text and what was read in it.

    Inside a repository its files help as far as they are surely those of the patch.
    """
    try:
        source = PatchSource(diff, open_repository(folder))
    except NoRepository:
        return Change(text, PatchSource(diff))
    except InputError as error:
        return Change(
            text, PatchSource(diff), (f"the repository here is not used: {error.message}",)
        )
    unknown = list(source.unknown)
    note = f"judged by the patch alone, for what is here is something else: {_names(unknown)}"
    return Change(text, source, (note,) if unknown else ())
