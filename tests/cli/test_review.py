"""`devchat review` through its front door: what it reviews, prints, writes, and exits with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from devchat.changes import AnalyzerReceipt
from devchat.cli.review.ending import exit_code
from devchat.render.review.objects import review_schema
from tests.cli.conftest import Script
from tests.cli.reviewing import CLEAN, HEAD, Repository, answer, new_repository
from tests.conftest import Devchat
from tests.render.review import sample

TEXT = """\
✖ error  Use `==` to compare constant literals
  cart.py:3 · bug · ruff F632

  1 │ class Cart:
  2 │     def total(self):
▸ 3 │         if self.count is 0:
    │
    │ `is` asks whether both are one object in memory, which for equal values is
    │ left to chance. Compare with `==` or `!=`.
    │
    │ suggestion: it was applied, and the file still parses
  - │         if self.count is 0:
  + │         if self.count == 0:

✖ error  An empty cart has no total
  cart.py:4 · bug · model

  2 │     def total(self):
  3 │         if self.count is 0:
▸ 4 │             return None
    │
    │ With count 0 the caller adds None to a number and fails.
    │
    │ suggestion: it was applied, and the file still parses
  - │             return None
  + │             return 0

✖ 2 errors
  The total of an empty cart.
"""


@pytest.fixture
def repository(home: Path) -> Repository:
    return new_repository(home / "repo")


@pytest.fixture
def model(scripted: Script, home: Path) -> str:
    scripted(answer(severity="error"))
    return f"scripted:{home / 'script.json'}"


def test_a_change_is_reviewed(devchat: Devchat, repository: Repository, model: str) -> None:
    done = devchat("review", "-m", model, cwd=repository.folder, stdin=None)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith(TEXT)
    assert f"  model      {model} on this machine, " in done.stdout
    assert "  reviewed   1 hunk in 1 file\n" in done.stdout


def test_without_a_model_only_analyzers_look(devchat: Devchat, repository: Repository) -> None:
    done = devchat("review", "--no-model", cwd=repository.folder, stdin=None)
    assert done.returncode == 1
    assert "1 hunk in 1 file: analyzers only\n" in done.stdout
    assert "model      no model spoke, " in done.stdout


def found(devchat: Devchat, *args: str, cwd: Path, stdin: str | None = None) -> list[str]:
    """Return the files that a review is about."""
    done = devchat("review", "--no-model", "--format", "json", *args, cwd=cwd, stdin=stdin)
    assert done.returncode in (0, 1), done.stderr
    return [file["path"] for file in json.loads(done.stdout)["receipt"]["files"]]


def test_what_is_reviewed_can_be_named(devchat: Devchat, repository: Repository) -> None:
    folder = repository.folder
    repository.git("checkout", "-q", "-b", "topic")
    repository.write("committed.py", "x = 1\n")
    repository.git("add", "committed.py")
    repository.git("commit", "-q", "-m", "more")
    repository.write("staged.py", "y = 1\n")
    repository.git("add", "staged.py")
    assert found(devchat, cwd=folder) == ["cart.py", "committed.py", "staged.py"]
    assert found(devchat, "--staged", cwd=folder) == ["staged.py"]
    assert found(devchat, "--worktree", cwd=folder) == ["cart.py"]
    assert found(devchat, "main..topic", cwd=folder) == ["committed.py"]
    assert found(devchat, "HEAD", cwd=folder) == ["cart.py", "staged.py"]
    patch = repository.git("diff", "--cached")
    assert found(devchat, "--staged", cwd=folder, stdin="not read") == ["staged.py"]
    assert found(devchat, cwd=folder, stdin=patch) == ["staged.py"]
    assert found(devchat, "-", cwd=folder.parent, stdin=patch) == ["staged.py"]
    (folder / "one.patch").write_text(patch)
    assert found(devchat, "one.patch", cwd=folder) == ["staged.py"]


def states(devchat: Devchat, *args: str, cwd: Path) -> dict[str, str]:
    done = devchat("review", "--no-model", "--format", "json", *args, cwd=cwd, stdin=None)
    files = json.loads(done.stdout)["receipt"]["files"]
    return {file["path"]: file["hunks"][0]["state"] for file in files}


def test_only_some_paths(devchat: Devchat, repository: Repository) -> None:
    repository.write("web/app.js", "let x = 1;\n")
    repository.git("add", "-A")
    seen = states(devchat, "--path", "*.js", "--path", "docs/", cwd=repository.folder)
    assert seen == {"cart.py": "skipped", "web/app.js": "reviewed"}


EXITS = [
    ((), 1),
    (("--fail-on", "warning"), 1),
    (("--fail-on", "never"), 0),
    (("--max-findings", "0"), 1),
    (("--path", "*.js"), 0),
]


@pytest.mark.measured
@pytest.mark.parametrize(("args", "code"), EXITS, ids=[" ".join(args) for args, _ in EXITS])
def test_exit_codes(
    devchat: Devchat, repository: Repository, args: tuple[str, ...], code: int
) -> None:
    done = devchat("review", "--no-model", *args, cwd=repository.folder, stdin=None)
    assert (done.returncode, done.stderr) == (code, "")


def test_findings_below_what_is_wanted(
    devchat: Devchat, repository: Repository, scripted: Script, home: Path
) -> None:
    repository.write("cart.py", CLEAN)
    model = f"scripted:{home / 'script.json'}"
    for level, codes in {"warning": (0, 1, 1), "note": (0, 0, 1)}.items():
        for fail_on, code in zip(("error", "warning", "note"), codes, strict=True):
            scripted(answer(severity=level))
            args = ("review", "-m", model, "--fail-on", fail_on)
            assert devchat(*args, cwd=repository.folder, stdin=None).returncode == code
    scripted(answer(severity="note"))
    floor = ("--min-severity", "warning", "--fail-on", "note")
    done = devchat("review", "-m", model, *floor, cwd=repository.folder, stdin=None)
    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "✔ No findings in 1 file")


def test_a_part_that_failed_comes_before_findings(
    devchat: Devchat, repository: Repository, scripted: Script, home: Path
) -> None:
    scripted("not what was asked for", "nor this")
    model = f"scripted:{home / 'script.json'}"
    done = devchat("review", "-m", model, cwd=repository.folder, stdin=None)
    assert done.returncode == 7
    assert "part of the review failed (1 of 1 hunk)" in done.stdout
    assert "  failed     1 hunk in cart.py: " in done.stdout


def test_an_analyzer_that_gave_up_is_a_part_that_failed() -> None:
    gave_up = replace(sample.CLEAN.receipt, analyzers=(AnalyzerReceipt("zizmor", "failed"),))
    absent = replace(sample.CLEAN.receipt, analyzers=(AnalyzerReceipt("zizmor", "absent"),))
    assert exit_code(replace(sample.CLEAN, receipt=gave_up), "never") == 7
    assert exit_code(replace(sample.CLEAN, receipt=absent), "never") == 0


@pytest.mark.measured
def test_the_output_is_written_as_a_whole(
    devchat: Devchat, repository: Repository, home: Path
) -> None:
    done = devchat(
        "review",
        "--no-model",
        "--format",
        "json",
        "-o",
        "out.json",
        cwd=repository.folder,
        stdin=None,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "the review is in out.json\n"
    assert set(json.loads((repository.folder / "out.json").read_text())) == set(
        review_schema()["required"]
    )
    assert sorted(path.name for path in repository.folder.iterdir()) == [
        ".git", "cart.py", "out.json",
    ]  # fmt: skip


def test_an_output_keeps_its_mode_and_may_be_a_link_or_a_device(
    devchat: Devchat, repository: Repository
) -> None:
    folder = repository.folder
    (folder / "real.md").write_text("old")
    (folder / "real.md").chmod(0o640)
    (folder / "link.md").symlink_to("real.md")
    args = ("review", "--no-model", "--format", "markdown", "-o")
    devchat(*args, "link.md", cwd=folder, stdin=None)
    assert (folder / "link.md").is_symlink()
    assert (folder / "real.md").read_text().startswith("## devchat: 1 error\n")
    assert (folder / "real.md").stat().st_mode & 0o777 == 0o640
    assert devchat(*args, "/dev/stdout", cwd=folder, stdin=None).stdout.startswith(
        "## devchat: 1 error"
    )


UNWRITABLE = [
    ("missing/out.json", "`missing/out.json` can't be written: there is no folder `missing`"),
    (".", "`.` can't be written: it is a folder"),
    ("/proc/out.json", "`/proc/out.json` can't be written: "),
    ("/dev/full", "`/dev/full` can't be written: no space left on device"),
]


@pytest.mark.parametrize(("path", "message"), UNWRITABLE, ids=[path for path, _ in UNWRITABLE])
def test_an_output_that_cannot_be_written(
    devchat: Devchat, repository: Repository, path: str, message: str
) -> None:
    done = devchat("review", "--no-model", "-o", path, cwd=repository.folder, stdin=None)
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr.startswith(f"error: {message}")
    assert "hint: `--output` takes the path of a file" in done.stderr


@pytest.mark.measured
def test_a_dry_run_shows_what_would_be_asked(
    devchat: Devchat, repository: Repository, model: str
) -> None:
    done = devchat(
        "review", "-m", model, "--dry-run", "--seed", "7", cwd=repository.folder, stdin=None
    )
    assert done.returncode == 0
    assert done.stdout.startswith(f"model    {model} on this machine, window of 8,192 tokens\n")
    assert "=== request 1 of 1\noptions  " in done.stdout and "seed 7" in done.stdout
    assert "--- system, " in done.stdout and "if self.count is 0:" in done.stdout
    assert done.stdout.split("\n")[-2].endswith(" tokens in 1 request")
    args = ("review", "-m", model, "--dry-run", "--format", "json")
    (request,) = json.loads(devchat(*args, cwd=repository.folder, stdin=None).stdout)["requests"]
    assert request["messages"][0]["role"] == "system" and request["messages"][0]["tokens"] > 0


@pytest.mark.measured
def test_a_dry_run_that_would_ask_nothing(devchat: Devchat, repository: Repository) -> None:
    args = ("review", "--no-model", "--dry-run")
    assert devchat(*args, cwd=repository.folder, stdin=None).stdout == "no model would be asked\n"
    done = devchat(*args, "--format", "json", cwd=repository.folder, stdin=None)
    assert json.loads(done.stdout) == {"version": 1, "model": None, "requests": []}


def test_examples_go_along_as_many_as_wanted(
    devchat: Devchat, repository: Repository, model: str
) -> None:
    counts = []
    for shots in ("0", "1"):
        args = ("review", "-m", model, "--dry-run", "--format", "json", "--shots", shots)
        (request,) = json.loads(devchat(*args, cwd=repository.folder, stdin=None).stdout)[
            "requests"
        ]
        counts.append(len(request["messages"]))
    assert counts == [2, 4]


def test_the_policy_of_the_work_tree_is_obeyed_only_when_trusted(
    devchat: Devchat, repository: Repository
) -> None:
    repository.write(".devchat.toml", 'ignore = ["cart.py"]\n')
    repository.git("add", "-A")
    assert states(devchat, cwd=repository.folder)["cart.py"] == "reviewed"
    trusting = states(devchat, "--trust-worktree-config", cwd=repository.folder)
    assert trusting["cart.py"] == "skipped"


def test_notes_of_the_change_and_its_policy_are_in_the_receipt(
    devchat: Devchat, repository: Repository
) -> None:
    repository.write("new.py", HEAD)
    done = devchat("review", "--no-model", cwd=repository.folder, stdin=None)
    assert "note       untracked, so not in it: `new.py`" in done.stdout
