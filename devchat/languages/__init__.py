"""Which language a file is in, by its name; what parses it is in the modules of this room.

Runs nothing, reads no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# Only where the usual tag is not the extension itself.
_LANGUAGES: Mapping[str, str] = MappingProxyType(
    {
        "bash": "bash", "cjs": "javascript", "cc": "cpp", "cfg": "ini", "cs": "csharp",
        "cts": "typescript", "cxx": "cpp", "erl": "erlang", "ex": "elixir", "exs": "elixir",
        "h": "c", "hh": "cpp", "hpp": "cpp", "hs": "haskell", "htm": "html", "hxx": "cpp",
        "js": "javascript", "kt": "kotlin", "kts": "kotlin", "m": "objectivec",
        "markdown": "markdown", "md": "markdown", "mjs": "javascript", "ml": "ocaml",
        "mts": "typescript", "patch": "diff", "pl": "perl", "ps1": "powershell",
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


def of(path: str) -> str:
    """Return the tag that highlighters know a file's language by, "" where it has none."""
    base = path.rpartition("/")[2].lower()
    extension = base.rpartition(".")[2] if "." in base else ""
    if extension in _SAME:
        return extension
    return _BY_NAME.get(base) or _LANGUAGES.get(extension, "")
