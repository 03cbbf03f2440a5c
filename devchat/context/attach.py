"""What `-f` names -> what is attached: files, lines, folders, globs, addresses, standard input."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devchat.context import Attached, Attachment, LeftOut, Lines
from devchat.context.decode import read_bytes
from devchat.context.files import explain, is_folder, read_file
from devchat.context.folder import is_glob, list_folder, list_glob
from devchat.context.lines import parse_lines
from devchat.context.names import EMPTY, LARGEST, MEGABYTE, STDIN, Unusable, shown, size
from devchat.errors import InputError
from devchat.types import Image

_MOST_FILES = 500
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def read_attachments(
    specs: Sequence[str], *, folder: Path, read_stdin: Callable[[], bytes]
) -> Attached:
    """Read everything that was named with `-f`, in that order, each thing once.

    A spec is a file, `FILE:10-40`, a folder, a glob, `-` or an http(s) address; paths are taken
    from `folder`. What a folder or glob holds besides text is left out with the reason.
    Raises `InputError` for whatever was named itself and can't be used.
    """
    reading = _Reading(folder, read_stdin)
    for spec in specs:
        reading.read(spec)
    return Attached(tuple(reading.texts), tuple(reading.images), tuple(reading.left_out))


def attach_stdin(data: bytes) -> Attached:
    """Attach what came on standard input. Raises `InputError` as for a file."""
    return _attached(read_bytes(STDIN, data))


def _attached(item: Attachment | Image) -> Attached:
    return Attached(images=(item,)) if isinstance(item, Image) else Attached(texts=(item,))


@dataclass(slots=True)
class _Reading:
    """What was read so far, and which things that was."""

    folder: Path
    read_stdin: Callable[[], bytes]
    texts: list[Attachment] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def read(self, spec: str) -> None:
        """Read whatever one spec names."""
        if not spec:
            raise InputError("`-f` names no file", "`-f FILE`, `-f FILE:10-40` or `-f FOLDER`")
        if spec == "-":
            self._once("-", "", lambda: read_bytes(STDIN, self.read_stdin()))
        elif _SCHEME.match(spec):
            self._once(spec, "", lambda: _fetch(spec))
        elif _exists(path := self.folder / spec):
            self._read_path(path, spec)
        elif (split := parse_lines(spec)) and not is_glob(split[0]):
            self._read_lines(*split)
        elif is_glob(spec):
            self._read_glob(spec)
        else:
            self._read_path(path, spec)

    def _once(self, thing: str, part: str, read: Callable[[], Attachment | Image]) -> None:
        """Read a thing, unless that was done: what failed in a folder may be named by itself."""
        if (thing, part) in self.seen:
            return
        item = read()
        self.seen.add((thing, part))
        if isinstance(item, Image):
            self.images.append(item)
        else:
            self.texts.append(item)

    def _read_path(self, path: Path, spec: str) -> None:
        if is_folder(path):
            self._read_folder(path, spec)
        else:
            self._once(_identity(path), "", lambda: read_file(path, spec))

    def _read_lines(self, name: str, lines: Lines) -> None:
        path = self.folder / name
        if is_folder(path):
            raise Unusable(name, "is a folder and has no lines", f"attach it whole: `-f {name}`")
        self._once(_identity(path), str(lines), lambda: read_file(path, name, lines))

    def _read_folder(self, path: Path, spec: str) -> None:
        try:
            names = list_folder(path)
        except OSError as error:
            raise explain(error, path, spec) from None
        if not names:
            raise Unusable(spec, "is a folder without any file", "hidden files are named singly")
        prefix = "" if spec in (".", "./") else spec.rstrip("/") + "/"
        members = [_Member(path / name, prefix + name, path) for name in names]
        self._read_members(spec, members)

    def _read_glob(self, pattern: str) -> None:
        try:
            names = list_glob(pattern, self.folder)
        except OSError:
            names = []
        if not names:
            hint = "`**` is any number of folders: `-f 'src/**/*.py'`; hidden names need a dot"
            raise Unusable(pattern, "matches no file", hint)
        self._read_members(pattern, [_Member(self.folder / name, name) for name in names])

    def _read_members(self, spec: str, members: Sequence[_Member]) -> None:
        """Read what a folder or glob stands for, leaving out what can't be used."""
        if len(members) > _MOST_FILES:
            raise Unusable(
                spec,
                f"has {len(members):,} files; {_MOST_FILES} is the limit",
                "name a smaller folder, or a glob such as `-f 'src/**/*.py'`",
            )
        left_out = []
        room = LARGEST
        for member in members:
            try:
                length = member.check(room)
                self._once(_identity(member.path), "", member.read)
                room -= length
            except Unusable as error:
                left_out.append(LeftOut(shown(member.name), error.reason))
        if len(left_out) == len(members):
            raise _nothing_usable(spec, left_out)
        # Of an empty file nothing is missing in what is sent: it is no news.
        known = {*self.left_out}
        self.left_out += [one for one in left_out if one.reason != EMPTY and one not in known]


@dataclass(frozen=True, slots=True)
class _Member:
    """A file that a folder (then `root`) or a glob stands for."""

    path: Path
    name: str
    root: Path | None = None

    def check(self, room: int) -> int:
        """Return its size in bytes. Raises `Unusable` for what a folder doesn't stand for."""
        try:
            if not self.path.exists():
                raise Unusable(self.name, "is a link to nothing")
            real = self.path.resolve()
            length = real.stat().st_size
        except OSError as error:
            raise explain(error, self.path, self.name) from None
        if self.root is not None and not real.is_relative_to(self.root.resolve()):
            raise Unusable(self.name, "links out of the folder")
        if real.is_dir():
            closed = not os.access(real, os.R_OK | os.X_OK)
            reason = "a folder that can't be read" if closed else "a repository or link of its own"
            raise Unusable(self.name, f"is {reason}")
        limit = LARGEST if self.root is None else MEGABYTE
        if length > limit:
            raise Unusable(self.name, f"is larger than {size(limit)}: {size(length)}")
        if length > room:
            raise Unusable(self.name, f"comes after the first {size(LARGEST)}")
        return length

    def read(self) -> Attachment | Image:
        """Read it; a folder stands for its texts only."""
        item = read_file(self.path, self.name)
        if isinstance(item, Image) and self.root is not None:
            raise Unusable(self.name, "is a picture: name it by itself")
        return item


def _nothing_usable(spec: str, left_out: Sequence[LeftOut]) -> Unusable:
    first = left_out[0]
    more = f" (and {len(left_out) - 1:,} more)" if len(left_out) > 1 else ""
    return Unusable(spec, "has no text that can be sent", f"`{first.name}` {first.reason}{more}")


def _exists(path: Path) -> bool:
    """Tell whether a name is taken, by a broken or looping link too."""
    try:
        path.lstat()
    except (OSError, ValueError):
        return False
    return True


def _identity(path: Path) -> str:
    """Return what is the same for all names of a file, as far as that can be found out."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


def _fetch(address: str) -> Attachment:
    from devchat.context.fetch import fetch

    return fetch(address)
