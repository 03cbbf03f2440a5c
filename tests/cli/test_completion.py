"""Tab in real shells, and what is proposed at each place of a command line."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from devchat.history.schema import VERSION
from tests.cli.conftest import Script
from tests.cli.shells import START, Shell
from tests.conftest import Devchat

SHELLS = sorted(START)


@pytest.fixture
def furnished(devchat: Devchat, scripted: Script, home: Path) -> Path:
    """A home with files, an alias, a stored model's file and a conversation."""
    (home / "notes.txt").touch()
    (home / "src").mkdir()
    (home / "src" / "two words.py").touch()
    (home / "data" / "models").mkdir(parents=True)
    (home / "data" / "models" / "my model.gguf").touch()
    devchat("config", "set", "aliases.quick", "openai:gpt-5-mini")
    devchat("ask", "-m", scripted("No."), "why: does\x1b[31m it loop?")
    return home


def session_of(home: Path) -> str:
    (found,) = sqlite3.connect(home / "data" / "history.db").execute("SELECT id FROM conversations")
    return str(found[0])


@pytest.mark.parametrize("kind", SHELLS)
def test_tab_completes_words_and_paths(kind: str, environ: dict[str, str], furnished: Path) -> None:
    with Shell(kind, environ, furnished) as shell:
        for line, expected in (
            ("devchat expl", "devchat explain "),
            ("devchat history exp", "devchat history export "),
            ("devchat ask --max", "devchat ask --max-tokens "),
            ("devchat ask -m qu", "devchat ask -m quick "),
            ("devchat ask --model=openr", "devchat ask --model=openrouter:"),
            ("devchat ask -m openr", "devchat ask -m openrouter:"),
            ("devchat ask -m my", "devchat ask -m my\\ model "),
            ("devchat explain --as rustc", "devchat explain --as rustc "),
            ("devchat history export --format js", "devchat history export --format json "),
            ("devchat ask -f no", "devchat ask -f notes.txt "),
            ("devchat explain src/tw", "devchat explain src/two\\ words.py "),
            ("true | devchat cha", "true | devchat chat "),
            ("devchat ask -p com", "devchat ask -p commit "),
        ):
            shell.complete(line, expected)
            shell.discard()


@pytest.mark.measured
@pytest.mark.parametrize("kind", SHELLS)
def test_tab_lists_with_descriptions(kind: str, environ: dict[str, str], furnished: Path) -> None:
    with Shell(kind, environ, furnished) as shell:
        shell.offer("devchat ", "Ask one question and stream the answer.", "doctor", "completion")
        shell.discard()
        shell.offer("devchat ask -m ", "quick", "alias of openai:gpt-5-mini", "tiny", "ollama:")
        shell.discard()
        shell.offer("devchat history show ", session_of(furnished))
        shell.discard()
        shell.offer("devchat ask --se", "--seed", "--session", "Repeat a sampled answer")


@pytest.mark.parametrize("kind", SHELLS)
def test_tab_stays_silent_where_nothing_can_be_read(
    kind: str, environ: dict[str, str], furnished: Path
) -> None:
    with Shell(kind, environ, furnished) as shell:
        (furnished / "config" / "config.toml").write_text("model = broken")
        shell.send("devchat ask -m qu\tick")
        shell.until(lambda: shell.line == "%> devchat ask -m quick", "not typed on")
        assert shell.text.strip() == "%> devchat ask -m quick"


def proposed(devchat: Devchat, *words: str) -> list[str]:
    """Return what fish hears, descriptions included."""
    done = devchat("__complete", "fish", *words)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout.removesuffix("\n").split("\n")


def texts(devchat: Devchat, *words: str) -> set[str]:
    return {line.split("\t")[0] for line in proposed(devchat, *words)[1:]}


PLACES: list[tuple[tuple[str, ...], set[str]]] = [
    (("--v",), {"--version"}),
    (("history", "ex"), {"export"}),
    (("ask", "-f", "a", "--fi"), {"--file"}),
    (("ask", "-m", "tiny", "--mo"), set()),
    (("ask", "--model=tiny", "--mo"), set()),
    (("ask", "--", "--mo"), set()),
    (("ask", "--json="), set()),
    (("ask", "--nonsense="), set()),
    (("ask", "-p", ""), {"ask", "commit"}),
    (("ask", "what",), set()),
    (("ask", "--seed", ""), set()),
    (("explain", "--for", ""), {"beginner", "expert"}),
    (("explain", "--lang", "zh"), {"zh", "zh-tw"}),
    (("explain", "--as=py"), {"--as=python", "--as=python-traceback", "--as=pytest"}),
    (("config", "get", "remote."), {"remote.timeout", "remote.retries"}),
    (("config", "set", "keys.o"), {"keys.openai", "keys.openrouter"}),
    (("config", "set", "history", ""), {"true", "false"}),
    (("config", "set", "providers.ollama.tier", ""), {"tiny", "small", "large"}),
    (("config", "set", "model", "ti"), {"tiny"}),
    (("config", "set", "temperature", ""), set()),
    (("config", "set", "nonsense", ""), set()),
    (("config", "path", ""), set()),
    (("prompts", "show", "com"), {"commit"}),
    (("prompts", "new", "com"), set()),
    (("history", "rm", "x", "y"), set()),
    (("models", "stop", "ti"), {"tiny"}),
    (("completion", ""), {"bash", "zsh", "fish"}),
    (("nonsense", "x"), set()),
]  # fmt: skip


@pytest.mark.measured
@pytest.mark.parametrize(
    # Sorted: the workers of a run know each test by its name.
    ("words", "expected"),
    PLACES,
    ids=lambda value: " ".join(sorted(value) if isinstance(value, set) else value)[:40],
)
def test_each_place_has_its_words(
    devchat: Devchat, words: tuple[str, ...], expected: set[str]
) -> None:
    assert texts(devchat, *words) == expected


FILES = [
    ("ask", "-f", ""), ("ask", "--file=s"), ("chat", "-f", "x"), ("explain", ""),
    ("explain", "a", "b"), ("ask", "--schema", ""), ("history", "export", "-o", ""),
    ("ask", "-m", "./mod"),
]  # fmt: skip


@pytest.mark.parametrize("words", FILES, ids=" ".join)
def test_the_shell_lists_files_where_a_path_is_meant(
    devchat: Devchat, words: tuple[str, ...]
) -> None:
    assert proposed(devchat, *words) == ["files"]
    assert proposed(devchat, "ask", "-m", "openai:gpt") == ["words"]


@pytest.mark.measured
def test_conversations_come_with_their_titles_the_newest_first(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    model = scripted("a", "b")
    for question in ("the first", "the\tsecond \x1b]0;x\x07 one"):
        devchat("ask", "-m", model, question)
    there = sorted((home / "data").iterdir())
    how, *lines = proposed(devchat, "ask", "--session", "")
    assert how == "words" and sorted((home / "data").iterdir()) == there
    assert [line.split("\t")[1] for line in lines] == ["the second ␛]0;x␇ one", "the first"]
    assert texts(devchat, "history", "show", lines[0][:3]) == {lines[0].split("\t")[0]}


def test_looking_at_conversations_changes_nothing(devchat: Devchat, home: Path) -> None:
    assert texts(devchat, "ask", "--session", "") == set()
    assert not (home / "data").exists()
    (home / "data").mkdir()
    file = home / "data" / "history.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE later (x)")
    ours = bytearray(file.read_bytes())
    ours[60:64] = VERSION.to_bytes(4, "big")
    for content in (file.read_bytes(), bytes(ours), b"SQLite format 3\0" + b"\1" * 200, b"x"):
        file.write_bytes(content)
        assert texts(devchat, "ask", "--session", "") == set()
        assert file.read_bytes() == content
        assert [path.name for path in file.parent.iterdir()] == ["history.db"]


BASH = [
    # replaced, manner, line, the answer
    ("gp", "9", "devchat ask -m quick:", ["words"]),
    ("", "9", 'devchat ask -m "my', ["words", "my model"]),
    ("", "9", "devchat ask -m 'my", ["words", "my model"]),
    ("my", "9", "devchat ask -m my", ["words", "my\\ model"]),
    ("openro", "9", "devchat ask --model=openro", ["nospace", "openrouter:"]),
    ("", "63", "devchat history export --format ", ["words", "md", "json"]),
    ("", "9", "devchat completion 'ba", ["words", "bash"]),
]


@pytest.mark.parametrize(("replaced", "manner", "line", "answer"), BASH)
def test_bash_is_told_only_what_it_replaces(
    devchat: Devchat, furnished: Path, replaced: str, manner: str, line: str, answer: list[str]
) -> None:
    replaced = replaced or line.split()[-1].strip("'\"") * (line[-1] != " ")
    done = devchat("__complete", "bash", replaced, manner, line)
    assert done.stdout.split("\n") == [*answer, ""]


def test_an_unknown_shell_hears_nothing(devchat: Devchat) -> None:
    for args in (("csh", "ask", ""), ()):
        done = devchat("__complete", *args)
        assert (done.stdout, done.stderr, done.returncode) == ("", "", 1)


@pytest.mark.measured
@pytest.mark.parametrize("there", [True, False], ids=["in PATH", "not in PATH"])
def test_the_script_calls_a_command_by_its_name_where_that_leads_to_it(
    environ: dict[str, str], home: Path, there: bool
) -> None:
    (home / "bin").mkdir()
    command = home / "bin" / "devchat"
    command.symlink_to(Path(sys.executable).parent / "devchat")
    environ |= {"PATH": f"{command.parent}:/usr/bin:/bin" if there else "/usr/bin:/bin"}
    line = [str(command), "completion", "bash"]
    done = subprocess.run(line, env=environ, capture_output=True, text=True, check=True)
    called = "devchat" if there else str(command)
    assert f"$(command {called} __complete bash" in done.stdout


def test_the_script_calls_the_devchat_that_wrote_it(devchat: Devchat) -> None:
    for kind in SHELLS:
        script = devchat("completion", kind).stdout
        assert "-m devchat __complete" in script and "DEVCHAT" not in script
    done = devchat("completion", "csh")
    assert done.returncode == 2 and "`csh` is not one of" in done.stderr
    assert done.stdout == ""
