"""A change and reviews of it, made by hand: what tests of renderers draw."""

from __future__ import annotations

from dataclasses import replace

from devchat.changes import (
    AnalyzerReceipt,
    Diff,
    FileDiff,
    FileReceipt,
    Finding,
    Hunk,
    HunkReceipt,
    HunkState,
    Line,
    Receipt,
    Review,
)
from devchat.types import Usage

KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
LINES = (
    Line(" ", "def total(self):", 38, 40),
    Line(" ", "    for item in self.items:", 39, 41),
    Line("-", "        if item.price == 0:", 40, None),
    Line("+", "        if item.price is 0:", None, 42),
    Line(" ", "            continue", 41, 43),
    Line("+", f'AWS = "{KEY}"', None, 44),
    Line("+", '名 = "价格"', None, 45),
)
HUNK = Hunk("@@ -38,4 +40,6 @@", 38, 4, 40, 6, LINES)
DIFF = Diff((FileDiff("shop/cart.py", "shop/cart.py", "modified", (HUNK,)),))

IDENTITY = Finding(
    "shop/cart.py",
    "RIGHT",
    42,
    42,
    "error",
    "bug",
    "Identity is compared, not the value",
    "A price of 0 from the database is another object, so `is` lets free items through.",
    "        if item.price is 0:",
    suggestion="        if item.price == 0:",
    source="ruff",
    rule="F632",
    proven=True,
    fingerprint="f00d",
)
REMOVED = Finding(
    "shop/cart.py",
    "LEFT",
    40,
    40,
    "warning",
    "compatibility",
    "The check for free items is gone",
    "`web.py` relies on it:\n\n- the cart page divides by the total\n- 购物车页面也用到它。",
    "        if item.price == 0:",
)
SECRET = Finding(
    "shop/cart.py",
    "RIGHT",
    44,
    44,
    "error",
    "secret",
    "An AWS access key is in the code",
    "Revoke it.",
    'AWS = "AKIA…"',
    source="secrets",
    rule="AWS Access Key",
)
NOWHERE = Finding(
    "shop/cart.py", "RIGHT", None, None, "note", "test", "Nothing tests an empty cart", "It is.", ""
)
FINDINGS = (IDENTITY, SECRET, REMOVED, NOWHERE)

REMEDY = "is not installed: pip install 'devchat-cli[analyzers]'"
ANALYZERS = (
    AnalyzerReceipt("python-syntax", "ran"),
    AnalyzerReceipt("ruff", "ran", "0.17.5"),
    AnalyzerReceipt("shellcheck", "absent", "", f"`shellcheck` {REMEDY}"),
    AnalyzerReceipt("zizmor", "absent", "", f"`zizmor` {REMEDY}"),
    AnalyzerReceipt("secrets", "failed", "1.5.0", "it took longer than 20 s"),
)
FILES = (
    FileReceipt("shop/cart.py", (HunkReceipt("@@ -38,4 +40,6 @@", "reviewed"),)),
    FileReceipt("shop/web.py", (HunkReceipt("@@ -1 +1 @@", "failed", "no answer came"),)),
    FileReceipt("poetry.lock", (HunkReceipt("@@ -1 +1 @@", "skipped"),), "a lock file"),
    FileReceipt("logo.png", (), "binary"),
)
RECEIPT = Receipt(
    FILES,
    ANALYZERS,
    "SmolLM2-135M-Instruct",
    "this machine",
    "tiny",
    Usage(1234, 56),
    "main",
    "the work tree",
    {"refuted": 2},
    ("untracked, so not in it: `new.py`",),
    4.21,
)
REVIEW = Review("The cart skips free items.", FINDINGS, RECEIPT, (REMOVED, NOWHERE))


def receipt(*states: HunkState, reason: str = "") -> Receipt:
    """Make a receipt of one file with a hunk in each state, whose analyzers all ran."""
    files = (FileReceipt("a.py", tuple(HunkReceipt("@@", state, reason) for state in states)),)
    return replace(RECEIPT, files=files, analyzers=ANALYZERS[:2], dropped={}, notes=())


CLEAN = Review("Fine.", (), receipt("reviewed"))


def one(finding: Finding) -> Review:
    """Make a review of one finding."""
    return Review("", (finding,), receipt("reviewed"))
