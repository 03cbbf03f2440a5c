"""Parse and check a prompt file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from devchat.prompts.prompt import Example, Prompt, Section, fault, placeholders
from devchat.types import Schema, Tier

NAME = re.compile(r"\w[\w-]*(\.[\w-]+)*")
INPUT = re.compile(r"[a-z_][a-z0-9_]*")
SECTIONS = ("System", "System (tiny)", "User", "User (tiny)", "Example")
FRONT_KEYS = ("description", "inputs", "temperature", "max_tokens", "schema")


def parse(text: str, name: str, folder: Path | None = None) -> Prompt:
    """Parse and check a prompt file; `folder` is where a schema file lies. Raises PromptError."""
    lines = text.split("\n")
    start = _front_end(lines, name)
    front = _parse_front(lines[1 : start - 1], name, folder) if start else {}
    sections: dict[str, Section] = {}
    examples: list[Example] = []
    for heading, number, body in _cut(lines, start, name):
        if heading == "Example":
            examples.append(_parse_example(body, number, name))
        elif heading in sections:
            raise fault(name, number, f"a second `# {heading}`", "keep one of them")
        else:
            sections[heading] = _trimmed(body, number + 1)
    prompt = Prompt(name, sections, tuple(examples), **front)
    _check(prompt)
    return prompt


def _front_end(lines: Sequence[str], name: str) -> int:
    """Return how many lines the front matter takes, its `+++` lines included."""
    if lines[0].rstrip() != "+++":
        return 0
    for number, line in enumerate(lines[1:], 2):
        if line.rstrip() == "+++":
            return number
    raise fault(name, 1, "the front matter never ends", "close it with a line of `+++`")


def _parse_front(lines: Sequence[str], name: str, folder: Path | None) -> dict[str, Any]:
    try:
        data = tomllib.loads("\n".join(lines))
    except (ValueError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        line = min(int(found[1]), len(lines)) if found else len(lines)
        reason = re.sub(r" \(at [^()]*\)$", "", str(error)).lower()
        raise fault(
            name, line + 1, f"this is not TOML: {reason}", 'a line looks like `inputs = ["files"]`'
        ) from error
    for key, value in data.items():
        line = _line_of_key(lines, key)
        if key not in FRONT_KEYS:
            raise fault(name, line, f"unknown key `{key}`", _nearest(key, FRONT_KEYS))
        if not _fits(key, value):
            raise fault(name, line, f"`{key}` must be {_WANTED[key]}", "see `devchat prompts new`")
    if isinstance(data.get("schema"), str):
        data["schema"] = _read_schema(data["schema"], name, _line_of_key(lines, "schema"), folder)
    return data | {"inputs": tuple(data.get("inputs", ()))}


_WANTED = {
    "description": "text in one line",
    "inputs": 'a list of names, such as ["question", "files"]',
    "temperature": "a number from 0 to 2",
    "max_tokens": "a whole number from 1",
    "schema": "a JSON Schema: a table, or the name of a file beside the prompt",
}


def _fits(key: str, value: Any) -> bool:
    if key == "description":
        return isinstance(value, str) and value.isprintable()
    if key == "inputs":
        return isinstance(value, list) and all(
            isinstance(one, str) and INPUT.fullmatch(one) for one in value
        )
    if key == "schema":
        return isinstance(value, dict | str)
    if isinstance(value, bool):
        return False
    if key == "temperature":
        return isinstance(value, int | float) and 0 <= value <= 2
    return isinstance(value, int) and value >= 1


def _read_schema(file: str, name: str, line: int, folder: Path | None) -> Schema:
    import json

    if folder is None or not NAME.fullmatch(file):
        raise fault(name, line, f"`{file}` can't be a schema's name", "put it beside the prompt")
    try:
        schema = json.loads((folder / file).read_text("utf-8"))
    except OSError as error:
        reason = f"schema `{file}` can't be read: {(error.strerror or str(error)).lower()}"
        raise fault(name, line, reason, f"put it into {folder}") from error
    except (ValueError, RecursionError) as error:
        raise fault(name, line, f"schema `{file}` is not JSON", f"{error}".lower()) from error
    if not isinstance(schema, dict):
        raise fault(name, line, f"schema `{file}` is not an object", "start it with `{`")
    return schema


def _line_of_key(lines: Sequence[str], key: str) -> int:
    for number, line in enumerate(lines, 2):
        if re.match(rf"""\s*\[*\s*["']?{re.escape(key)}\b""", line):
            return number
    return 2


def _cut(lines: Sequence[str], start: int, name: str) -> Iterator[tuple[str, int, list[str]]]:
    """Yield (heading, its line, lines below it) for each `# ` section outside code fences."""
    heads = [(number, text) for number, text in _headings(lines[start:], start, name, "# ")]
    before = lines[start : heads[0][0] - 1 if heads else len(lines)]
    for number, line in enumerate(before, start + 1):
        if line.strip():
            raise fault(name, number, "text before the first section", "begin with `# System`")
    ends = [number - 1 for number, _ in heads[1:]] + [len(lines)]
    for (number, text), end in zip(heads, ends, strict=False):
        if text not in SECTIONS:
            hint = f"{_nearest(text, SECTIONS)}; headings of your own start with `##`"
            raise fault(name, number, f"unknown section `# {text}`", hint)
        yield text, number, list(lines[number:end])


def _headings(lines: Sequence[str], before: int, name: str, mark: str) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) of each heading that is no part of fenced code."""
    fence, opened = "", 0
    for number, line in enumerate(lines, before + 1):
        found = re.match(r" {0,3}(`{3,}|~{3,})(.*)", line)
        if fence:
            if found and found[1].startswith(fence) and not found[2].strip():
                fence = ""
        elif found and not (found[1][0] == "`" and "`" in found[2]):
            fence, opened = found[1], number
        elif line.startswith(mark):
            yield number, line[len(mark) :].strip()
    if fence:
        raise fault(name, opened, "this code fence is never closed", f"close it with `{fence}`")


def _trimmed(lines: Sequence[str], number: int) -> Section:
    blank = next((index for index, line in enumerate(lines) if line.strip()), 0)
    return Section("\n".join(lines[blank:]).rstrip(), number + blank)


def _parse_example(lines: Sequence[str], number: int, name: str) -> Example:
    heads = [
        (line, text)
        for line, text in _headings(lines, number, name, "## ")
        if text in ("User", "Assistant")
    ]
    if [text for _, text in heads] != ["User", "Assistant"]:
        raise fault(
            name, number, "this example is not a pair", "give it one `## User`, one `## Assistant`"
        )
    first, second = (line - number for line, _ in heads)
    user = _trimmed(lines[first : second - 1], 0).text
    assistant = _trimmed(lines[second:], 0).text
    if not user or not assistant:
        raise fault(name, number, "half of this example is empty", "fill in both parts")
    return Example(user, assistant)


def _check(prompt: Prompt) -> None:
    user = prompt.sections.get("User", Section())
    if not user.text:
        raise fault(prompt.name, user.line, "there is no `# User`", "write what is asked there")
    for one in prompt.sections.values():
        for used, line in placeholders(prompt.name, one):
            if used not in prompt.inputs:
                hint = f"{_nearest(used, prompt.inputs)}; a dollar itself is written `$$`"
                raise fault(prompt.name, line, f"unknown input `{used}`", hint)
    tiers: tuple[Tier, ...] = ("large", "tiny")
    for tier in tiers:
        places = [prompt.section(heading, tier) for heading in ("System", "User")]
        used_here = {used for one in places for used, _ in placeholders(prompt.name, one)}
        for missing in set(prompt.inputs) - used_here:
            hint = f"write `${missing}` where it belongs"
            raise fault(prompt.name, places[1].line, f"the input `{missing}` is not used", hint)


def _nearest(wrong: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(wrong, known, 1, 0.5)
    return f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known) or 'none'}"
