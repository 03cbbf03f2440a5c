"""The oldest Python that a project says it runs on: the one thing read from its settings."""

from __future__ import annotations

import re

from devchat.changes import Source

_OLDEST = re.compile(r"(?:>=|~=|==|>)\s*3\.(\d{1,2})")
_KNOWN = range(7, 15)


def python_target(source: Source) -> str:
    """Return what ruff calls it ("py311") by the base's `requires-python`, "" where not said."""
    content = source.read("LEFT", "pyproject.toml")
    found = _OLDEST.search(_requires(content or b""))
    return f"py3{found[1]}" if found and int(found[1]) in _KNOWN else ""


def _requires(content: bytes) -> str:
    import tomllib

    try:
        project = tomllib.loads(content[: 1 << 18].decode()).get("project", {})
        return str(project.get("requires-python", "")) if isinstance(project, dict) else ""
    except (ValueError, RecursionError):
        return ""
