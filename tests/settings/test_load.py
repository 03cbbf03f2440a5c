"""Settings: who wins, where each value came from, and every way a file can be wrong."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from devchat.errors import SettingsError
from devchat.settings import Paths, Provider
from devchat.settings.load import every_key, load, value_of
from devchat.settings.paths import find_paths
from devchat.settings.schema import RULES, read_schema

Environ = dict[str, str]


def write(paths: Paths, text: str | bytes) -> None:
    paths.config_file.parent.mkdir(parents=True, exist_ok=True)
    paths.config_file.write_bytes(text.encode() if isinstance(text, str) else text)


def refusal(environ: Environ, flags: dict[str, object] | None = None) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load(environ, flags)
    return caught.value


def test_nothing_set_gives_the_defaults(environ: Environ, paths: Paths) -> None:
    loaded = load(environ)
    assert loaded.settings.paths == paths
    assert (loaded.settings.model, loaded.settings.local.keep_alive) == ("", 300.0)
    assert set(loaded.origins.values()) == {"default"}
    assert set(loaded.settings.providers) == {
        "openai",
        "ollama",
        "llama-server",
        "vllm",
        "openrouter",
        "deepseek",
    }


def test_flags_beat_environment_beats_file_beats_default(environ: Environ, paths: Paths) -> None:
    write(paths, 'model = "file"\ntemperature = 1\n\n[local]\nthreads = 2\nkeep_alive = 9\n')
    environ |= {"DEVCHAT_TEMPERATURE": "0.5", "DEVCHAT_LOCAL_THREADS": "3", "DEVCHAT_MODEL": "env"}
    loaded = load(environ, {"model": "flag", "max_tokens": 7})
    chosen = loaded.settings
    assert (chosen.model, chosen.temperature, chosen.max_tokens) == ("flag", 0.5, 7)
    assert (chosen.local.threads, chosen.local.keep_alive) == (3, 9.0)
    assert loaded.origins["model"] == "--model"
    assert loaded.origins["max_tokens"] == "--max-tokens"
    assert loaded.origins["temperature"] == "DEVCHAT_TEMPERATURE in the environment"
    assert loaded.origins["local.keep_alive"] == f"{paths.config_file}:6"
    assert loaded.origins["remote.timeout"] == "default"


def test_an_empty_variable_counts_as_none(environ: Environ) -> None:
    environ |= {"DEVCHAT_MODEL": "", "DEVCHAT_TEMPERATURE": ""}
    assert load(environ).origins["model"] == "default"


def test_providers_are_overridden_and_added(environ: Environ, paths: Paths) -> None:
    write(
        paths,
        "\ufeff[providers.ollama]\r\ncontext_tokens = 32768\r\n"
        '[providers.mine]\r\nbase_url = "http://[::1]:9/v1"\r\nkey = "mine"\r\nimages = true\r\n'
        '[aliases]\r\n"gpt-4.1" = "openai:gpt-4.1"\r\n',
    )
    loaded = load(environ)
    ollama = loaded.settings.providers["ollama"]
    assert (ollama.context_tokens, ollama.base_url) == (32_768, "http://localhost:11434/v1")
    assert loaded.settings.providers["mine"] == Provider(
        "mine", "http://[::1]:9/v1", "mine", images=True
    )
    assert loaded.settings.aliases == {"gpt-4.1": "openai:gpt-4.1"}
    assert loaded.origins["providers.ollama.context_tokens"] == f"{paths.config_file}:2"
    assert loaded.origins["providers.ollama.base_url"] == "default"
    assert loaded.origins["providers.mine.tier"] == "default"
    assert loaded.origins["aliases.gpt-4.1"] == f"{paths.config_file}:8"


WRONG_FILES = [
    # text, line, a piece of the message, a piece of the hint
    ("\n\n# x\ntemprature = 1", 4, "unknown key `temprature`", "did you mean `temperature`?"),
    ("[local]\nthread = 1", 2, "unknown key `local.thread`", "`local.threads`"),
    ("keep_alive = 1", 1, "unknown key `keep_alive`", "`local.keep_alive`"),
    ("[provider.x]\na = 1", 1, "unknown key `provider`", "`providers`"),
    ("[providers.ollama]\ncontext = 1", 2, "ollama.context`", "`providers.ollama.context_tokens`"),
    ("qqqqqq = 1", 1, "unknown key `qqqqqq`", "`devchat config show`"),
    ("paths = 1", 1, "unknown key `paths`", "devchat config show"),
    ('"local.threads" = 1', 1, "unknown key `local.threads`", ""),
    ("temperature = 'hot'", 1, "`temperature` must be a number from 0 to 2", "wild"),
    ("temperature = 2.1", 1, "a number from 0 to 2", ""),
    ("temperature = nan", 1, "a number from 0 to 2", ""),
    ("temperature = true", 1, "a number from 0 to 2", ""),
    ("max_tokens = 0", 1, "`max_tokens` must be a whole number from 1 to 10,000,000", ""),
    ("max_tokens = 1.5", 1, "a whole number", ""),
    ("model = 3", 1, "`model` must be text in quotes", "GGUF"),
    ("local = 3", 1, "`local` must be a table", "`[local]`"),
    ("[[local]]\nthreads = 1", 1, "`local` must be a table", ""),
    ("[local]\n\nkeep_alive = -1", 3, "`local.keep_alive` must be a number from 0", ""),
    ("local.keep_alive = inf", 1, "`local.keep_alive`", ""),
    (f"local.keep_alive = {'9' * 400}", 1, "`local.keep_alive`", ""),
    ("local = {threads = 1, gpu_layers = 'x'}", 1, "`local.gpu_layers`", ""),
    ("remote.timeout = 0", 1, "`remote.timeout`", ""),
    ("[aliases]\na.b = 'x'", 2, "`aliases.a` must be text", "quotes around"),
    ("[providers.x]\ntier = 'tiny'", 1, "provider `x` has no `base_url`", "devchat config set"),
    ("[providers.'a:b']\nbase_url = 'http://x'", 1, "can't be named `a:b`", "letters"),
    ("[providers]\nx = 1", 2, "`providers.x` must be a table", "`[providers.x]`"),
    ("[providers.vllm]\ntier = 'big'", 2, "one of tiny, small, large", ""),
    ("[providers.vllm]\nimages = 'yes'", 2, "must be true or false", "pictures"),
    ("[providers.vllm]\nkey = 'a b'", 2, "a name of letters", ""),
    ("a = '''\n\n", 1, "this is not TOML", ""),
    ("[x\n", 1, "this is not TOML: expected ']'", ""),
    ("model = 'a'\nmodel = 'b'", 2, "this is not TOML", ""),
    ("a = " + "[" * 20_000, 1, "this is not TOML", ""),
    ("a = " + "9" * 5_000, 1, "this is not TOML", ""),
    (b"model = 'a'\n# \xff", 2, "this is not UTF-8", "UTF-8"),
]
WRONG_ADDRESSES = [
    "ftp://x/v1",
    "localhost:8000",
    "http://",
    "http://me:secret@x/v1",
    "http://x/v1?a=1",
    "http://x/#a",
    "http://x y/",
    "http://x:0/",
    "http://x:99999/",
    "http://[::1/",
    "http://x/\\u0007",
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), WRONG_FILES)
def test_a_wrong_file_is_refused_with_its_line(
    environ: Environ, paths: Paths, text: str | bytes, line: int, message: str, hint: str
) -> None:
    write(paths, text)
    error = refusal(environ)
    assert error.message.startswith(f"{paths.config_file}:{line}: ")
    assert message in error.message
    assert hint in error.hint
    assert error.hint
    assert "\n" not in error.message


@pytest.mark.parametrize("address", WRONG_ADDRESSES)
def test_a_base_url_is_an_address_without_secrets(
    environ: Environ, paths: Paths, address: str
) -> None:
    write(paths, f'[providers.x]\nbase_url = "{address}"')
    error = refusal(environ)
    assert error.message.startswith(
        f"{paths.config_file}:2: `providers.x.base_url` must be an http"
    )
    assert "secret" not in error.message + error.hint


@pytest.mark.parametrize(
    ("variable", "text", "message", "hint"),
    [
        ("DEVCHAT_MODLE", "x", "unknown environment variable `DEVCHAT_MODLE`", "`DEVCHAT_MODEL`"),
        ("DEVCHAT_CONFIG_DIRS", "x", "unknown environment variable", "`DEVCHAT_CONFIG_DIR`"),
        ("DEVCHAT_QQQQQQQQ_Z", "", "unknown environment variable", "DEVCHAT_LOCAL_THREADS"),
        ("DEVCHAT_TEMPERATURE", "warm", "DEVCHAT_TEMPERATURE in the environment: `temp", "wild"),
        ("DEVCHAT_LOCAL_THREADS", "1.5", "must be a whole number", "core"),
        ("DEVCHAT_REMOTE_RETRIES", "-1", "must be a whole number from 0 to 20", "again"),
    ],
)
def test_a_wrong_variable_is_refused(
    environ: Environ, variable: str, text: str, message: str, hint: str
) -> None:
    error = refusal(environ | {variable: text})
    assert message in error.message
    assert hint in error.hint


def test_a_wrong_flag_is_refused(environ: Environ) -> None:
    assert refusal(environ, {"temperature": 3}).message.startswith("--temperature: `temperature`")


def test_a_folder_in_place_of_the_file(environ: Environ, paths: Paths) -> None:
    paths.config_file.mkdir(parents=True)
    assert refusal(environ).message == f"{paths.config_file}: this is not a file"


def test_a_link_to_nowhere_is_as_no_file(environ: Environ, paths: Paths) -> None:
    write(paths, "")
    paths.config_file.unlink()
    paths.config_file.symlink_to("nowhere.toml")
    assert load(environ).settings.model == ""  # as if there were none


def test_a_name_too_long_can_not_be_read(environ: Environ) -> None:
    error = refusal(environ | {"DEVCHAT_CONFIG_DIR": "/" + "x" * 300})
    assert error.message.endswith("can't be read: file name too long")


def test_every_key_has_a_rule_and_a_value(environ: Environ) -> None:
    assert set(read_schema()) == set(RULES)
    loaded = load(environ)
    keys = list(every_key(loaded.settings, read_schema()))
    assert {".".join(key) for key in keys} == set(loaded.origins)
    assert value_of(loaded.settings, ("providers", "openai", "images")) is True


KEYS = st.sampled_from(
    ["model", "temperature", "max_tokens", "local", "remote.retries", "local.threads", "aliases.a"]
    + ["providers.x.base_url", "providers.ollama", "oops", '"a.b"', "'q'", '"\\u0041"', "aliases"]
)
VALUES = st.sampled_from(
    ["1", "0.5", "'x'", '"""a\n# [b]\nmodel = 1"""', "'''\n'a'''''", '"\\"="', "[1, [\n2], # ]\n]"]
    + ["{a = 1}", "true", "1979-05-27", "-1", "{threads = 2}", '"http://x/v1"', "inf", ""]
)
LINES = st.one_of(
    st.builds("{} = {}".format, KEYS, VALUES),
    st.builds("[{}]".format, KEYS),
    st.builds("[[{}]]".format, KEYS),
    st.sampled_from(["", "# [x] = 1", "\t", "[", "=", '"']),
    st.text(max_size=12),
)
TEXTS = st.lists(LINES, max_size=8).map("\n".join)


@pytest.mark.no_cover
@hypothesis_settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(TEXTS)
@example("a = [1,\n2]\nb")
def test_any_text_loads_or_is_refused_with_a_line_that_exists(
    environ: Environ, paths: Paths, text: str
) -> None:
    write(paths, text.encode("utf-8", "surrogatepass"))
    try:
        load(environ)
    except SettingsError as error:
        found = re.match(rf"{re.escape(str(paths.config_file))}:(\d+): .", error.message)
        assert found
        assert 1 <= int(found[1]) <= text.count("\n") + 1


@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.text(max_size=5), VALUES, st.booleans()), max_size=6))
def test_lines_are_those_of_the_keys(
    environ: Environ, paths: Paths, entries: list[tuple[str, str, bool]]
) -> None:
    text, lines = "[aliases]\n", {}
    for index, (name, value, comment) in enumerate(entries):
        text += "# [c] = ''' \"\n" * comment
        quoted = "".join(f"\\U{ord(character):08x}" for character in name + str(index))
        lines[f"aliases.{name}{index}"] = text.count("\n") + 1
        text += f'"{quoted}" = "" # {value}'.replace("\n", " ") + "\n"
    write(paths, text)
    tomllib.loads(text)
    origins = load(environ).origins
    assert {key: origins[key] for key in lines} == {
        key: f"{paths.config_file}:{line}" for key, line in lines.items()
    }


def test_multi_line_values_do_not_shift_lines(environ: Environ, paths: Paths) -> None:
    write(
        paths,
        'aliases.\'x\' = \'\'\'\n[local]\n\'\'\'\naliases."y\\n" = """\n\\"""a"""""\n'
        "local . threads = 4 # [x\n[ remote ]\nretries=1",
    )
    loaded = load(environ)
    found = {key: place for key, place in loaded.origins.items() if place != "default"}
    assert found == {
        "aliases.x": f"{paths.config_file}:1",
        "aliases.y\n": f"{paths.config_file}:4",
        "local.threads": f"{paths.config_file}:6",
        "remote.retries": f"{paths.config_file}:8",
    }


def folders(environ: Environ, platform: str = "linux") -> tuple[str, str, str]:
    found = find_paths(environ, platform)
    return str(found.config_file.parent), str(found.models.parent), str(found.runtime)


def test_folders_follow_the_specification(home: Path) -> None:
    usual = folders({"HOME": "/h"})
    assert usual[:2] == ("/h/.config/devchat", "/h/.local/share/devchat")
    assert re.fullmatch(r"/tmp/devchat-\d+", usual[2])
    chosen = {"XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_RUNTIME_DIR": str(home)}
    assert folders(chosen) == ("/c/devchat", "/d/devchat", f"{home}/devchat")
    relative = {"HOME": "/h", "XDG_CONFIG_HOME": "c", "XDG_RUNTIME_DIR": "/no/such"}
    assert folders(relative) == usual
    mac = "/h/Library/Application Support/devchat"
    assert folders({"HOME": "/h"}, "darwin")[:2] == (mac, mac)
    assert folders({})[0] == str(Path.home() / ".config/devchat")
    for platform, environ, cache in (
        ("linux", {"HOME": "/h"}, "/h/.cache/devchat"),
        ("linux", {"HOME": "/h", "XDG_CACHE_HOME": "/c"}, "/c/devchat"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/devchat"),
        ("linux", {"HOME": "/h", "DEVCHAT_CACHE_DIR": "/x"}, "/x"),
    ):
        assert str(find_paths(environ, platform).cache) == cache
    assert folders({"DEVCHAT_CONFIG_DIR": "rel", "HOME": "/h"})[0] == str(Path("rel").absolute())
