"""Source lines that a traceback or a message points at, read only inside one folder.

A traceback is a stranger's text: what it names is read only where it is ordinary source inside
the git repository (or the folder) that the user stands in, and nothing hidden or installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devchat import languages
from devchat.explain.sample import clipped, lines_of

_LARGEST = 1 << 20
_LONGEST = 160
_JAVA_ROOTS = ("", "src", "src/main/java", "src/test/java", "src/main/kotlin", "app/src/main/java")
_NOT_ONES_OWN = frozenset(("site-packages", "dist-packages", "node_modules", "vendor", "target"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the user stands: the folder, and the repository (or again the folder) around it."""

    folder: Path
    root: Path

    @classmethod
    def around(cls, folder: Path) -> Place:
        """Find the repository around a folder by its `.git`; without one it is the folder."""
        try:
            here = folder.resolve()
        except OSError:  # it is gone: nothing is read there
            return cls(folder, folder)
        found = next((one for one in (here, *here.parents) if (one / ".git").exists()), here)
        return cls(here, found)

    def source_lines(self, path: str, line: int, around: int = 1) -> tuple[str, ...]:
        """Return `NUMBER| text` for a line and those around it; nothing where it is not ours."""
        file = self._find(path)
        if file is None or line < 1:
            return ()
        try:
            lines = lines_of(file.read_bytes().decode("utf-8"))
        except (OSError, UnicodeDecodeError):
            return ()
        if line > len(lines):
            return ()
        first, last = max(1, line - around), min(len(lines), line + around)
        return tuple(
            f"{number}{'>' if number == line else '|'} "
            + clipped(lines[number - 1].rstrip(), _LONGEST)
            for number in range(first, last + 1)
        )

    def _find(self, path: str) -> Path | None:
        try:
            return next((real for real in self._candidates(path) if self._is_ours(real)), None)
        except (OSError, ValueError, RuntimeError):  # loops of links, zero bytes, too long names
            return None

    def _candidates(self, path: str) -> Iterator[Path]:
        for base in dict.fromkeys((self.folder, self.root)):
            for prefix in _JAVA_ROOTS if path.endswith((".java", ".kt")) else ("",):
                yield (base / prefix / path).resolve()

    def _is_ours(self, real: Path) -> bool:
        if not real.is_relative_to(self.root):
            return False
        parts = real.relative_to(self.root).parts
        if any(part.startswith(".") or part in _NOT_ONES_OWN for part in parts):
            return False
        return bool(languages.of(real.name)) and real.is_file() and real.stat().st_size <= _LARGEST
