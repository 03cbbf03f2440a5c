"""Which file beside a model is its projector, by which it sees pictures. Looks at names alone."""

from __future__ import annotations

import re
from pathlib import Path

from devchat.models.gguf import PART

_MARK = re.compile(r"[-_.]?mmproj[-_.]?", re.IGNORECASE)
# Model and projector come in precisions of their own: `Q4_K_M`, `IQ3_XXS`, `BF16`, `MXFP4`.
_PRECISION = re.compile(
    r"[-_.]((ud|i1)-)?(i?q\d\w*|tq\d\w*|b?f16|f32|fp16|fp32|mxfp4\w*)$", re.IGNORECASE
)
_NAMELESS = ("", "model")


def find_projector(path: Path) -> Path | None:
    """Find the projector of a model file in its folder.

    Its name is the model's with `mmproj` before, after or in it, precision apart; where there is
    one model alone, it may be just `mmproj.gguf`.
    """
    files = sorted(path.parent.glob("*.gguf"))
    own = _base(path)
    projectors = {_base(file): file for file in files if _MARK.search(file.name)}
    if own in projectors:
        return projectors[own]
    alone = {_base(file) for file in files if not _MARK.search(file.name)} <= {own}
    return next((projectors[name] for name in _NAMELESS if alone and name in projectors), None)


def _base(path: Path) -> str:
    """Give what a model and its projector share of their names."""
    stem = PART.sub("", path.name).removesuffix(".gguf")
    bare = _MARK.sub("-", f"-{stem}-").strip("-")
    return _PRECISION.sub("", f"-{bare}").strip("-").casefold()
