"""`devchat review` with nothing set: analyzers find, the embedded model words it, and says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from devchat.backends.local.control import stop_engines
from tests.cli.reviewing import CLEAN, new_repository
from tests.conftest import Devchat

ROOT = Path(__file__).parents[2]
TINY = "`SmolLM2-135M-Instruct` is too small to find faults"


@pytest.fixture(autouse=True)
def ended(home: Path) -> Iterator[None]:
    yield
    stop_engines(home / "run", None)


@pytest.mark.engine
def test_a_piped_change_is_reviewed_with_a_receipt(devchat: Devchat, home: Path) -> None:
    repository = new_repository(home / "repo")
    patch = repository.git("diff", "HEAD")
    done = devchat("review", "--format", "json", stdin=patch, cwd=repository.folder)
    assert (done.returncode, done.stderr) == (1, "")
    review = json.loads(done.stdout)
    assert [one["rule"] for one in review["findings"]] == ["F632"]
    assert review["summary"].startswith("1 error in 1 hunk of 1 file.")
    receipt = review["receipt"]
    assert (receipt["model"], receipt["tier"]) == ("SmolLM2-135M-Instruct", "tiny")
    assert receipt["location"] == "this machine" and receipt["usage"]["completion_tokens"] > 0
    assert receipt["notes"][0].startswith(TINY)


@pytest.mark.engine
def test_a_tiny_model_that_may_find_is_bound_to_lines_of_the_change(
    devchat: Devchat, home: Path
) -> None:
    repository = new_repository(home / "repo")
    args = ("review", "--model-findings", "--format", "json", "--temperature", "0")
    done = devchat(*args, cwd=repository.folder, stdin=None)
    assert done.returncode in (1, 7), done.stderr
    review = json.loads(done.stdout)
    lines = (repository.folder / "cart.py").read_text().split("\n")
    for one in (*review["findings"], *review["overflow"]):
        if one["side"] == "RIGHT" and one["line"] is not None:
            assert one["quote"] == "\n".join(lines[one["start_line"] - 1 : one["line"]])


@pytest.mark.engine
def test_a_clean_change_is_quiet(devchat: Devchat, home: Path) -> None:
    repository = new_repository(home / "repo")
    repository.write("cart.py", CLEAN)
    done = devchat("review", cwd=repository.folder, stdin=None)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *notes = done.stdout.removesuffix("\n").split("\n")
    assert first == "✔ No findings in 1 file, analyzers only"
    assert second.startswith("  main (")
    assert " ".join(" ".join(notes).split()).partition(TINY)[1]


def test_the_change_that_the_demo_shows_has_its_four_faults(devchat: Devchat) -> None:
    patch = ROOT / "docs" / "demo.patch"
    done = devchat("review", "--no-model", "--format", "json", str(patch))
    assert done.returncode == 1
    found = [one["rule"] for one in json.loads(done.stdout)["findings"]]
    assert sorted(found) == ["F507", "F632", "F821", "SC2086"]
