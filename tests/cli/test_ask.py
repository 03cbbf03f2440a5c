"""`devchat ask` through its front door: what goes in, what comes out, and every bad input."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Script
from tests.conftest import Devchat


def test_an_answer_is_raw_text_when_piped(devchat: Devchat, scripted: Script) -> None:
    done = devchat("ask", "-m", scripted("It is **bold**.\n\n- a\n- b"), "what is it?")
    assert (done.stdout, done.stderr, done.returncode) == ("It is **bold**.\n\n- a\n- b\n", "", 0)


def test_words_need_no_quotes(devchat: Devchat, scripted: Script) -> None:
    done = devchat("ask", "-m", scripted("x"), "--dry-run", "what", "is", "it?")
    assert "what is it?" in done.stdout


@pytest.mark.measured
def test_piped_input_is_a_block_of_its_own(devchat: Devchat, scripted: Script) -> None:
    done = devchat("ask", "-m", scripted("x"), "--dry-run", "what is it?", stdin="a = 1\n")
    assert "Standard input:\n```\na = 1\n```" in done.stdout
    assert done.stdout.index("a = 1") < done.stdout.index("what is it?")


def test_a_lone_piped_text_is_the_question(devchat: Devchat, scripted: Script) -> None:
    done = devchat("ask", "-m", scripted("x"), "--dry-run", "--json", stdin="why is the sky blue?")
    assert json.loads(done.stdout)["messages"][-1]["content"].strip() == "why is the sky blue?"


@pytest.mark.measured
def test_files_folders_globs_and_lines(devchat: Devchat, scripted: Script, home: Path) -> None:
    (home / "src").mkdir()
    (home / "src" / "a.py").write_text("alpha = 1\n")
    (home / "b.py").write_text("one\ntwo\nthree\n")
    (home / "c.md").write_text("gamma\n")
    line = ("-f", "src", "-f", "b.py:2-3", "-f", "*.md", "-f", "-", "what?")
    done = devchat("ask", "-m", scripted("x"), "--dry-run", *line, stdin="piped\n")
    places = [
        done.stdout.index(word) for word in ("alpha", "two\nthree", "gamma", "piped", "what?")
    ]
    assert places == sorted(places)
    assert "b.py, lines 2-3" in done.stdout and "one\ntwo" not in done.stdout


@pytest.mark.measured
def test_the_json_object(devchat: Devchat, scripted: Script) -> None:
    answer = {"text": "42", "reasoning": "6 x 7"}
    done = devchat("ask", "-m", scripted(answer), "--json", "six times seven?")
    reply = json.loads(done.stdout)
    seconds = reply.pop("seconds")
    usage = reply.pop("usage")
    assert reply == {
        "version": 1,
        "answer": "42",
        "reasoning": "6 x 7",
        "model": "scripted:script.json",
        "location": "this machine",
        "finish_reason": "stop",
    }
    assert seconds["end"] >= seconds["first_token"] >= 0 and seconds["load"] == 0
    assert usage["completion_tokens"] > 0 and usage["exact"] is True


def test_extract_prints_only_the_first_code_block(devchat: Devchat, scripted: Script) -> None:
    text = "Here:\n\n```python\nprint('你好')\n```\n\nand\n\n```sh\nls\n```\n"
    done = devchat("ask", "-m", scripted(text), "-x", "how?")
    assert (done.stdout, done.returncode) == ("print('你好')\n", 0)


def test_extract_without_a_block_loses_nothing(devchat: Devchat, scripted: Script) -> None:
    done = devchat("ask", "-m", scripted("Just words."), "-x", "how?")
    assert (done.stdout, done.returncode) == ("", 3)
    assert "Just words." in done.stderr and "no fenced code block" in done.stderr


def test_a_schema_binds_the_answer(devchat: Devchat, scripted: Script, home: Path) -> None:
    (home / "s.json").write_text('{"type": "object", "required": ["n"]}')
    ask = ("ask", "--schema", "s.json", "how many?")
    assert devchat(*ask, "-m", scripted('{"n": 3}')).stdout == '{"n": 3}\n'
    broken = devchat(*ask, "-m", scripted('{"m": 3}'))
    assert broken.returncode == 3
    assert "'n' is a required property" in broken.stderr


def test_reasoning_is_never_in_the_answer(devchat: Devchat, scripted: Script) -> None:
    done = devchat("ask", "-m", scripted({"text": "yes", "reasoning": "hmm"}), "really?")
    assert (done.stdout, done.stderr) == ("yes\n", "")


def test_hostile_text_is_shown_not_obeyed(devchat: Devchat, scripted: Script) -> None:
    hostile = "a\x1b]52;c;aGk=\x07b\x9b31m c\u202ed\U000e0041"
    done = devchat("ask", "-m", scripted(hostile), "what?")
    assert not set("\x1b\x07\x9b\u202e\U000e0041") & set(done.stdout)
    assert done.stdout.startswith("a␛]52;c;aGk=")


def test_a_dry_run_sends_nothing_and_counts(devchat: Devchat, scripted: Script, home: Path) -> None:
    (home / "a.py").write_text("x = 1\n")
    done = devchat("ask", "-m", scripted(), "-f", "a.py", "--dry-run", "--json", "what is x?")
    sent = json.loads(done.stdout)
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]
    assert sent["prompt_tokens"] == sum(message["tokens"] for message in sent["messages"])
    assert sent["options"]["max_tokens"] > 0 and sent["window"] == 8192


def test_a_dry_run_reads_well(devchat: Devchat, scripted: Script) -> None:
    done = devchat("ask", "-m", scripted(), "--seed", "7", "--dry-run", "why?")
    first, second, *rest = done.stdout.split("\n")
    assert first == "model    scripted:script.json on this machine, window of 8,192 tokens"
    assert second == "options  max_tokens 2048, seed 7"
    assert any(line.startswith("--- user, ") for line in rest)


def test_examples_are_shown_to_the_model(devchat: Devchat, scripted: Script) -> None:
    done = devchat("ask", "-m", scripted(), "--shots", "1", "--dry-run", "--json", "why?")
    roles = [message["role"] for message in json.loads(done.stdout)["messages"]]
    assert roles == ["system", "user", "assistant", "user"]


def test_what_does_not_fit_whole_is_listed(devchat: Devchat, scripted: Script, home: Path) -> None:
    (home / "small.txt").write_text("few words\n")
    (home / "large.txt").write_text("many many words\n" * 200)
    line = ("-f", "small.txt", "-f", "large.txt", "what?")
    done = devchat("ask", "-m", scripted("ok", context_tokens=500), *line)
    assert done.stdout == "ok\n"
    whole, cut = done.stderr.strip().split("\n")
    assert whole.startswith("whole") and whole.endswith("small.txt")
    assert cut.startswith("cut") and "large.txt" in cut


def test_an_answer_cut_by_its_length_says_so(devchat: Devchat, scripted: Script) -> None:
    answers = (
        {"text": "It beg", "finish_reason": "length"},
        {"text": "x", "finish_reason": "filter"},
    )
    done = devchat("ask", "-m", scripted(answers[0]), "what?")
    assert done.stdout == "It beg\n" and "--max-tokens" in done.stderr
    assert "content filter" in devchat("ask", "-m", scripted(answers[1]), "what?").stderr


def test_what_came_before_an_error_is_kept(devchat: Devchat, scripted: Script) -> None:
    error = {"kind": "RefusedError", "message": "the quota is used up", "hint": "wait"}
    done = devchat("ask", "-m", scripted({"text": "It is", "error": error}), "what?")
    assert (done.stdout, done.returncode) == ("It is\n", 4)
    assert done.stderr == "error: the quota is used up\n\nhint: wait\n"


BAD: list[tuple[list[str], int, str]] = [
    (["ask"], 2, "no question"),
    (["ask", "-p", "nothing", "why?"], 2, "`nothing`"),
    (["ask", "--shots", "-1", "why?"], 2, "--shots"),
    (["ask", "--temperature", "9", "why?"], 2, "--temperature"),
    (["ask", "--nonsense", "why?"], 2, "--nonsense"),
    (["nonsense"], 2, "nonsense"),
    (["ask", "-m", "nothing", "why?"], 3, "`nothing`"),
    (["ask", "-m", "openia:gpt", "why?"], 3, "openai"),
    (["ask", "-m", "scripted:missing.json", "why?"], 3, "missing.json"),
    (["ask", "-m", "missing.gguf", "why?"], 3, "missing.gguf"),
    (["ask", "-m", "foreign.gguf", "why?"], 3, "foreign.gguf"),
    (["ask", "-m", "empty.gguf", "why?"], 3, "empty"),
    (["ask", "-f", "missing.py", "why?"], 5, "missing.py"),
    (["ask", "-f", "binary.bin", "why?"], 5, "binary"),
    (["ask", "-f", "empty.txt", "why?"], 5, "empty"),
    (["ask", "-f", "gb.txt", "why?"], 5, "iconv"),
    (["ask", "-f", "huge.txt", "why?"], 5, "2.0 GB"),
    (["ask", "-f", "shot.png", "why?"], 5, "picture"),
    (["ask", "-f", "one.txt:5-9", "why?"], 5, "1 line"),
    (["ask", "-f", "*.nothing", "why?"], 5, "matches no file"),
    (["ask", "--schema", "missing.json", "why?"], 5, "missing.json"),
    (["ask", "--schema", "one.txt", "why?"], 5, "not JSON"),
    (["ask", "--schema", "bad-schema.json", "why?"], 2, "schema"),
    (["ask", "--schema", "deep-schema.json", "why?"], 5, "recursion"),
    (["ask", "--schema", "list-schema.json", "why?"], 5, "no JSON object"),
]


@pytest.fixture
def bad_files(home: Path) -> None:
    (home / "foreign.gguf").write_bytes(b"PK\x03\x04 not a model")
    (home / "empty.gguf").touch()
    (home / "binary.bin").write_bytes(bytes(range(256)) * 8)
    (home / "empty.txt").touch()
    (home / "gb.txt").write_bytes("这是一个中文文件，用国标编码。\n".encode("gb18030") * 5)
    with (home / "huge.txt").open("wb") as file:
        file.truncate(2 * 1024**3)
    (home / "shot.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    (home / "one.txt").write_text("a line\n")
    (home / "bad-schema.json").write_text('{"type": "nonsense"}')
    (home / "deep-schema.json").write_text("[" * 99_999)
    (home / "list-schema.json").write_text("[1]")


@pytest.mark.parametrize(("line", "code", "said"), BAD, ids=lambda value: str(value)[:40])
@pytest.mark.usefixtures("bad_files")
def test_bad_input_is_one_clear_line_with_a_hint(
    devchat: Devchat, scripted: Script, line: list[str], code: int, said: str
) -> None:
    named = line if "-m" in line or line[0] != "ask" else [*line, "-m", scripted("never")]
    done = devchat(*named)
    assert (done.stdout, done.returncode) == ("", code), done.stderr
    error, blank, hint, *rest = done.stderr.split("\n")
    assert error.startswith("error: ") and blank == "" and hint.startswith("hint: ")
    assert rest == [""]
    assert said in done.stderr


def test_a_bad_settings_file_is_named_with_its_line(devchat: Devchat, home: Path) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text('model = "tiny"\ntemprature = 1\n')
    done = devchat("ask", "why?")
    assert done.returncode == 2
    assert "config.toml:2" in done.stderr and "`temperature`" in done.stderr


def test_a_read_only_home_is_enough(devchat: Devchat, scripted: Script) -> None:
    nowhere = {name: "/proc/nowhere" for name in ("HOME", "DEVCHAT_CONFIG_DIR", "DEVCHAT_DATA_DIR")}
    done = devchat("ask", "-m", scripted("fine"), "well?", env=nowhere)
    assert (done.stdout, done.returncode) == ("fine\n", 0)


def start(
    environ: dict[str, str], home: Path, *args: str, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "devchat", *args],
        env=environ, cwd=home, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_an_open_but_silent_stdin_is_not_waited_for(
    environ: dict[str, str], home: Path, scripted: Script
) -> None:
    process = start(environ, home, "ask", "-m", scripted("on"), "go?", stdin=subprocess.PIPE)
    assert process.stdout and process.stderr and process.stdin
    answer, said = process.stdout.read(), process.stderr.read()
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()
    assert (answer, process.wait()) == (b"on\n", 0)
    assert b"waiting for standard input" in said and b"silent" in said


@pytest.mark.measured
def test_a_reader_that_leaves_early_is_no_error(
    environ: dict[str, str], home: Path, scripted: Script
) -> None:
    model = scripted("first line\n" + "another line\n" * 20_000)
    process = start(environ, home, "ask", "-m", model, "go?")
    assert process.stdout and process.stderr
    assert process.stdout.readline() == b"first line\n"
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert (said, process.wait()) == (b"", 0)


@pytest.mark.parametrize("form", [[], ["--json"], ["-x"]], ids=["plain", "json", "extract"])
def test_an_interruption_keeps_what_came(
    environ: dict[str, str], home: Path, scripted: Script, form: list[str]
) -> None:
    model = scripted("one two three " * 1000, tokens_per_second=50)
    process = start(environ, home, "ask", "-m", model, *form, "count")
    assert process.stdout and process.stderr
    if not form:
        select.select([process.stdout], [], [], 20)
    else:
        time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err
    kept = err if form == ["-x"] else out
    assert b"one" in kept
    if form == ["--json"]:
        assert json.loads(out)["finish_reason"] == "interrupted"


MOMENTS = ["devchat.errors", "devchat.cli", "typer", "devchat.chat", "devchat.settings.load"]


@pytest.mark.parametrize("moment", [*MOMENTS, "devchat.context.attach", "devchat.render.plain"])
def test_an_interruption_at_any_moment_ends_quietly(
    environ: dict[str, str], home: Path, scripted: Script, moment: str
) -> None:
    model = scripted("word " * 1000, tokens_per_second=50)
    # Python says on stderr what it has imported: a clock that no slow machine puts wrong.
    clock = environ | {"PYTHONPROFILEIMPORTTIME": "1"}
    process = start(clock, home, "ask", "-m", model, "count")
    assert process.stderr
    for line in process.stderr:
        if line.split(b"|")[-1].strip() == moment.encode():
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_an_interruption_of_a_text_given_to_exec_ends_quietly(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    # Dataclasses are made by `exec`: Python remembers that one was interrupted until it exits.
    (home / "jsonschema.py").write_text('exec("raise KeyboardInterrupt")')
    (home / "s.json").write_text("{}")
    ask = ("ask", "-m", scripted("x"), "--schema", "s.json", "what?")
    done = devchat(*ask, env={"PYTHONPATH": str(home)})
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.measured
def test_an_internal_error_leaves_a_report_without_the_question(
    devchat: Devchat, scripted: Script, home: Path
) -> None:
    broken = "import os\nraise RuntimeError('a broken installation: ' + os.environ['SOME_TOKEN'])"
    (home / "jsonschema.py").write_text(broken)
    (home / "s.json").write_text("{}")
    ask = ("ask", "-m", scripted("x"), "--schema", "s.json", "a private question")
    done = devchat(*ask, env={"PYTHONPATH": str(home), "SOME_TOKEN": "t0psecret"})
    assert done.returncode == 70
    first, _, hint, _ = done.stderr.split("\n")
    assert first == "error: devchat itself failed: RuntimeError: a broken installation: t0psecret"
    report = Path(hint.rsplit(" ", 1)[-1])
    text = report.read_text()
    report.unlink()
    assert "RuntimeError: a broken installation" in text and "structured.py" in text
    assert "private" not in text and "t0psecret" not in text and str(home) not in text


@pytest.mark.measured
@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--json", "-x", "q"], "`--extract` prints code and `--json` an object"),
        (["--schema", "schema.json", "-x", "q"], "bare JSON"),
        (["--shots", "-1", "q"], "`--shots` must be a whole number from 0"),
        (["--max-tokens", "0", "q"], "`max_tokens` must be a whole number from 1"),
        (["--temperature", "3", "q"], "`temperature` must be a number from 0 to 2"),
        (["--seed", "x", "q"], "invalid value for `--seed`"),
        (["--modle", "x", "q"], "no such option: --modle"),
        (["   "], "there is no question"),
        (["-p", "commit"], "the prompt `commit` is about files, and there are none"),
        (["-p", "commit", "in French"], "the prompt `commit` is about files"),
    ],
)
def test_what_contradicts_or_lacks_is_refused(
    devchat: Devchat, scripted: Script, home: Path, options: list[str], error: str
) -> None:
    (home / "schema.json").write_text('{"type": "object"}')
    done = devchat("ask", "-m", scripted("x"), *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert error in done.stderr.splitlines()[0]
    assert "hint: " in done.stderr


def test_a_lone_pipe_is_what_the_prompt_is_about(devchat: Devchat, scripted: Script) -> None:
    line = ("ask", "-m", scripted("x"), "-p", "commit", "--dry-run")
    done = devchat(*line, stdin="+a = 1\n")
    assert "Standard input:\n```\n+a = 1\n```" in done.stdout
    done = devchat(*line, "in French", stdin="+a = 1\n")
    assert done.stdout.index("+a = 1") < done.stdout.index("in French")


def test_a_long_ledger_is_folded(devchat: Devchat, scripted: Script, home: Path) -> None:
    (home / "many").mkdir()
    for number in range(30):
        (home / "many" / f"f{number:02}.txt").write_text(f"{'word ' * 2000}\n" * 2)
    line = ("ask", "-m", scripted("x"), "-f", "many", "q")
    lines = devchat(*line).stderr.splitlines()
    assert len(lines) == 13
    assert lines[-1].startswith("of 30 inputs: ")
    assert lines[-1].endswith("(`--dry-run` lists every one)")
    assert len(devchat(*line, "--dry-run").stderr.splitlines()) == 30


@pytest.mark.parametrize("command", ["ask", "explain"])
def test_a_key_in_the_clear_is_worth_a_note(devchat: Devchat, home: Path, command: str) -> None:
    def ask(address: str) -> str:
        (home / "config").mkdir(exist_ok=True)
        (home / "config" / "config.toml").write_text(
            "[remote]\nretries = 0\ntimeout = 5\n"
            f'[providers.far]\nbase_url = "{address}"\nkey = "far"\n'
        )
        # This port is nobody's; the name below can't be resolved (RFC 6761).
        return devchat(command, "-m", "far:m", env={"FAR_API_KEY": "k-123456"}, stdin="q").stderr

    assert "can be read on their way to http://far.invalid:9/v1" in ask("http://far.invalid:9/v1")
    assert "can be read" not in ask("https://far.invalid:9/v1")
    assert "can be read" not in ask("http://127.0.0.1:9/v1")
