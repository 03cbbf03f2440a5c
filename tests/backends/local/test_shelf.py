"""Files of evaluated prompts: damaged, foreign, too many, cut off, and shared by two."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devchat.backends.local.kept import START, Head, encode_head, head_of
from devchat.backends.local.shelf import Shelf
from devchat.backends.local.worth import Wanted
from tests.backends.local.draft import StuckDraft, opened_to_write
from tests.backends.local.test_faults import until

KEY, OTHER = "0123456789abcdef", "fedcba9876543210"
STATE = bytes(range(256)) * 40


def made(*tokens: int, key: str = KEY, state: bytes = STATE) -> Head:
    return head_of(key, "model", Wanted(1, tokens, 0, 0), state)


@pytest.fixture
def shelf(home: Path) -> Shelf:
    return Shelf(home / "cache" / "prefixes", 1 << 30)


def kept(shelf: Shelf, head: Head, state: bytes = STATE) -> Path:
    assert shelf.write(head, state)
    return shelf.folder / head.name


def afresh(shelf: Shelf) -> Shelf:
    """See the folder as another engine does."""
    return Shelf(shelf.folder, shelf.limit)


def test_what_was_written_is_found_and_read(shelf: Shelf) -> None:
    heads = [made(1, 2, 3), made(1, 2), made(1, 2, key=OTHER)]
    paths = [kept(shelf, head) for head in heads]
    for one in (shelf, afresh(shelf)):
        assert sorted(one.heads(KEY), key=lambda head: -len(head.tokens)) == heads[:2]
        assert one.heads(OTHER) == heads[2:]
        assert one.read(heads[0]) == (heads[0], STATE)
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert shelf.folder.stat().st_mode & 0o777 == 0o700
    assert shelf.folder.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_is_not_there_is_empty(shelf: Shelf) -> None:
    assert (shelf.heads(KEY), shelf.files(), shelf.clear()) == ([], [], (0, 0))
    assert shelf.read(made(1)) is None
    assert not shelf.folder.exists()


def test_a_file_written_anew_is_read_with_its_new_head(shelf: Shelf) -> None:
    old = made(1, 2, 3)
    kept(shelf, old)
    assert shelf.heads(KEY) == [old]
    new = head_of(KEY, "model", Wanted(1, (1, 2, 3), 2, 2), STATE[:100])
    kept(afresh(shelf), new, STATE[:100])
    assert shelf.read(old) == (new, STATE[:100])


def test_a_file_in_the_place_of_another_is_not_read(shelf: Shelf) -> None:
    head = made(1, 2, 3)
    path = kept(shelf, head)
    path.write_bytes(whole(made(1, 2)))
    assert shelf.read(head) is None
    assert not path.exists()


def test_a_file_that_vanishes_is_not_there(shelf: Shelf) -> None:
    head = made(1, 2, 3)
    path = kept(shelf, head)
    assert shelf.heads(KEY) == [head]
    path.unlink()
    assert shelf.read(head) is None
    assert shelf.heads(KEY) == []


def whole(head: Head) -> bytes:
    return encode_head(head) + STATE


def renumbered(data: bytes, form: int) -> bytes:
    magic, _, size, digest = START.unpack(data[: START.size])
    return START.pack(magic, form, size, digest) + data[START.size :]


def signed(body: bytes) -> bytes:
    """Make a head that is well signed and still none of ours."""
    import hashlib

    digest = hashlib.blake2b(body, digest_size=16).digest()
    return START.pack(b"devchat\0", 1, len(body), digest) + body


def field(data: bytes, name: str, value: object) -> bytes:
    """Give the body of a file's head with another value in it."""
    size = START.unpack(data[: START.size])[2]
    body = json.loads(data[START.size : START.size + size])
    return json.dumps(body | {name: value}).encode()


BAD: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "truncated in its start": lambda data: data[:10],
    "truncated in its head": lambda data: data[: START.size + 9],
    "truncated in its state": lambda data: data[:-1],
    "longer than it was": lambda data: data + b"x",
    "another program's": lambda data: b"GGUF" + data[4:],
    "a later format": lambda data: renumbered(data, 2),
    "a head of 4 GB": lambda data: data[:12] + b"\xff" * 4 + data[16:],
    "not JSON": lambda data: signed(b"{"),
    "other fields": lambda data: signed(b'{"tokens": [1], "colour": "red"}'),
    "nested deeper than Python goes": lambda data: signed(b"[" * 100_000),
    "a size that is no number": lambda data: signed(field(data, "size", "x")),
    "tokens that are none": lambda data: signed(field(data, "tokens", ["a"])),
    "a token too large": lambda data: signed(field(data, "tokens", [1 << 70])),
    "a name that is a number": lambda data: signed(field(data, "model", 7)) + STATE,
    "no fields": lambda data: signed(b"[]"),
    "of another key": lambda data: whole(made(1, 2, 3, key=OTHER)),
    "of other tokens": lambda data: whole(made(1, 2, 4)),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_damaged_or_foreign_file_is_ignored_and_removed(shelf: Shelf, kind: str) -> None:
    good, bad = made(1, 2), made(1, 2, 3)
    kept(shelf, good)
    path = kept(shelf, bad)
    path.write_bytes(BAD[kind](path.read_bytes()))
    assert afresh(shelf).heads(KEY) == [good]
    assert not path.exists()
    path.write_bytes(BAD[kind](whole(bad)))
    assert [one.path.name for one in afresh(shelf).files()] == [good.name]
    assert not path.exists()


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_state_with_a_flipped_bit_is_ever_given(shelf: Shelf, place: int, bit: int) -> None:
    head = made(1, 2, 3)
    path = kept(shelf, head)
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path.write_bytes(data)
    reader = afresh(shelf)
    assert [reader.read(one) for one in reader.heads(KEY)] in ([], [None])
    assert not path.exists()


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_noise_is_no_file_of_ours(shelf: Shelf, noise: bytes) -> None:
    path = kept(shelf, made(1))
    path.write_bytes(noise)
    assert afresh(shelf).heads(KEY) == []
    assert not path.exists()


def test_what_others_keep_in_the_folder_stays(shelf: Shelf) -> None:
    kept(shelf, made(1))
    (shelf.folder / "notes.txt").write_text("mine")
    (shelf.folder / f"{KEY}-link.kv").symlink_to(shelf.folder / "notes.txt")
    (shelf.folder / f"{KEY}-folder.kv").mkdir()
    assert len(shelf.heads(KEY)) == 1
    assert shelf.clear()[0] == 1
    assert (shelf.folder / "notes.txt").read_text() == "mine"


def test_the_least_recently_used_make_room(shelf: Shelf) -> None:
    heads = [made(number) for number in range(4)]
    paths = [kept(shelf, head) for head in heads]
    for age, path in enumerate(paths):
        os.utime(path, (1000 + age, 1000 + age))
    size = paths[0].stat().st_size
    small = Shelf(shelf.folder, 3 * size)
    assert small.read(heads[0]) == (heads[0], STATE), "used just now: the latest of all"
    kept(small, made(9))
    assert [path.exists() for path in paths] == [True, False, False, True]
    assert sum(one.bytes for one in small.files()) <= small.limit
    assert [one.tokens for one in small.files()] == [1, 1, 1]


def test_what_is_larger_than_the_limit_pushes_nothing_out(shelf: Shelf) -> None:
    path = kept(shelf, made(1))
    small = Shelf(shelf.folder, path.stat().st_size + 10)
    big = STATE * 2
    assert not small.write(made(2, state=big), big)
    assert path.exists()


def test_the_files_are_listed_the_latest_used_first(shelf: Shelf) -> None:
    paths = [kept(shelf, made(1)), kept(shelf, made(1, 2, key=OTHER))]
    os.utime(paths[0], (5000, 5000))
    os.utime(paths[1], (4000, 4000))
    listed = [(one.path, one.bytes, one.used, one.model, one.tokens) for one in shelf.files()]
    sizes = [path.stat().st_size for path in paths]
    assert listed == [
        (paths[0], sizes[0], 5000.0, "model", 1),
        (paths[1], sizes[1], 4000.0, "model", 2),
    ]
    assert shelf.clear() == (2, sum(sizes))
    assert shelf.files() == []


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_folder_that_others_may_enter_is_not_used(shelf: Shelf, mode: int) -> None:
    head = made(1)
    kept(shelf, head)
    shelf.folder.chmod(mode)
    assert shelf.heads(KEY) == []
    with pytest.raises(PermissionError, match="not yours alone"):
        shelf.write(made(2), STATE)


def test_a_folder_that_can_not_be_made(shelf: Shelf) -> None:
    shelf.folder.parent.mkdir()
    shelf.folder.touch()
    assert shelf.heads(KEY) == []
    with pytest.raises(OSError) as caught:
        shelf.write(made(1), STATE)
    assert caught.value.errno == errno.EEXIST


WRITER = """
import sys
from pathlib import Path
from devchat.backends.local.kept import head_of
from devchat.backends.local.shelf import Shelf
from devchat.backends.local.worth import Wanted

state = bytes(1 << 20)
head = head_of(sys.argv[2], "model", Wanted(1, (1, 2, 3), 0, 0), state)
sys.stdin.readline()
Shelf(Path(sys.argv[1]), 1 << 40).write(head, state)
print("written", flush=True)
"""


def test_a_writer_killed_leaves_nothing_but_a_draft_that_is_cleared_away(shelf: Shelf) -> None:
    shelf.folder.mkdir(mode=0o700, parents=True)
    state = bytes(1 << 20)
    head, pipe = made(1, 2, 3, state=state), subprocess.PIPE
    command = [sys.executable, "-c", WRITER, str(shelf.folder), KEY]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as writer:
        try:
            draft = StuckDraft(shelf.folder, writer.pid, head.name)
            assert writer.stdin is not None and writer.stdout is not None
            writer.stdin.write(b"\n")
            writer.stdin.flush()
            written = draft.begun()
            shelf.sweep()
            assert draft.path.exists(), "its writer lives"
        finally:
            writer.kill()
        assert writer.stdout.read() == b""
    assert writer.returncode == -signal.SIGKILL
    assert written and (encode_head(head) + state).startswith(written)
    draft.leave(written)
    assert shelf.heads(KEY) == []
    assert draft.path.exists()
    kept(shelf, made(7))
    assert not draft.path.exists()
    assert afresh(shelf).heads(KEY) == [made(7)]


def test_a_writer_leaves_the_draft_of_one_with_its_number_alone(shelf: Shelf) -> None:
    shelf.folder.mkdir(mode=0o700, parents=True)
    state = bytes(1 << 20)
    head, pipe = made(1, 2, 3, state=state), subprocess.PIPE
    command = [sys.executable, "-c", WRITER, str(shelf.folder), KEY]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as writer:
        draft = shelf.folder / f".{writer.pid}-{head.name}.part"
        with draft.open("wb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            other.write(b"of another container")
            other.flush()
            assert writer.stdin is not None
            writer.stdin.write(b"\n")
            writer.stdin.flush()
            until(lambda: opened_to_write(draft, writer.pid))
            assert draft.read_bytes() == b"of another container"
        assert writer.wait() == 0
    assert shelf.read(head) == (head, state)


MANY = """
import sys
from pathlib import Path
from devchat.backends.local.kept import head_of
from devchat.backends.local.shelf import Shelf
from devchat.backends.local.worth import Wanted

shelf, me = Shelf(Path(sys.argv[1]), 300_000), int(sys.argv[2])
for number in range(150):
    state = bytes([number]) * 20_000
    shelf.write(head_of("k", "model", Wanted(1, (number % 40,), 0, 0), state), state)
    for head in shelf.heads("k"):
        _, state = shelf.read(head) or (head, b"x" * 20_000)
        assert len(set(state)) == 1 and len(state) == 20_000, (me, head.name)
print(len(shelf.heads("k")))
"""


def test_engines_that_write_read_and_make_room_at_once(shelf: Shelf) -> None:
    shelf.folder.parent.mkdir(mode=0o700)
    command = [sys.executable, "-c", MANY, str(shelf.folder)]
    writers = [
        subprocess.Popen([*command, str(number)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for number in range(3)
    ]
    said = [writer.communicate() for writer in writers]
    assert [error for _, error in said] == [b""] * 3
    assert all(0 < int(count) <= 15 for count, _ in said)
    assert list(shelf.folder.glob(".*")) == []
