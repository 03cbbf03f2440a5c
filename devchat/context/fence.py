"""An attachment as a fenced block, which its own content can't close."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from devchat.context import Attachment
from devchat.context.names import STDIN, shown

_BACKTICKS = re.compile("`+")
# Only where the usual tag is not the extension itself.
_LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "bash": "bash", "cjs": "javascript", "cc": "cpp", "cfg": "ini", "cs": "csharp",
        "cxx": "cpp", "erl": "erlang", "ex": "elixir", "exs": "elixir", "h": "c", "hh": "cpp",
        "hpp": "cpp", "hs": "haskell", "htm": "html", "js": "javascript", "kt": "kotlin",
        "kts": "kotlin", "m": "objectivec", "markdown": "markdown", "md": "markdown",
        "mjs": "javascript", "ml": "ocaml", "patch": "diff", "pl": "perl", "ps1": "powershell",
        "py": "python", "pyi": "python", "rb": "ruby", "rs": "rust", "sh": "bash",
        "tf": "hcl", "ts": "typescript", "yml": "yaml", "zsh": "bash",
    }
)  # fmt: skip
_SAME = frozenset(
    ("asm", "c", "clj", "cpp", "css", "csv", "dart", "diff", "go", "graphql", "html", "ini")
    + ("java", "json", "jsx", "lua", "nix", "php", "proto", "r", "scala", "scss", "sql")
    + ("svelte", "swift", "toml", "tsx", "vim", "vue", "xml", "yaml", "zig")
)
_BY_NAME: Mapping[str, str] = MappingProxyType(
    {"dockerfile": "dockerfile", "makefile": "makefile", "cmakelists.txt": "cmake"}
)


def fence(attachment: Attachment) -> str:
    """Return the attachment with its name on a line before, without a final newline.

    The content is unchanged but for a newline at its end, and the fence is longer than any run
    of backticks inside, so no content can end it: https://spec.commonmark.org/0.31.2/#fenced-code-blocks
    """
    text = attachment.text
    runs = _BACKTICKS.findall(text)
    ticks = "`" * max(3, max(map(len, runs), default=0) + 1)
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{_heading(attachment)}\n{ticks}{language(attachment.file)}\n{text}{end}{ticks}"


def _heading(attachment: Attachment) -> str:
    name, lines = shown(attachment.file), attachment.lines
    if name == STDIN:
        return "Standard input:"
    if name.startswith(("http://", "https://")):
        return f"Page {name}:"
    if lines is None:
        return f"File {name}:"
    return f"File {name}, {'line' if lines.first == lines.last else 'lines'} {lines}:"


def language(name: str) -> str:
    """Return the tag that highlighters know the file's language by, "" where it has none."""
    if name.startswith(("http://", "https://")):
        return ""
    base = name.rpartition("/")[2].lower()
    extension = base.rpartition(".")[2] if "." in base else ""
    if extension in _SAME:
        return extension
    return _BY_NAME.get(base) or _LANGUAGES.get(extension, "")
