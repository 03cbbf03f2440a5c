"""What runs on a stranger's text is held by limits, and what goes wrong is told in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from devchat.analyzers import Analyzer, limits, open_analyzers
from devchat.analyzers.checked import Checked, check_all
from devchat.analyzers.child import main
from devchat.analyzers.problem import Problem
from devchat.analyzers.ruff import Ruff
from devchat.analyzers.sandbox import Limits, run, scratch
from devchat.analyzers.secrets import Secrets
from devchat.analyzers.shellcheck import Shellcheck
from devchat.analyzers.tool import Tool, find_tool
from devchat.analyzers.zizmor import Zizmor
from devchat.errors import AnalyzerError
from tests.review.changes import Trees
from tests.review.changes import run as review

SHORT = Limits(seconds=1, memory=300 << 20, output=1 << 20)
CHANGE = Trees(
    {},
    {
        "a.py": "a = 1\n",
        "a.sh": "#!/bin/bash\necho\n",
        ".github/workflows/a.yml": "on: push\n",
        "a.json": "{}\n",
    },
)
Fake = Callable[[str], Tool]


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """Make a tool of some lines of Python."""

    def make(code: str) -> Tool:
        path = tmp_path / "tool"
        path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{code}\n")
        path.chmod(0o700)
        return Tool("tool", str(path), limits=SHORT)

    return make


FAULTS = [
    ("time.sleep(60)", "`tool` took longer than 1 seconds"),
    ("while True: pass", "`tool` "),
    ("x = bytearray(1 << 30)", "`tool` failed: MemoryError"),
    ("while True: print('x' * 1000)", "`tool` failed: OSError: [Errno 27] File too large"),
    ("os.kill(os.getpid(), 9)", "`tool` was stopped by its limits (SIGKILL)"),
    ("sys.exit('no such \\x1b[31moption')", "`tool` failed: no such ␛[31moption"),
    ("sys.exit(9)", "`tool` failed: exit status 9"),
    ("print('garbage')", "`tool` answered in a form that is not known"),
    ("print('[1]')", "`tool` answered in a form that is not known"),
    ("print('[{\"ident\": 1}]')", ""),
]


@pytest.mark.parametrize(("code", "message"), FAULTS)
@pytest.mark.parametrize("opened", [Ruff, Shellcheck, Zizmor])
def test_a_tool_that_fails_is_an_analyzer_error(
    opened: Callable[[Tool], Analyzer], code: str, message: str, fake: Fake
) -> None:
    analyzer = opened(fake(code))
    if not message and opened is Zizmor:
        assert list(analyzer.analyse(CHANGE.diff(), CHANGE)) == []
        return
    with pytest.raises(AnalyzerError) as caught:
        list(analyzer.analyse(CHANGE.diff(), CHANGE))
    assert caught.value.message.startswith(message)
    assert "\n" not in caught.value.message


def test_a_tool_that_is_not_there_says_how_to_get_it() -> None:
    for opened in (Ruff, Shellcheck, Zizmor):
        analyzer = opened(Tool("tool", ""))
        assert analyzer.absent == "`tool` is not installed: pip install 'devchat-cli[analyzers]'"
        assert analyzer.version == ""
    library = Checked("x", "x", lambda pair: "x", "no_such_library", "no-such-library")
    assert library.absent.startswith("`no-such-library` is not installed")
    assert library.version == ""
    assert Checked("x", "x", lambda pair: "x").absent == ""
    assert Checked("x", "x", lambda pair: "x", "json", "no-such-library").version == ""


def test_a_check_in_the_child_is_the_check_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = "devchat.analyzers.json_syntax"
    deep, wrong = "[" * 100_000, "{"
    (tmp_path / "000000.json").write_text(deep)
    (tmp_path / "000001.json").write_text(wrong)
    monkeypatch.chdir(tmp_path)
    main(module)
    said = json.loads(capsys.readouterr().out)
    assert (said["000000"], said["000001"][0]["line"]) == (None, 1)
    [unknown, known] = check_all(module, [("json", deep), ("json", wrong)])
    assert unknown is None
    assert known == [Problem(**said["000001"][0])]


@pytest.mark.parametrize("limit", ["1", "999999999999"])
def test_limits_are_lowered_and_never_raised(limit: str) -> None:
    script = str(Path(limits.__file__))
    code = "import resource as r; print([r.getrlimit(i)[1] for i in (r.RLIMIT_CPU, r.RLIMIT_CORE)])"
    command = [sys.executable, script, "5", str(1 << 30), limit, sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout in ("[5, 0]\n", "")) and done.returncode in (0, -25, 153)
    again = [sys.executable, script, "9", str(2 << 30), "99", *command]
    done = subprocess.run(again, capture_output=True, text=True, check=False)
    assert "ValueError" not in done.stderr


def test_a_tool_that_went_away_is_an_analyzer_error(tmp_path: Path) -> None:
    with pytest.raises(AnalyzerError):
        list(Ruff(Tool("ruff", str(tmp_path / "gone"))).analyse(CHANGE.diff(), CHANGE))


def test_versions_are_asked_for_where_they_are_not_known(fake: Fake) -> None:
    assert fake("print('tool 1.2.3 (x)')").version == "1.2.3"
    assert fake("sys.exit(1)").version == ""
    assert fake("time.sleep(60)").version == ""
    assert replace(fake("1"), known="4.5").version == "4.5"


def test_a_tool_is_found_on_path_but_not_in_a_relative_folder(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = fake("print('1.0')").path
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}/usr/bin")
    monkeypatch.chdir(tmp_path)
    assert find_tool("tool", "").path == ""
    monkeypatch.setenv("PATH", f".{os.pathsep}{tmp_path}")
    assert find_tool("tool", "").path == path
    assert find_tool("ruff", "ruff").path != path
    assert find_tool("ruff", "no-such-library").known == ""


def test_a_tool_sees_nothing_of_the_user(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    code = "import json\nseen = os.listdir(), sys.stdin.read(), sys.argv[1:]\n"
    code += "print(json.dumps([*seen, sorted(os.environ), os.getcwd()]))"
    listed, read, arguments, names, folder = fake(code).ask(["-x"], {"000000.py": "a"})
    assert (listed, read, arguments) == (["000000.py"], "", ["-x", "--", "000000.py"])
    assert set(names) <= {"HOME", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR"}
    assert not Path(folder).exists()


def test_the_scratch_folder_is_for_this_user_alone_and_goes_away() -> None:
    with scratch({"a": "text \udcff"}) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "files" / "a").read_bytes() == b"text \xff"
    assert not folder.exists()


def test_where_nothing_can_be_written_each_analyzer_fails_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    receipt = review(CHANGE, None, *open_analyzers()).receipt
    failed = {one.name: one.reason for one in receipt.analyzers if one.state == "failed"}
    assert {"ruff", "json", "secrets"} <= set(failed)
    said = "its scratch folder can't be written: no such file or directory"
    assert set(failed.values()) == {said}
    with pytest.raises(AnalyzerError, match=said):
        run([sys.executable], tmp_path / "gone")


def test_what_a_tool_started_ends_with_it(fake: Fake, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    code = f"os.fork() or (time.sleep(2), open({str(mark)!r}, 'w'))\ntime.sleep(60)"
    with pytest.raises(AnalyzerError):
        fake(code).ask([], {})
    with scratch({}) as folder:
        run([sys.executable, "-c", "import time; time.sleep(2.5)"], folder)
    assert not mark.exists()


def test_a_check_that_breaks_is_an_analyzer_error() -> None:
    with pytest.raises(AnalyzerError, match="its check failed: ModuleNotFoundError"):
        check_all("no.such.module", [("x", "text")])
    assert check_all("no.such.module", [("x", ""), ("x", "")]) == [(), ()]


def test_a_check_is_held_by_limits_too() -> None:
    tight = replace(SHORT, memory=1 << 20)
    with pytest.raises(AnalyzerError):
        list(Secrets(limits=tight).analyse(CHANGE.diff(), CHANGE))


def test_modules_of_the_folder_under_review_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("yaml", "json", "tomllib", "detect_secrets", "sitecustomize", "tree_sitter"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert check_all("devchat.analyzers.yaml_syntax", [("yaml", "a: 1\n")]) == [[]]
