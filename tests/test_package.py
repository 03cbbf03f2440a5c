"""The wheel, in an environment that has nothing else: it carries its prompts and works anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, cwd=cwd, env=kept | environ, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and its base requirements; returns its bin folder."""
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    made = run(BIN / "uv", "venv", "--python", sys.executable, folder / "env", cwd=folder)
    assert made.returncode == 0, made.stderr
    done = run(
        BIN / "uv", "pip", "install", "--python", folder / "env", "--constraint",
        ROOT / "requirements.lock", wheel, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "env" / "bin"


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "DEVCHAT_CONFIG_DIR": str(tmp_path / "config"),
        "DEVCHAT_DATA_DIR": str(tmp_path / "data"),
        "DEVCHAT_RUNTIME_DIR": str(tmp_path / "run"),
    }


def test_the_wheel_carries_its_prompts(
    installed: Path, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    done = run(installed / "devchat", "prompts", "show", "ask", cwd=tmp_path, **elsewhere)
    assert done.stdout == (ROOT / "prompts" / "ask.md").read_text()


def test_the_wheel_carries_its_manual_page_where_man_looks(installed: Path) -> None:
    page = installed.parent / "share" / "man" / "man1" / "devchat.1"
    assert page.read_text() == (ROOT / "docs" / "devchat.1").read_text()


def test_the_wheel_answers(installed: Path, tmp_path: Path, elsewhere: dict[str, str]) -> None:
    (tmp_path / "answers.json").write_text(json.dumps({"answers": ["It **works**."]}))
    line = ("ask", "-m", "scripted:answers.json", "does it?")
    done = run(installed / "devchat", *line, cwd=tmp_path, **elsewhere)
    assert (done.stdout, done.returncode) == ("It **works**.\n", 0), done.stderr


def test_without_a_model_it_says_what_to_install(
    installed: Path, tmp_path: Path, elsewhere: dict[str, str]
) -> None:
    done = run(installed / "devchat", "ask", "anyone?", cwd=tmp_path, **elsewhere)
    assert done.returncode == 3
    assert "devchat-cli[tiny]" in done.stderr
