"""The report of an internal error, where there is no place for one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from devchat.cli.report import write_report


def test_without_a_place_for_it_there_is_none(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(home / "gone"))
    assert write_report(ValueError("broken"), ["ask"]) is None
