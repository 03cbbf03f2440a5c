"""`.devchat.toml`: what may stand there, and how everything else is refused."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devchat.errors import SettingsError
from devchat.policy import PathPolicy, Policy, Rule
from devchat.policy.parse import parse_policy

WHOLE = """\
# How our changes are reviewed.
language = "中文"
min_severity = "warning"
ignore = ["docs/", "*.snap"]

[limits]
max_findings = 8
max_files = 100
max_file_lines = 1_000

[analyzers]
shellcheck = false
ruff = true

[rules]
aware-times = "Datetimes carry a time zone."
no-print = "Use the logger."

[[paths]]
glob = "src/pay/**"
instructions = '''
Money is in cents.
'''
min_severity = "note"

[[paths]]
glob = "tests/"
min_severity = "error"
"""


def refusal(text: str, *analyzers: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_policy(text, analyzers=analyzers)
    error = caught.value
    assert error.hint and "\n" not in error.message + error.hint
    return f"{error.message} | {error.hint}"


def test_everything_at_once() -> None:
    assert parse_policy(WHOLE, analyzers=("ruff", "shellcheck")) == Policy(
        ignore=("docs/", "*.snap"),
        paths=(
            PathPolicy("src/pay/**", "Money is in cents.", "note"),
            PathPolicy("tests/", "", "error"),
        ),
        rules=(
            Rule("aware-times", "Datetimes carry a time zone."),
            Rule("no-print", "Use the logger."),
        ),
        language="中文",
        analyzers={"shellcheck": False, "ruff": True},
        min_severity="warning",
        max_findings=8,
        max_files=100,
        max_file_lines=1_000,
    )


@pytest.mark.parametrize("text", ["", "\ufeff", "# nothing\r\n", "[limits]\n", "paths = []\n"])
def test_nothing_said_is_no_policy(text: str) -> None:
    assert parse_policy(text) == Policy()


def test_windows_line_ends() -> None:
    assert parse_policy(WHOLE.replace("\n", "\r\n")) == parse_policy(WHOLE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ignor = []", "1: unknown key `ignor` | did you mean `ignore`?"),
        ("model = 'x'", "1: unknown key `model` | what may stand here: `ignore`, `paths`, `rules`"),
        ("\n[limits]\nmax_file = 3", "3: unknown key `limits.max_file` | did you mean `max_"),
        (WHOLE + "\ninstruction = 'x'\n", "30: unknown key `paths.instruction` | did you mean `"),
        (WHOLE.replace('"tests/"', "7"), "27: `paths.glob` must be text in quotes | leave the"),
        ("paths = [{glob = 'x', min_severity = 'x'}]", "1: `paths.min_severity` must be one of"),
        ("[[paths]]\nglob = 'x'", "1: `paths` needs a `glob` and what holds for it | `instr"),
        ("[[paths]]\nmin_severity = 'note'", "1: `paths` needs a `glob`"),
        ("ignore = 'x'", "1: `ignore` must be a list | such as `ignore = "),
        ("ignore = ['a', 3]", "1: `ignore` must be text in quotes"),
        ("ignore = ['']", "1: `ignore` must be text in quotes"),
        ("ignore = ['# x']", "1: `ignore` is no glob as in `.gitignore`"),
        ("ignore = ['!']", "1: `ignore` is no glob as in `.gitignore`"),
        ("ignore = ['src/[a-Z]*.py']", "1: `ignore` is no glob as in `.gitignore`"),
        ("ignore = ['src\\']", "1: `ignore` is no glob as in `.gitignore`"),
        ("ignore = ['*a*a*a*a*a']", "1: `ignore` has more than 4 wildcards"),
        (f"ignore = ['{'x' * 201}']", "1: `ignore` is longer than 200 characters"),
        (f"ignore = {['x'] * 201}", "1: `ignore` has more than 200 entries"),
        ("paths = 3", "1: `paths` must be a list"),
        ("paths = [3]", "1: `paths` must be a table"),
        ("rules = ['x']", "1: `rules` must be a table | write `[rules]` on a line of its own"),
        ("[rules]\n\n'a b' = 'x'", "3: `rules.a b` is no name | use up to 40 letters"),
        (f"[rules]\n{'x' * 41} = 'x'", f"2: `rules.{'x' * 41}` is no name"),
        ("[rules]\nx = 3", "2: `rules.x` must be text in quotes"),
        (f"[rules]\nx = '{'x' * 2001}'", "2: `rules.x` is longer than 2,000 characters"),
        ("[rules]\n" + "".join(f"r{n} = 'x'\n" for n in range(51)), "1: `rules` has more than 50"),
        ("[[paths]]\nglob='x'\ninstructions='x'\n" * 51, "1: `paths` has more than 50 entries"),
        ("language = 3", "1: `language` must be text in quotes"),
        ("language = 'a\u202eb'", "1: there is a hidden character, `<U+202E>`"),
        ("# x\n# a\u200bb", "2: there is a hidden character, `<U+200B>`"),
        ('language = "\\u202e"', "1: `language` has a hidden character"),
        ('language = "a\\u001bb"', "1: `language` has a hidden character"),
        ("min_severity = 'bad'", "1: `min_severity` must be one of `note`, `warning`, `error`"),
        ("min_severity = ['note']", "1: `min_severity` must be one of"),
        ("limits = 3", "1: `limits` must be a table"),
        ("[limits]\nmax_files = 0", "2: `limits.max_files` must be a whole number from 1 to 3,000"),
        ("[limits]\nmax_files = true", "2: `limits.max_files` must be a whole number"),
        ("limits.max_findings = 101", "1: `limits.max_findings` must be a whole number from 1 to"),
        ("[analyzers]\nruff = 0", "2: `analyzers.ruff` must be true or false | such as `ruff ="),
        ("[analyzers]\nrufff = false", "2: unknown key `analyzers.rufff` | did you mean `ruff`?"),
        ("a = [", "1: this is not TOML: "),
        ("\n\nx", "3: this is not TOML: "),
        ("\"a\\u001b[31m\" = 1", "1: unknown key `a␛[31m` | what may"),
    ],
)  # fmt: skip
def test_mistakes(text: str, said: str) -> None:
    assert refusal(text, "ruff", "shellcheck").startswith(f".devchat.toml:{said}")


def test_a_file_too_large() -> None:
    assert refusal("#" * 65_537).startswith(".devchat.toml is larger than 64 KB | ")
    assert parse_policy("#" * 65_536) == Policy()


def test_without_the_names_of_analyzers_any_may_be_named() -> None:
    assert parse_policy("[analyzers]\nlater = false").analyzers == {"later": False}


WORDS = ["ignore", "paths", "rules", "language", "analyzers", "min_severity", "limits", "x", "glob"]
KEYS = st.sampled_from(
    [*WORDS, "limits.max_files", "rules.a", "analyzers.ruff", '"\\u202e"', "'0'"]
)
VALUES = st.sampled_from(
    ["1", "'x'", "['a', 'b']", "[1]", "{glob = 'x', instructions = 'y'}", "[{glob = '*'}]", "true"]
    + ["'note'", "-1", "''", "1979-05-27", "inf", "'''\na\n'''", "[[['x']]]", "{}"]
)
LINES = st.one_of(
    st.builds("{} = {}".format, KEYS, VALUES),
    st.builds("[{}]".format, KEYS),
    st.builds("[[{}]]".format, KEYS),
    st.text(max_size=8),
)


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_any_text_is_a_policy_or_refused_with_a_line_that_exists(text: str) -> None:
    try:
        policy = parse_policy(text)
    except SettingsError as error:
        found = re.match(r"\.devchat\.toml:(\d+): .", error.message)
        assert found
        assert 1 <= int(found[1]) <= text.replace("\r\n", "\n").count("\n") + 1
    else:
        assert tomllib.loads(text.removeprefix("\ufeff")) or policy == Policy()
