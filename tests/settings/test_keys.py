"""Keys: who is asked first, where they are stored, and that they are never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from devchat.errors import SettingsError, StorageError
from devchat.settings import Paths
from devchat.settings.keys import (
    KEYRING,
    Forgotten,
    Key,
    find_key,
    find_keys,
    forget_key,
    store_key,
)
from devchat.settings.vault import delete_secret, read_secrets, write_secret

Environ = dict[str, str]
BACKEND = """
import json, os, pathlib, time
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

FILE = pathlib.Path(os.environ["HOME"], "ring.json")


class Working(KeyringBackend):
    priority = 1

    def _all(self):
        return json.loads(FILE.read_text()) if FILE.exists() else {}

    def get_password(self, service, name):
        return self._all().get(f"{service}/{name}")

    def set_password(self, service, name, value):
        FILE.write_text(json.dumps(self._all() | {f"{service}/{name}": value}))

    def delete_password(self, service, name):
        left = self._all()
        if left.pop(f"{service}/{name}", None) is None:
            raise PasswordDeleteError("none")
        FILE.write_text(json.dumps(left))


class Crashing(Working):
    def get_password(self, service, name):
        os._exit(9)


class Strange(Working):
    def get_password(self, service, name):
        raise BaseException("whatever")


class Locked(Working):
    def delete_password(self, service, name):
        raise PasswordDeleteError("nobody unlocked it")


class Meanwhile(Working):
    def set_password(self, service, name, value):
        file = pathlib.Path(os.environ["DEVCHAT_CONFIG_DIR"], "keys.toml")
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.touch(0o600)
        file.write_text('deepseek = "sk-b"')
        raise OSError


class Hanging(Working):
    def get_password(self, service, name):
        time.sleep(600)
"""


@pytest.fixture
def rings(environ: Environ, home: Path) -> Environ:
    """An environment with a keyring that works, and others to choose."""
    (home / "rings.py").write_text(BACKEND)
    return environ | {"PYTHONPATH": str(home), "PYTHON_KEYRING_BACKEND": "rings.Working"}


def test_the_environment_comes_first(rings: Environ, paths: Paths) -> None:
    store_key("open-router", "sk-ring", paths, rings)
    rings["OPEN_ROUTER_API_KEY"] = " sk-env\n"
    found = find_key("open-router", rings, paths)
    assert found == Key("sk-env", "OPEN_ROUTER_API_KEY in the environment")


def test_a_working_keyring_keeps_a_key_and_leaves_no_file(
    rings: Environ, paths: Paths, home: Path
) -> None:
    assert find_key("openai", rings, paths) is None
    assert store_key("openai", " sk-1\n", paths, rings) == KEYRING
    assert not paths.keys_file.exists()
    assert json.loads((home / "ring.json").read_text()) == {"devchat/openai": "sk-1"}
    found = find_keys(["openai", "other"], rings, paths)
    assert found == {"openai": Key("sk-1", KEYRING), "other": None}
    assert forget_key("openai", paths, rings) == Forgotten((KEYRING,))
    assert forget_key("openai", paths, rings) == Forgotten(())


@pytest.mark.parametrize(
    "backend",
    [
        "keyring.backends.null.Keyring",
        "keyring.backends.fail.Keyring",
        "rings.Crashing",
        "rings.Strange",
        "no.such.Backend",
    ],
)
def test_without_a_keyring_a_private_file_keeps_it(
    rings: Environ, paths: Paths, backend: str
) -> None:
    rings["PYTHON_KEYRING_BACKEND"] = backend
    place = store_key("openai", "sk-1", paths, rings)
    assert place == str(paths.keys_file)
    assert paths.keys_file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in paths.keys_file.parent.iterdir()] == ["keys.toml"]
    store_key("other", "sk-2", paths, rings)
    assert find_key("openai", rings, paths) == Key("sk-1", place)
    assert forget_key("openai", paths, rings).places == (place,)
    assert find_key("openai", rings, paths) is None
    assert find_key("other", rings, paths) == Key("sk-2", place)


def test_a_keyring_takes_over_from_the_file(rings: Environ, paths: Paths) -> None:
    store_key("openai", "sk-old", paths, rings | {"PYTHON_KEYRING_BACKEND": "rings.Strange"})
    assert store_key("openai", "sk-new", paths, rings) == KEYRING
    assert "sk-old" not in paths.keys_file.read_text()
    assert find_key("openai", rings, paths) == Key("sk-new", KEYRING)


def test_a_keyring_that_hangs_is_left(rings: Environ) -> None:
    rings["PYTHON_KEYRING_BACKEND"] = "rings.Hanging"
    assert read_secrets(["openai"], rings, wait_seconds=0.5) == {}
    assert not write_secret("openai", "sk-1", rings, wait_seconds=0.5)
    assert delete_secret("openai", rings, wait_seconds=0.5) is None


def test_a_keyring_that_can_not_be_asked_may_still_have_a_key(rings: Environ, paths: Paths) -> None:
    store_key("openai", "sk-1", paths, rings)
    for backend in ("rings.Crashing", "rings.Locked"):
        locked = rings | {"PYTHON_KEYRING_BACKEND": backend}
        assert forget_key("openai", paths, locked) == Forgotten((), sure=False)
    assert find_key("openai", rings, paths) == Key("sk-1", KEYRING)


def test_a_key_does_not_show_itself() -> None:
    key = Key("sk-secret", "somewhere")
    assert "sk-secret" not in f"{key} {key!r} {[key]}"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_others_may_read_is_refused(environ: Environ, paths: Paths, mode: int) -> None:
    store_key("openai", "sk-1", paths, environ)
    paths.keys_file.chmod(mode)
    with pytest.raises(SettingsError, match="other users may read this file") as caught:
        find_key("openai", environ, paths)
    assert caught.value.hint == f"`chmod 600 '{paths.keys_file}'`"


@pytest.mark.parametrize(
    ("text", "line"), [("openai = sk-1\n", 1), ("\nopenai = 'sk-1\n", 2), ("sk-1\n", 1)]
)
def test_a_broken_file_of_keys_names_its_line_and_shows_nothing(
    environ: Environ, paths: Paths, text: str, line: int
) -> None:
    paths.keys_file.parent.mkdir()
    paths.keys_file.write_text(text)
    paths.keys_file.chmod(0o600)
    with pytest.raises(SettingsError) as caught:
        find_key("openai", environ, paths)
    assert caught.value.message == f"{paths.keys_file}:{line}: this is not TOML"
    assert caught.value.hint == 'a line looks like `openai = "KEY"`'


def test_what_is_no_text_in_the_file_is_no_key(environ: Environ, paths: Paths) -> None:
    paths.keys_file.parent.mkdir()
    paths.keys_file.write_text("openai = 3\nother = ' '\n")
    paths.keys_file.chmod(0o600)
    assert find_keys(["openai", "other"], environ, paths) == {"openai": None, "other": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [("a b", "sk-1"), ("", "sk-1"), ("openai", " "), ("openai", "a b"), ("openai", "a\nb")]
    + [("openai", "sk-\x1b"), ("openai", "ключ")],
)
def test_what_can_not_be_a_key_is_not_stored(
    environ: Environ, paths: Paths, name: str, value: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        store_key(name, value, paths, environ)
    assert value.strip() == "" or value not in caught.value.message
    assert not paths.keys_file.exists()


def test_a_place_that_can_not_be_written(environ: Environ, paths: Paths) -> None:
    paths.keys_file.parent.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="can't be written: ") as caught:
        store_key("openai", "sk-1", paths, environ)
    assert "DEVCHAT_CONFIG_DIR" in caught.value.hint
    assert paths.keys_file.parent.is_file()


def test_a_key_stored_while_the_keyring_is_asked_stays(rings: Environ, paths: Paths) -> None:
    rings["PYTHON_KEYRING_BACKEND"] = "rings.Meanwhile"
    assert store_key("openai", "sk-a", paths, rings) == str(paths.keys_file)
    found = find_keys(["openai", "deepseek"], rings, paths)
    assert {name: key and key.value for name, key in found.items()} == {
        "openai": "sk-a", "deepseek": "sk-b",
    }  # fmt: skip
