"""`devchat config`, as a user runs it; keys typed into a real terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pexpect
import pytest

from devchat.settings import Paths
from tests.conftest import Devchat

SECRET = "sk-very-secret"


@pytest.mark.measured
def test_show_aligns_keys_values_and_origins(devchat: Devchat, paths: Paths) -> None:
    assert devchat("config", "set", "model", "fast").returncode == 0
    assert devchat("config", "set", "keys.openai", stdin=SECRET + "\n").returncode == 0
    done = devchat("config", "show", env={"DEVCHAT_LOCAL_KEEP_ALIVE": "7.5"})
    lines = {line.split()[0]: line for line in done.stdout.split("\n") if line}
    assert lines["model"].split() == ["model", "fast", f"{paths.config_file}:1"]
    assert lines["temperature"].split() == ["temperature", "-", "default"]
    assert lines["local.keep_alive"].endswith("  DEVCHAT_LOCAL_KEEP_ALIVE in the environment")
    assert lines["local.keep_alive"].split()[1] == "7.5"
    assert lines["keys.openai"].split()[1:] == ["set", "in", str(paths.keys_file)]
    assert lines["providers.openai.images"].split()[1:] == ["true", "default"]
    assert len({line.find("default") for line in lines.values() if "default" in line}) == 1
    assert SECRET not in done.stdout


@pytest.mark.measured
def test_show_json(devchat: Devchat, paths: Paths) -> None:
    done = devchat("config", "show", "--json", env={"DEEPSEEK_API_KEY": SECRET})
    found = json.loads(done.stdout)
    assert found["version"] == 1
    assert found["paths"]["config_file"] == str(paths.config_file)
    assert found["settings"]["local.keep_alive"] == {"value": 300.0, "origin": "default"}
    assert found["settings"]["temperature"]["value"] is None
    assert found["settings"]["keys.deepseek"] == {
        "value": "set",
        "origin": "in DEEPSEEK_API_KEY in the environment",
    }
    assert SECRET not in done.stdout


def test_set_get_unset(devchat: Devchat) -> None:
    done = devchat("config", "set", "local.gpu_layers", "-1")
    assert (done.returncode, done.stdout) == (0, "")
    assert devchat("config", "set", "aliases.fast", "快 model").returncode == 0
    assert devchat("config", "get", "local.gpu_layers").stdout == "-1\n"
    assert devchat("config", "get", "aliases.fast").stdout == "快 model\n"
    assert devchat("config", "get", "temperature").stdout == "\n"
    assert devchat("config", "get", "local.keep_alive").stdout == "300\n"
    assert "is removed from" in devchat("config", "unset", "aliases.fast").stderr
    assert "was not in" in devchat("config", "unset", "local.threads").stderr
    gone = devchat("config", "get", "aliases.fast")
    assert gone.returncode == 2
    assert "unknown key `aliases.fast`" in gone.stderr


def test_set_says_where_the_environment_wins(devchat: Devchat) -> None:
    done = devchat("config", "set", "model", "x", env={"DEVCHAT_MODEL": "y"})
    assert "but DEVCHAT_MODEL in the environment counts first" in done.stderr
    done = devchat("config", "set", "keys.a", stdin="sk-1", env={"A_API_KEY": "sk-2"})
    assert "but A_API_KEY in the environment counts first" in done.stderr


@pytest.mark.measured
def test_a_key_goes_in_by_standard_input_and_never_comes_out(
    devchat: Devchat, paths: Paths
) -> None:
    done = devchat("config", "set", "keys.mine", stdin=SECRET + "\nrest")
    assert done.stderr == f"keys.mine is set in {paths.keys_file}\n"
    assert devchat("config", "get", "keys.mine").stdout == f"set ({paths.keys_file})\n"
    assert "keys.mine" in devchat("config", "show").stdout
    assert paths.keys_file.read_text() == f'mine = "{SECRET}"\n'
    assert "is removed from" in devchat("config", "unset", "keys.mine").stderr
    assert "was not stored" in devchat("config", "unset", "keys.mine").stderr
    deaf = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    said = devchat("config", "unset", "keys.mine", env=deaf).stderr
    assert "was not in" in said and "the system keyring can't be asked" in said
    assert devchat("config", "get", "keys.mine").stdout == "not set\n"


@pytest.mark.measured
@pytest.mark.parametrize("typed", [SECRET + "\r", "\x04"])
def test_a_key_typed_into_a_terminal_is_not_echoed(
    environ: dict[str, str], paths: Paths, typed: str
) -> None:
    args = ["-m", "devchat", "config", "set", "keys.openai"]
    child = pexpect.spawn(sys.executable, args, env=environ, encoding="utf-8", timeout=60)
    child.expect_exact("openai key (not shown): ")
    child.send(typed)
    rest = child.read()
    child.close()
    assert SECRET not in rest
    if typed.startswith(SECRET):
        assert child.exitstatus == 0
        assert SECRET in paths.keys_file.read_text()
    else:
        assert child.exitstatus == 2
        assert "this can't be a key" in rest


@pytest.mark.measured
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["set", "keys.openai", SECRET], "a secret on the command line"),
        (["set", "model"], "no value for `model`"),
        (
            ["set", "temprature", "1"],
            "unknown key `temprature`\n\nhint: did you mean `temperature`",
        ),
        (["set", "temperature", "9"], "error: `temperature` must be a number from 0 to 2"),
        (["get", "modle"], "unknown key `modle`\n\nhint: did you mean `model`?"),
        (["get", "providers.none.tier"], "unknown key `providers.none.tier`"),
        (["unset", "modle"], "unknown key `modle`"),
    ],
)
def test_mistakes(devchat: Devchat, paths: Paths, args: list[str], message: str) -> None:
    done = devchat("config", *args)
    assert done.returncode == 2
    assert message in done.stderr
    assert SECRET not in done.stderr
    assert not paths.config_file.exists()


@pytest.mark.measured
def test_edit_makes_a_template_and_checks_what_comes_back(devchat: Devchat, paths: Paths) -> None:
    done = devchat("config", "edit", env={"EDITOR": "sed -i 's/^# temperature/temprature/'"})
    assert done.returncode == 2
    line = (
        paths.config_file.read_text()
        .split("\n")
        .index("temprature = 0.7  # 0 is repeatable, 2 is wild")
    )
    assert f"error: {paths.config_file}:{line + 1}: unknown key `temprature`" in done.stderr
    assert devchat("config", "show").returncode == 2
    assert devchat("config", "path").stdout == f"{paths.config_file}\n"
    fixed = devchat("config", "edit", env={"VISUAL": "sed -i s/temprature/temperature/"})
    assert (fixed.returncode, fixed.stderr) == (0, "")


def test_a_read_only_home_is_a_storage_error(devchat: Devchat, home: Path) -> None:
    (home / "config").write_text("")  # a file where the folder should be stops even root
    done = devchat("config", "set", "model", "x")
    assert done.returncode in (2, 6)
    env = {"DEVCHAT_CONFIG_DIR": "/proc/devchat"}
    done = devchat("config", "set", "model", "x", env=env)
    assert done.returncode == 6
    assert "`/proc/devchat/config.toml` can't be written" in done.stderr


@pytest.mark.measured
def test_a_key_without_a_name_or_value_is_explained(devchat: Devchat) -> None:
    for key in ("keys", "keys."):
        done = devchat("config", "set", key)
        assert done.returncode == 2
        assert f"`{key}` names no key" in done.stderr
    assert "did you mean `model`?" in devchat("config", "set", "modle").stderr
    assert "no value for `model`" in devchat("config", "set", "model").stderr


@pytest.mark.measured
def test_bytes_that_are_no_text_are_refused(devchat: Devchat, home: Path) -> None:
    for line in (("aliases.x", "a\udcff"), ("aliases.\udcff", "a"), ("local.threads", "\udcff")):
        done = devchat("config", "set", *line)
        assert done.returncode == 2
        assert "this is not UTF-8" in done.stderr
    assert not (home / "config" / "config.toml").exists()
