"""Prompt files: find, check and fill them. No logic in prompts, no model or service here.

A file is Markdown: a `+++` TOML front matter, then `# System`, `# User`, either again with
`(tiny)` for tiny models, and `# Example` sections with `## User` and `## Assistant`. System and
User are filled (`$question`, `$$` for a dollar); examples stand as they are.
"""

from __future__ import annotations

from devchat.prompts.folders import (
    Listed,
    check_name,
    find_prompt,
    list_prompts,
    load_prompt,
    read_prompt,
    shipped_folder,
)
from devchat.prompts.parse import parse
from devchat.prompts.prompt import Example, Prompt, Section

__all__ = [
    "Example",
    "Listed",
    "Prompt",
    "Section",
    "check_name",
    "find_prompt",
    "list_prompts",
    "load_prompt",
    "parse",
    "read_prompt",
    "shipped_folder",
]
