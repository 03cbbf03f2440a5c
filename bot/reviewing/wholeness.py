"""Whether all was reviewed that should have been: only then may a check be green. Pure.

Who wrote a change may want a part of it not to be looked at.
"""

from __future__ import annotations

from devchat import languages
from devchat.changes import Diff, FileReceipt, Receipt
from devchat.review.receipt import ANALYZERS_ONLY
from devchat.sanitize import single_line

_NAMED = 3


def is_whole(receipt: Receipt) -> bool:
    """Tell whether nothing failed, and nothing was left out but what nobody needs to read."""
    return not (
        any(one.state == "failed" for one in receipt.analyzers)
        or any(_is_cut(file) for file in receipt.files)
    )


def _is_cut(file: FileReceipt) -> bool:
    """Tell whether a file has hunks that somebody should have read: a lock file has none."""
    wanted = not file.reason or file.reason.startswith(ANALYZERS_ONLY)
    return any(one.state == "failed" or (wanted and one.state == "skipped") for one in file.hunks)


def disguised(diff: Diff) -> tuple[str, ...]:
    """Note the sources that the diff calls binary: `.gitattributes` or one NUL is enough for that.

    https://git-scm.com/docs/gitattributes#_marking_files_as_binary
    """
    files = [one for one in diff.files if one.binary and one.status != "deleted"]
    names = [f"`{single_line(one.path, 60)}`" for one in files if languages.of(one.path)]
    if not names:
        return ()
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (f"not reviewed, for the diff calls it binary: {', '.join(names[:_NAMED])}{more}",)
