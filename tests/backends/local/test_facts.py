"""When a model's file is taken for the one that was hashed before."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from devchat.backends.local.facts import Facts, ModelFile, hash_of, look_at, read_facts, remember

OLD = (50, 50)


@pytest.fixture
def parts(home: Path) -> list[Path]:
    """A model in three files."""
    made = [home / f"m-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    for number, path in enumerate(made):
        path.write_bytes(b"GGUF" + bytes([number]) * 100)
        os.utime(path, OLD)
    os.utime(made[0], (60, 60))
    return made


def written_over(path: Path) -> None:
    path.write_bytes(b"GGUF" + b"x" * 100)


def replaced(path: Path) -> None:
    new = path.with_suffix(".new")
    written_over(new)
    os.utime(new, OLD)
    new.replace(path)


def written_over_and_dated_back(path: Path) -> None:
    seen = path.stat()
    # The kernel's clock ticks every few milliseconds: until it has, nobody could tell.
    while path.stat().st_ctime_ns == seen.st_ctime_ns:
        written_over(path)
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


CHANGES = (written_over, replaced, written_over_and_dated_back)


@pytest.mark.parametrize("part", range(3))
@pytest.mark.parametrize("change", CHANGES)
def test_another_content_is_never_taken_for_the_same(
    home: Path, parts: list[Path], change: Callable[[Path], None], part: int
) -> None:
    before = look_at(str(parts[0]))
    known = Facts(hash_of(before))
    remember(home, before, known)
    assert known.hash
    assert read_facts(home, look_at(str(parts[0]))) == known
    change(parts[part])
    after = look_at(str(parts[0]))
    assert read_facts(home, after) == Facts()
    assert hash_of(after) not in ("", known.hash)
    assert hash_of(before) == "", "it changed while it was in use"


def test_a_file_that_has_changed_is_not_even_read(home: Path) -> None:
    unreadable = home / "folder.gguf"
    unreadable.mkdir()
    assert hash_of(ModelFile(str(unreadable), "of another")) == ""


def test_a_file_that_changes_while_it_is_hashed_has_no_hash(home: Path) -> None:
    path = home / "slow.gguf"
    os.mkfifo(path)
    os.utime(path, OLD)
    writer = Thread(target=path.write_bytes, args=(b"GGUF",))
    writer.start()
    assert hash_of(look_at(str(path))) == ""
    writer.join()


def test_of_a_file_that_was_not_there_nothing_is_known(home: Path, parts: list[Path]) -> None:
    nothing = look_at(str(home / "none.gguf"))
    assert nothing == ModelFile(str(home / "none.gguf"), "")
    remember(home, nothing, Facts("of another"))
    assert read_facts(home, nothing) == Facts()
    assert hash_of(ModelFile(str(parts[0]), "")) == ""
