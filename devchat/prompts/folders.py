"""Prompt files in folders: the user's first, then those that come with devchat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devchat.errors import PromptError
from devchat.prompts.parse import NAME, parse
from devchat.prompts.prompt import Prompt, fault


@dataclass(frozen=True, slots=True)
class Listed:
    """A prompt in a folder; `shadows` is the one it hides, `problem` why it can't be used."""

    name: str
    path: Path
    description: str = ""
    shadows: Path | None = None
    problem: str = ""


def shipped_folder() -> Path:
    """Return the folder of the prompts that come with devchat."""
    here = Path(__file__).parent.parent
    packed = here / "prompt_files"  # in a wheel; an editable install reads the checkout's
    return packed if packed.is_dir() else here.parent / "prompts"


def check_name(name: str) -> None:
    """Raise PromptError for what can't be a prompt's name, paths above all."""
    if not NAME.fullmatch(name):
        raise PromptError(
            f"a prompt can't be named `{name}`", "use letters, digits, `-`, `_`; no path, no `.md`"
        )


def find_prompt(name: str, folders: Sequence[Path]) -> Path:
    """Return the path of a prompt, from the first folder that has it. Raises PromptError."""
    check_name(name)
    for folder in folders:
        if (path := folder / f"{name}.md").exists():
            return path
    from difflib import get_close_matches

    near = get_close_matches(name, _names(folders), 1, 0.5)
    hint = f"did you mean `{near[0]}`?" if near else "`devchat prompts list` shows what there is"
    raise PromptError(f"no prompt named `{name}`", hint)


def load_prompt(name: str, folders: Sequence[Path]) -> Prompt:
    """Read a prompt from the first folder that has it. Raises PromptError."""
    path = find_prompt(name, folders)
    return parse(read_prompt(path, name), name, path.parent)


def list_prompts(folders: Sequence[Path]) -> tuple[Listed, ...]:
    """List the prompts in folders by name; an earlier folder's hides a later one's."""
    return tuple(_listed(name, folders) for name in sorted(_names(folders)))


def _names(folders: Sequence[Path]) -> set[str]:
    found = {path.name[:-3] for folder in folders for path in folder.glob("*.md")}
    return {name for name in found if NAME.fullmatch(name)}


def _listed(name: str, folders: Sequence[Path]) -> Listed:
    paths = [path for folder in folders if (path := folder / f"{name}.md").exists()]
    first, second = (*paths, None)[:2]
    assert first is not None
    try:
        prompt = load_prompt(name, folders)
    except PromptError as error:
        return Listed(name, first, shadows=second, problem=error.message)
    return Listed(name, first, prompt.description, second)


def read_prompt(path: Path, name: str) -> str:
    """Read the text of a prompt file. Raises PromptError."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise fault(name, line, "this is not UTF-8", f"save {path} as UTF-8") from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PromptError(f"prompt `{name}` can't be read: {reason}", f"see {path}") from error
