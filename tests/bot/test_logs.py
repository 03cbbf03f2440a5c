"""Each line is JSON, says what it is about, and holds no secret however it came in."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, suppress
from contextvars import copy_context

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.logs import JsonFormatter, Redactor, logged, open_logs
from devchat.sanitize.tokens import MASK
from tests.fakes.github import new_key

KEY = new_key()[0]
SECRETS = ("the webhook's own secret", KEY)
LOG = logging.getLogger("tests.bot")


@pytest.fixture
def logs() -> Iterator[None]:
    """The process's logging, as a service opens it; put back afterwards."""
    root, theirs = logging.getLogger(), logging.getLogger("dbos")
    kept = root.handlers[:], root.level, theirs.level
    open_logs("info", SECRETS)
    yield
    root.handlers[:], root.level = kept[0], kept[1]
    theirs.setLevel(kept[2])
    logging.captureWarnings(False)


def lines(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_says_what_it_is_about(logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    with logged(delivery="guid", repository="octo/app", pull=""):
        with logged(pull="3", job="review:1"):
            LOG.info("begun %d", 1)
        LOG.warning("done")
    LOG.info("outside")
    LOG.debug("too quiet")
    found = lines(capsys.readouterr().err)
    assert [one.pop("time")[-6:] for one in found] == ["+00:00"] * 3
    shared = {"logger": "tests.bot"}
    delivery = {"delivery": "guid", "repository": "octo/app"}
    assert found == [
        {
            "level": "info",
            "message": "begun 1",
            **shared,
            **delivery,
            "pull": "3",
            "job": "review:1",
        },
        {"level": "warning", "message": "done", **shared, **delivery},
        {"level": "info", "message": "outside", **shared},
    ]


def test_threads_don_t_mix_up_what_they_are_about(
    logs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with logged(job="mine"):
        alone = threading.Thread(target=LOG.info, args=("alone",))
        along = threading.Thread(target=copy_context().run, args=(LOG.info, "along"))
        for thread in (alone, along):
            thread.start()
            thread.join()
    found = lines(capsys.readouterr().err)
    assert [(one["message"], one.get("job")) for one in found] == [
        ("alone", None),
        ("along", "mine"),
    ]


def test_a_line_that_can_t_be_made_stops_nothing(
    logs: None, capsys: pytest.CaptureFixture[str]
) -> None:
    open_logs("info")  # anew, without pytest's own handlers
    LOG.info("%d", "no number")
    LOG.info("after\nit")
    assert [one["message"] for one in lines(capsys.readouterr().err)] == ["after\nit"]


def test_a_stream_that_takes_nothing_stops_nothing(
    logs: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = io.StringIO()
    closed.close()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", closed)
        LOG.info("lost")
    LOG.info("after it")
    assert [one["message"] for one in lines(capsys.readouterr().err)] == ["after it"]


def everything(terminal: int) -> str:
    """Read what was written to a terminal that is closed by now."""
    parts = []
    with os.fdopen(terminal, "rb", buffering=0) as file, suppress(OSError):  # Linux: its end
        while part := file.read(1 << 16):
            parts.append(part)
    return b"".join(parts).decode()


def test_a_terminal_is_shown_words(logs: None) -> None:
    main, side = pty.openpty()
    with os.fdopen(side, "w") as terminal, redirect_stderr(terminal):
        open_logs("info", SECRETS)
        with logged(delivery="guid", repository="octo/app", pull="3", job="review:1"):
            LOG.info("begun\n%s", SECRETS[0])
        with logged(job="left\x1b[31m"):
            try:
                raise ValueError(KEY)
            except ValueError:
                LOG.exception("failed")
        LOG.info("outside")
    text = everything(main).replace("\r\n", "\n")
    shown = re.sub(r"(?m)^\d\d:\d\d:\d\d ", "@ ", text).split("\n")
    assert shown[:3] == [
        f"@ octo/app#3 begun {MASK}",
        "@ left␛[31m error: failed",
        "Traceback (most recent call last):",
    ]
    assert shown[-3:] == [f"ValueError: {MASK}", "@ outside", ""]


WORD = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"))
LETTERS = WORD.filter(lambda text: len(text) >= 16)
TOKENS = st.one_of(
    st.builds("ghs_{}".format, LETTERS),
    st.builds("ghs_4242_eyJ{}.eyJ{}.{}".format, LETTERS, LETTERS, LETTERS),
    st.builds("ghp_{}".format, LETTERS),
    st.builds("gho_{}".format, LETTERS),
    st.builds("github_pat_{}".format, LETTERS),
    st.builds("eyJ{}.{}.{}".format, LETTERS, LETTERS, LETTERS),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    token=TOKENS, before=st.text(), after=st.sampled_from(["", " ", "\n", '"', "'", ")", "@host"])
)
def test_no_token_is_ever_written(token: str, before: str, after: str) -> None:
    error = ValueError(f"{before}{token}{after}")
    info = (ValueError, error, None)
    record = logging.LogRecord("x", 20, "f", 1, "%s %r", (f"{before}{token}{after}", token), info)
    with logged(job=token):
        line = JsonFormatter(Redactor(SECRETS)).format(record)
    assert token not in line
    assert token[-12:] not in line or token[-12:] in before
    assert isinstance(json.loads(line), dict)


@given(
    secret=st.sampled_from([*SECRETS, *KEY.splitlines()[1:-1]]), before=st.text(), after=st.text()
)
def test_no_secret_of_ours_is_ever_written(secret: str, before: str, after: str) -> None:
    record = logging.LogRecord(
        "x", 20, "f", 1, before + secret.replace("%", "") + after, None, None
    )
    line = json.loads(JsonFormatter(Redactor(SECRETS)).format(record))
    assert secret not in line["message"]


BEGIN, *BODY, END = KEY.splitlines()
FOREIGN = "\n".join([BEGIN, *(line[::-1] for line in BODY), END])


@pytest.mark.parametrize(
    "text",
    [
        f"key: {FOREIGN}",
        f"cut: {FOREIGN[:200]}",
        "Authorization: Bearer hunter2hunter2",
        "authorization: token hunter2hunter2",
        "Authorization: Basic aHVudGVyMmh1bnRlcjI=",
        "https://x-access-token:hunter2hunter2@github.com/octo/app",
        "postgresql://bot:hunter2hunter2@db/bot",
    ],
)
def test_what_has_the_form_of_a_secret_is_hidden(text: str) -> None:
    hidden = Redactor()(text)
    assert "hunter2" not in hidden
    assert "aHVudGVy" not in hidden
    assert not [line for line in FOREIGN.splitlines()[1:-1] if line in hidden]


@pytest.mark.parametrize(
    "text", ["head a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0", "https://github.com/octo/app/pull/3"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Redactor()(text) == text
