"""`devchat prompts`, as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from devchat.settings import Paths
from tests.conftest import Devchat

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.measured
def test_list_tells_whose_each_is(devchat: Devchat, paths: Paths) -> None:
    paths.prompts.mkdir(parents=True)
    (paths.prompts / "ask.md").write_text("# User\nhello\n")
    (paths.prompts / "broken.md").write_text("# Usr\nhello\n")
    done = devchat("prompts", "list")
    lines = done.stdout.split("\n")
    assert done.returncode == 0
    assert [line.split()[:2] for line in lines if "yours" in line] == [
        ["ask", "yours,"],
        ["broken", "yours"],
    ]
    assert any(line.split()[:2] == ["commit", "devchat's"] for line in lines)
    assert "broken.md: prompt `broken`, line 1: unknown section `# Usr`" in done.stderr


@pytest.mark.measured
def test_show_prints_the_file(devchat: Devchat) -> None:
    done = devchat("prompts", "show", "ask")
    assert done.stdout == (ROOT / "prompts" / "ask.md").read_text()
    assert done.returncode == 0


@pytest.mark.measured
def test_new_edit_use(devchat: Devchat, paths: Paths) -> None:
    made = devchat("prompts", "new", "mine")
    assert made.stdout == f"{paths.prompts}/mine.md\n"
    assert made.returncode == 0
    assert "# Example" in made.stderr
    assert devchat("prompts", "edit", "mine", env={"EDITOR": "true"}).returncode == 0
    again = devchat("prompts", "new", "mine")
    assert again.returncode == 2
    assert "error: there is a prompt named `mine` already" in again.stderr
    assert devchat("prompts", "new", "ask").returncode == 2


def test_edit_copies_a_shipped_prompt_once_and_checks_it(devchat: Devchat, paths: Paths) -> None:
    own = paths.prompts / "ask.md"
    first = devchat("prompts", "edit", "ask", env={"EDITOR": "sed -i 's/# User$/# Usr/'"})
    assert first.returncode == 2
    assert f"copied `ask` to {own}" in first.stderr
    assert "unknown section `# Usr`" in first.stderr
    second = devchat("prompts", "edit", "ask", env={"VISUAL": "sed -i 's/# Usr/# User/'"})
    assert (second.returncode, second.stderr) == (0, "")
    assert own.read_text() == (ROOT / "prompts" / "ask.md").read_text()


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["show", "aks"], 2, "no prompt named `aks`\n\nhint: did you mean `ask`?"),
        (["show", "../ask"], 2, "a prompt can't be named `../ask`"),
        (["new", "a/b"], 2, "a prompt can't be named `a/b`"),
        (["edit", "nothing-like-it"], 2, "hint: `devchat prompts list`"),
    ],
)
def test_mistakes(devchat: Devchat, args: list[str], code: int, message: str) -> None:
    done = devchat("prompts", *args)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stdout == ""


@pytest.mark.measured
@pytest.mark.parametrize("editor", ["no-such-editor-here", "false", "'"])
def test_an_editor_that_fails(devchat: Devchat, editor: str) -> None:
    done = devchat("prompts", "edit", "ask", env={"EDITOR": editor})
    assert done.returncode == 2
    assert f"the editor `{editor}`" in done.stderr


def test_a_place_that_can_not_be_written(devchat: Devchat, home: Path) -> None:
    (home / "config").write_text("")
    done = devchat("prompts", "new", "mine")
    assert done.returncode == 6
    assert "can't be written" in done.stderr
