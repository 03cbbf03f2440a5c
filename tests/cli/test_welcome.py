"""`devchat` alone says what it can do, and its examples do work."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Script
from tests.conftest import Devchat

PIPED = "error: something is piped in, and no command says what to do with it\n"


def sh(line: str, environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of `sh` in a folder, where `devchat` is ours."""
    ours = f'devchat() {{ "{sys.executable}" -m devchat "$@"; }}\n'
    command = ["sh", "-c", ours + line]
    return subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True)


@pytest.mark.measured
def test_it_says_in_ten_lines_what_it_can_do(devchat: Devchat) -> None:
    done = devchat()
    assert (done.stderr, done.returncode) == ("", 0)
    lines = done.stdout.removesuffix("\n").split("\n")
    assert len(lines) <= 10 and max(map(len, lines)) <= 80
    assert lines[0].startswith("devchat answers about your code")


def test_its_examples_work(
    devchat: Devchat, environ: dict[str, str], scripted: Script, home: Path
) -> None:
    (home / "README.md").write_text("# Shop\n")
    environ |= {"DEVCHAT_MODEL": scripted("It does.", "It does.", "It does.")}
    examples = re.findall(r"^  (\S.*?)  ", devchat().stdout, re.M)
    assert [one.split()[1] for one in examples] == ["ask", "explain", "show", "chat"]
    commit = "git -c user.name=Ann -c user.email=ann@example.com commit -qm shop"
    assert sh(f"git init -q && git add README.md && {commit}", environ, home).returncode == 0
    for example in examples:
        done = sh(f"{example} < /dev/null" if "|" not in example else example, environ, home)
        if example == "devchat chat":
            assert "needs a terminal" in done.stderr
        else:
            assert (done.stdout, done.returncode) == ("It does.\n", 0), done.stderr


@pytest.mark.measured
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("echo x | devchat", 2, PIPED),
        ("devchat < script.json", 2, PIPED),
        (": | devchat", 0, ""),
        ("devchat < /dev/null", 0, ""),
        ("devchat <&-", 0, ""),
        ("devchat < empty", 0, ""),
        ("{ sleep 2; echo late 2>/dev/null; } | devchat", 0, ""),
    ],
)
def test_what_is_piped_in_wants_a_command(
    environ: dict[str, str], scripted: Script, home: Path, line: str, code: int, said: str
) -> None:
    scripted()
    (home / "empty").touch()
    done = sh(line, environ, home)
    assert done.returncode == code
    assert done.stderr.startswith(said) and bool(done.stderr) == bool(said)
    assert bool(done.stdout) == (code == 0)
    assert "`... | devchat explain` explains it" in done.stderr or not said


def test_nothing_heavy_is_imported(environ: dict[str, str]) -> None:
    code = (
        "import sys\nsys.argv = ['devchat']\nfrom devchat.__main__ import main\nmain()\n"
        "print(sorted({'typer', 'typing', 're', 'dataclasses', 'sqlite3'} & sys.modules.keys()))"
    )
    # Coverage imports things of its own.
    kept = {name: value for name, value in environ.items() if not name.startswith("COV")}
    line = [sys.executable, "-S", "-c", code]
    done = subprocess.run(line, env=kept, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.stderr == "" and done.stdout.endswith("\n[]\n")
