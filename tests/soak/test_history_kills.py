"""A thousand kills of a process that writes its history."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.history.killing import kill_often


@pytest.mark.soak
def test_a_thousand_kills_lose_no_finished_turn(home: Path) -> None:
    for number in range(20):
        assert kill_often(home / f"{number}.db", 50) > 0
