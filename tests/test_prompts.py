"""Prompt files: found, checked with the line of each mistake, and filled without surprises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devchat.errors import PromptError
from devchat.prompts import list_prompts, load_prompt, parse, shipped_folder
from devchat.types import Tier

FULL = """\
+++
description = "Explain"
inputs = ["question", "files"]
temperature = 0
max_tokens = 9
schema = {type = "object"}
+++

# System

You know `$$PATH`.

# System (tiny)
Short.

# User

${files}

## Asked

$question

# Example

## User

What does `a $b` do?

```sh
# User
## Assistant
```

## Assistant

It costs $$1.

# Example
## User
two
## Assistant
deux
"""
VALUES = {"question": "Why?", "files": "F"}


def test_a_whole_file() -> None:
    prompt = parse(FULL, "full")
    assert (prompt.description, prompt.inputs) == ("Explain", ("question", "files"))
    assert (prompt.temperature, prompt.max_tokens, prompt.schema) == (0, 9, {"type": "object"})
    messages = prompt.messages(VALUES, tier="large", shots=9)
    assert [(message.role, message.text) for message in messages] == [
        ("system", "You know `$PATH`."),
        ("user", "What does `a $b` do?\n\n```sh\n# User\n## Assistant\n```"),
        ("assistant", "It costs $$1."),
        ("user", "two"),
        ("assistant", "deux"),
        ("user", "F\n\n## Asked\n\nWhy?"),
    ]


@pytest.mark.parametrize(
    ("tier", "shots", "system", "roles", "first"),
    [
        ("tiny", 0, None, "system user", "Short."),
        ("small", 1, None, "system user assistant user", "You know `$PATH`."),
        ("large", 0, "Mine $x $$", "system user", "Mine $x $$"),
        ("large", 0, "", "user", "F\n\n## Asked\n\nWhy?"),
    ],
)
def test_tier_shots_and_system(
    tier: Tier, shots: int, system: str | None, roles: str, first: str
) -> None:
    messages = parse(FULL, "full").messages(VALUES, tier=tier, shots=shots, system=system)
    assert " ".join(message.role for message in messages) == roles
    assert messages[0].text == first


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"question": "Q", "files": ""}, "## Asked\n\nQ"),
        ({"question": "", "files": "F"}, "F\n\n## Asked"),
        ({"question": " ", "files": "\n"}, "\n\n\n## Asked\n\n "),
    ],
)
def test_a_line_of_an_empty_input_goes(values: dict[str, str], text: str) -> None:
    assert parse(FULL, "full").messages(values, tier="large", shots=0)[-1].text == text


def test_the_least_prompt() -> None:
    messages = parse("# User\r\nhello", "least").messages({}, tier="tiny", shots=3)
    assert [(message.role, message.text) for message in messages] == [("user", "hello")]


@given(st.text(), st.text())
@example("$question ${files} $$", "$")
@example("\n\n", "{}\\1\r\n")
def test_values_come_out_unchanged(question: str, files: str) -> None:
    text = '+++\ninputs = ["question", "files"]\n+++\n# User\n<$files|${question}|$$files>\n'
    values = {"question": question, "files": files}
    filled = parse(text, "any").messages(values, tier="large", shots=0)[0].text
    assert filled == f"<{files}|{question}|$files>"


@given(st.text())
@example("+++\n+++\n# User\n```\n# User")
def test_any_text_is_a_prompt_or_a_prompt_error(text: str) -> None:
    try:
        assert parse(text, "any").messages({}, tier="tiny", shots=1)
    except PromptError as error:
        assert error.message.startswith("prompt `any`, line ")
        assert error.hint


FRONT = '+++\ninputs = ["a"]\n+++\n'
WRONG = [
    # text, line, a piece of the message, a piece of the hint
    ("", 1, "there is no `# User`", "asked"),
    ("# System\nx", 1, "there is no `# User`", ""),
    ("# User\n\n", 2, "there is no `# User`", ""),
    ("# User (tiny)\nx", 1, "there is no `# User`", ""),
    ("+++\ninputs = []\n", 1, "the front matter never ends", "`+++`"),
    ("+++\ninputs = [\n+++\n# User\nx", 2, "this is not TOML", "inputs"),
    ("+++\n\na b\n+++\n# User\nx", 3, "this is not TOML: expected '='", ""),
    ("+++\n\ninput = []\n+++\n# User\nx", 3, "unknown key `input`", "`inputs`"),
    ("+++\n[other]\n+++\n# User\nx", 2, "unknown key `other`", "there are description, inputs"),
    ('+++\n"\\u0061" = 1\n+++\n# User\nx', 2, "unknown key `a`", ""),
    ("+++\ninputs = 'a'\n+++\n# User\nx", 2, "`inputs` must be a list of names", ""),
    ("+++\ninputs = ['A b']\n+++\n# User\nx", 2, "`inputs` must be a list of names", ""),
    ('+++\ndescription = "a\\nb"\n+++\n# User\nx', 2, "text in one line", ""),
    ("+++\ntemperature = 3\n+++\n# User\nx", 2, "a number from 0 to 2", ""),
    ("+++\ntemperature = true\n+++\n# User\nx", 2, "a number from 0 to 2", ""),
    ("+++\nmax_tokens = 0\n+++\n# User\nx", 2, "a whole number from 1", ""),
    ("+++\nschema = 1\n+++\n# User\nx", 2, "a JSON Schema", ""),
    ("+++\nschema = 'x.json'\n+++\n# User\nx", 2, "`x.json` can't be a schema's name", "beside"),
    ("hello\n# User\nx", 1, "text before the first section", "# System"),
    (FRONT + "\nhello", 5, "text before the first section", ""),
    ("# Usr\nx", 1, "unknown section `# Usr`", "did you mean `User`"),
    ("# User\nx\n# User\ny", 3, "a second `# User`", "one"),
    ("# User\n```\nx\n~~~\n# User", 2, "this code fence is never closed", "```"),
    ("# User\n\n$100", 3, "a `$` that names no input", "`$$`"),
    ("# User\nx ${a", 2, "a `$` that names no input", ""),
    (FRONT + "# User\n$a $b", 5, "unknown input `b`", "there are a"),
    (FRONT + "# System\n$a\n# User\n$a\n\n$aa", 9, "unknown input `aa`", "did you mean `a`"),
    (FRONT + "# User\nx", 5, "the input `a` is not used", "`$a`"),
    (FRONT + "# User\n$a\n# User (tiny)\nx", 7, "the input `a` is not used", ""),
    ("# User\nx\n# Example\n## User\nx", 3, "not a pair", "Assistant"),
    ("# User\nx\n# Example\n## User\n\n## Assistant\nx", 3, "half of this example is empty", ""),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), WRONG)
def test_a_wrong_file_is_refused_with_its_line(
    text: str, line: int, message: str, hint: str
) -> None:
    with pytest.raises(PromptError) as caught:
        parse(text, "x")
    assert caught.value.message.startswith(f"prompt `x`, line {line}: ")
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"question": "Q"}, "prompt `full`, line 18: no value for the input `files`"),
        ({}, "prompt `full`, line 22: no value for the input `question`"),
        (VALUES | {"diff": "D"}, "prompt `full` takes no input `diff`"),
    ],
)
def test_missing_and_unknown_values_are_refused(values: dict[str, str], message: str) -> None:
    with pytest.raises(PromptError) as caught:
        parse(FULL, "full").messages(values, tier="large", shots=0)
    assert caught.value.message == message


def write(folder: Path, name: str, text: str | bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_users_folder_shadows_the_shipped_one(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    own = write(mine, "ask.md", "\ufeff# User\nmine")
    other = write(shipped, "ask.md", "# User\nshipped")
    write(shipped, "bad.md", "# Usr")
    write(shipped, "-.md", "# User\nno name")
    write(shipped, "解释.md", '+++\ndescription = "解释"\n+++\n# User\nx')
    folders = [mine, shipped, tmp_path / "none"]
    first, bad, third = list_prompts(folders)
    assert (first.name, first.path, first.shadows) == ("ask", own, other)
    assert (bad.name, bad.problem.split(": ")[0]) == ("bad", "prompt `bad`, line 1")
    assert (third.name, third.description, third.shadows) == ("解释", "解释", None)
    assert load_prompt("ask", folders).messages({}, tier="large", shots=0)[0].text == "mine"


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/b", "", ".", "..", ".x", "a..b", "a b", "x\n", "x\0"]
)
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    write(tmp_path, "x.md", "# User\nx")
    with pytest.raises(PromptError, match="can't be named"):
        load_prompt(name, [tmp_path / "sub", tmp_path])


def test_a_missing_prompt_names_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, "explain.md", "# User\nx")
    for name, hint in [("explan", "did you mean `explain`?"), ("zzz", "`devchat prompts list`")]:
        with pytest.raises(PromptError, match=f"no prompt named `{name}`") as caught:
            load_prompt(name, [tmp_path])
        assert hint in caught.value.hint


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    write(tmp_path, "latin.md", b"# User\n\xe9")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(PromptError, match="prompt `latin`, line 2: this is not UTF-8"):
        load_prompt("latin", [tmp_path])
    with pytest.raises(PromptError, match="prompt `folder` can't be read: is a directory"):
        load_prompt("folder", [tmp_path])


def test_a_schema_lies_beside_its_prompt(tmp_path: Path) -> None:
    write(tmp_path, "x.md", '+++\nschema = "x.json"\n+++\n# User\nx')
    with pytest.raises(PromptError, match="line 2: schema `x.json` can't be read: no such file"):
        load_prompt("x", [tmp_path])
    for text, message in [("{", "is not JSON"), ("[]", "is not an object")]:
        write(tmp_path, "x.json", text)
        with pytest.raises(PromptError, match=message):
            load_prompt("x", [tmp_path])
    write(tmp_path, "x.json", json.dumps({"type": "string"}))
    assert load_prompt("x", [tmp_path]).schema == {"type": "string"}


@pytest.mark.parametrize("name", [one.name for one in list_prompts([shipped_folder()])])
def test_shipped_prompts_are_usable(name: str) -> None:
    prompt = load_prompt(name, [shipped_folder()])
    assert prompt.description
    explains = {"what", "facts", "wishes", "count"} if name.startswith("explain-") else set()
    if not name.startswith("review"):
        assert set(prompt.inputs) <= {"question", "files"} | explains
    values = dict.fromkeys(prompt.inputs, "value")
    tiny = prompt.messages(values, tier="tiny", shots=0)
    large = prompt.messages(values, tier="large", shots=9)
    assert len(tiny[0].text) < 200 < len(large[0].text)
    assert [message.role for message in large[1:]] == [
        *["user", "assistant"] * len(prompt.examples), "user",
    ]  # fmt: skip
