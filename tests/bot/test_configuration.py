"""The environment is read once, refused in one line, and its secrets are never shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.configuration import (
    Configuration,
    for_devchat,
    read_configuration,
)
from devchat.errors import SettingsError
from tests.docs import DOCS, bot_page
from tests.fakes.github import new_key

KEY = new_key()[0]
SECRET = "0123456789abcdef"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "DEVCHAT_DATA_DIR": str(tmp_path / "data"),
        "DEVCHAT_GITHUB_APP_ID": "4242",
        "DEVCHAT_GITHUB_PRIVATE_KEY": KEY,
        "DEVCHAT_GITHUB_WEBHOOK_SECRET": SECRET,
    }


def test_what_is_not_said_has_a_default(environ: dict[str, str], tmp_path: Path) -> None:
    assert read_configuration(environ) == Configuration(
        app_id=4242,
        private_key=KEY,
        webhook_secrets=(SECRET,),
        api_url="https://api.github.com",
        database_url=f"sqlite:///{tmp_path}/data/bot.db",
        host="127.0.0.1",
        port=8000,
        log="info",
        drafts=False,
        accounts=(),
        per_day=500,
        data=tmp_path / "data",
    )


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        (
            "GITHUB_WEBHOOK_SECRET",
            f"{SECRET}, {SECRET[::-1]}",
            "webhook_secrets",
            (SECRET, SECRET[::-1]),
        ),
        ("GITHUB_API_URL", "https://git.example/api/v3/", "api_url", "https://git.example/api/v3"),
        ("GITHUB_API_URL", "http://127.0.0.1:1234", "api_url", "http://127.0.0.1:1234"),
        ("GITHUB_API_URL", "http://[::1]:1234", "api_url", "http://[::1]:1234"),
        ("GITHUB_PRIVATE_KEY", KEY.strip().replace("\n", "\\n"), "private_key", KEY),
        ("DATABASE_URL", "postgresql://bot@db/bot", "database_url", "postgresql://bot@db/bot"),
        ("HOST", "::", "host", "::"),
        ("PORT", "0", "port", 0),
        ("LOG", "WARNING", "log", "warning"),
        ("LOG", "", "log", "info"),
        ("DRAFTS", "yes", "drafts", True),
        ("ACCOUNTS", "Octo, octo-labs", "accounts", ("octo", "octo-labs")),
        ("REVIEWS_PER_DAY", "0", "per_day", 0),
    ],
)
def test_what_is_said_holds(
    environ: dict[str, str], variable: str, value: str, field: str, expected: object
) -> None:
    configuration = read_configuration(environ | {f"DEVCHAT_{variable}": value})
    assert getattr(configuration, field) == expected


URL = "DEVCHAT_GITHUB_API_URL"
HTTPS = f"`{URL}` must be an https address (http only on this machine)"
WRONG: list[tuple[str, str, str]] = [
    ("GITHUB_APP_ID", "", "`DEVCHAT_GITHUB_APP_ID` is not set"),
    ("GITHUB_APP_ID", "devchat", "`DEVCHAT_GITHUB_APP_ID` must be a number"),
    ("GITHUB_APP_ID", "-1", "`DEVCHAT_GITHUB_APP_ID` must be a number"),
    ("GITHUB_APP_ID", "٤", "`DEVCHAT_GITHUB_APP_ID` must be a number"),
    ("GITHUB_APP_ID", "9" * 30, "`DEVCHAT_GITHUB_APP_ID` must be a number"),
    (
        "GITHUB_PRIVATE_KEY",
        "",
        "neither `DEVCHAT_GITHUB_PRIVATE_KEY` nor `DEVCHAT_GITHUB_PRIVATE_KEY_PATH` is set",
    ),
    ("GITHUB_PRIVATE_KEY", "hunter2", "`DEVCHAT_GITHUB_PRIVATE_KEY` must be a private key in PEM"),
    ("GITHUB_PRIVATE_KEY", KEY[:-20], "`DEVCHAT_GITHUB_PRIVATE_KEY` must be a private key in PEM"),
    ("GITHUB_WEBHOOK_SECRET", "", "`DEVCHAT_GITHUB_WEBHOOK_SECRET` is not set"),
    (
        "GITHUB_WEBHOOK_SECRET",
        ",",
        "`DEVCHAT_GITHUB_WEBHOOK_SECRET` must be one secret, or two with a comma between them",
    ),
    (
        "GITHUB_WEBHOOK_SECRET",
        "hunter2",
        "`DEVCHAT_GITHUB_WEBHOOK_SECRET` must be at least 16 characters long",
    ),
    ("GITHUB_API_URL", "http://git.example/api/v3", HTTPS),
    (
        "ACCOUNTS",
        "octo/app",
        "`DEVCHAT_ACCOUNTS` must be names of accounts with commas between them",
    ),
    ("REVIEWS_PER_DAY", "many", "`DEVCHAT_REVIEWS_PER_DAY` must be a number below 1000000"),
    ("GITHUB_API_URL", "ftp://127.0.0.1", HTTPS),
    ("GITHUB_API_URL", "git.example", HTTPS),
    ("GITHUB_API_URL", "https://[", f"`{URL}` must be an address"),
    ("GITHUB_API_URL", "https://git.example:x", f"`{URL}` must be an address"),
    ("GITHUB_API_URL", "https://git.example/\u00e9", f"`{URL}` must be an address"),
    *[
        ("GITHUB_API_URL", one, f"`{URL}` must be an address with no user, `?` or `#` in it")
        for one in ("https://me:hunter2@git.example", "https://h/?a", "https://h:0", "https://@h")
    ],
    (
        "DATABASE_URL",
        "mysql://me:hunter2@db/bot",
        "`DEVCHAT_DATABASE_URL` must be an address that begins with `sqlite:///` or `postgresql://`",
    ),
    ("PORT", "http", "`DEVCHAT_PORT` must be a number below 65536"),
    ("PORT", "65536", "`DEVCHAT_PORT` must be a number below 65536"),
    ("LOG", "loud", "`DEVCHAT_LOG` must be one of `debug`, `info`, `warning`, `error`"),
    ("DRAFTS", "maybe", "`DEVCHAT_DRAFTS` must be `yes` or `no`"),
    ("HOSTT", "x", "unknown environment variable `DEVCHAT_HOSTT`"),
    ("WORLD_PEACE", "x", "unknown environment variable `DEVCHAT_WORLD_PEACE`"),
]


@pytest.mark.parametrize(("variable", "value", "message"), WRONG)
def test_what_is_wrong_is_said_in_one_line(
    environ: dict[str, str], variable: str, value: str, message: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read_configuration(environ | {f"DEVCHAT_{variable}": value})
    assert caught.value.message == message
    assert caught.value.hint
    assert "hunter2" not in caught.value.message + caught.value.hint
    assert caught.value.__cause__ is None


def test_the_key_is_read_from_a_file_of_its_owner_alone(
    environ: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "key.pem"
    file.write_text(KEY)
    file.chmod(0o600)
    del environ["DEVCHAT_GITHUB_PRIVATE_KEY"]
    environ["DEVCHAT_GITHUB_PRIVATE_KEY_PATH"] = str(file)
    assert read_configuration(environ).private_key == KEY
    file.chmod(0o640)
    refuse(environ, f"others may open {file}")
    file.chmod(0o600)
    file.write_bytes(b"\xff")
    refuse(environ, f"{file} holds no private key")
    file.unlink()
    refuse(environ, f"{file} can't be read: no such file or directory")
    refuse(environ | {"DEVCHAT_GITHUB_PRIVATE_KEY": KEY}, "are both set")


def refuse(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        read_configuration(environ)


def test_secrets_are_not_shown_and_are_known_for_the_logs(environ: dict[str, str]) -> None:
    environ["DEVCHAT_DATABASE_URL"] = "postgresql://bot:p%40ssw0rd@db/bot"
    configuration = read_configuration(environ)
    assert set(configuration.secrets()) == {KEY, SECRET, "p%40ssw0rd", "p@ssw0rd"}
    assert not [one for one in configuration.secrets() if one in repr(configuration)]


def test_devchat_and_its_processes_see_none_of_the_secrets(environ: dict[str, str]) -> None:
    seen = for_devchat(environ | {"DEVCHAT_MODEL": "openai:gpt-5", "OPENAI_API_KEY": "sk"})
    assert set(seen) == {"HOME", "DEVCHAT_DATA_DIR", "DEVCHAT_MODEL", "OPENAI_API_KEY"}


def test_the_page_names_every_variable() -> None:
    assert (DOCS / "bot.md").read_text() == bot_page(), "run `make docs`"
