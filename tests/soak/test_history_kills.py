"""A thousand kills of a process that writes its history."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.history.killing import kill_often


@pytest.mark.soak
def test_a_thousand_kills_lose_no_finished_turn(home: Path) -> None:
    finished = [kill_often(home / f"{number}.db", 50) for number in range(20)]
    assert all(finished)
    print(f"\n1,000 kills, {sum(finished):,} finished turns, all of them there")  # with -s
