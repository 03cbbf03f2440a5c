"""Standard streams that are closed, full or in a poor encoding, and a folder that is gone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Devchat

Shell = Callable[[str], "subprocess.CompletedProcess[str]"]
ANSWER = "ask -m scripted:script.json hello"


@pytest.fixture
def shell(environ: dict[str, str], home: Path) -> Shell:
    """Run a line of `sh` in `home`, where `devchat` is ours and a script has one answer."""
    answer = "你好\n\n```python\nprint(1)\n```\n"
    (home / "script.json").write_text(json.dumps({"answers": [answer]}))

    def run(line: str) -> subprocess.CompletedProcess[str]:
        devchat = f'devchat() {{ "{sys.executable}" -m devchat "$@"; }}\n'
        return subprocess.run(
            ["sh", "-c", devchat + line],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environ,
            cwd=home,
            timeout=120,
            check=False,
            text=True,
        )

    return run


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_takes_no_answer_away(shell: Shell, closed: str) -> None:
    done = shell(f"devchat {ANSWER} {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("你好") == (">&- " not in f" {closed} ".replace("2>&-", ""))


def test_the_exit_code_survives_a_closed_or_full_stderr(shell: Shell) -> None:
    for place in ("2>&-", "2>/dev/full"):
        assert shell(f"devchat ask -m scripted:script.json -f none hello {place}").returncode == 5
        assert shell(f"devchat {ANSWER} {place}").returncode == 0


@pytest.mark.measured
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "command",
    [ANSWER, f"{ANSWER} --json", f"{ANSWER} -x", f"{ANSWER} --dry-run"]
    + ["config show", "models list", "prompts list", "--help", "--version", "-V"],
)
def test_a_full_disk_is_a_local_failure(shell: Shell, command: str, unbuffered: str) -> None:
    done = shell(f"PYTHONUNBUFFERED={unbuffered} devchat {command} >/dev/full")
    assert done.returncode == 6
    assert "error: standard output can't be written: no space left on device" in done.stderr
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


def test_every_reader_may_leave(shell: Shell) -> None:
    for command in (ANSWER, "config show", "--version", "ask -f none hello"):
        done = shell(f"{{ devchat {command}; echo $? >&3; }} 3>code 2>&1 | true; cat code")
        assert done.stdout.strip() in ("0", "5")
        assert done.stderr == ""


def test_a_poor_encoding_loses_nothing(devchat: Devchat, shell: Shell, home: Path) -> None:
    shell("true")
    (home / "文.txt").write_text("x\n")
    poor = {"PYTHONIOENCODING": "ascii"}
    line = ("ask", "-m", "scripted:script.json", "-f", "文.txt", "什么")
    for extra in ((), ("--dry-run",)):
        done = devchat(*line, *extra, env=poor)
        assert (done.returncode, done.stderr) == (0, "")
        assert "\\u" in done.stdout and done.stdout.isascii()
    done = devchat(*line, "--json", env=poor)
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["answer"].startswith("你好")
    done = devchat(*line, "--dry-run", "--json", env=poor)
    assert json.loads(done.stdout)["messages"][-1]["content"].endswith("什么")


def test_a_dry_run_for_programs_commands_no_terminal(devchat: Devchat, shell: Shell) -> None:
    shell("true")
    done = devchat("ask", "-m", "scripted:script.json", "--dry-run", "--json", "a\x9b\u202eb")
    assert "\\u009b\\u202e" in done.stdout


def test_a_deleted_folder_is_no_reason_to_fail(shell: Shell, home: Path) -> None:
    gone = "mkdir gone; cd gone; rmdir ../gone; devchat ask -m scripted:../home.json"
    script = home / "script.json"
    done = shell(f"{gone.replace('../home.json', str(script))} hello")
    assert (done.returncode, done.stderr) == (0, "")
    done = shell(f"{gone.replace('../home.json', str(script))} -f x hello")
    assert done.returncode == 5
    assert "`x` does not exist" in done.stderr
    leave = gone.partition("devchat")[0]
    text = 'Traceback (most recent call last):\\n  File "x.py", line 1\\nValueError: no\\n'
    done = shell(f"{leave} printf '{text}' | devchat explain -m scripted:{script}")
    assert done.returncode == 0, done.stderr
    done = shell(f"{leave} devchat review")
    assert done.returncode == 5
    assert done.stderr.startswith("error: the folder you are in can't be read")


@pytest.mark.measured
def test_the_version_is_told_whatever_follows(devchat: Devchat) -> None:
    for line in (["--version"], ["-V"], ["-V", "ask"]):
        done = devchat(*line)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("devchat ")


def test_help_without_a_command_is_whole(devchat: Devchat) -> None:
    done = devchat()
    assert done.returncode == 0
    assert done.stdout.rstrip().endswith(".")
