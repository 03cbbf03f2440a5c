"""What each key does at the prompt, where it is not what it does everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.filters import completion_is_selected, has_completions, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from devchat.cli.chat.paste import Folds


@dataclass(slots=True)
class Leaving:
    """Whether the user was asked if they mean to leave."""

    asked: bool = False


@dataclass(frozen=True, slots=True)
class Actions:
    """What keys need: pasted texts, whether leaving was asked, and an editor for a text."""

    folds: Folds
    leaving: Leaving
    edit: Callable[[str], str]


def key_bindings(actions: Actions) -> KeyBindings:
    """Bind the keys that differ from those of other prompts."""
    keys = KeyBindings()
    at_prompt = ~is_searching
    keys.add("enter", filter=at_prompt & ~completion_is_selected)(_enter)
    keys.add("enter", filter=at_prompt & completion_is_selected)(_take_completion)
    for newline in (("c-j",), ("escape", "enter"), ("escape", "c-j")):
        keys.add(*newline, filter=at_prompt)(_newline)
    for editor in (("c-x", "c-e"), ("c-g",)):
        keys.add(*editor, filter=at_prompt)(lambda event: _edit(event, actions))
    keys.add(Keys.BracketedPaste)(lambda event: _paste(event, actions.folds))
    for key in ("c-c", "escape"):
        keys.add(key, filter=at_prompt & ~has_completions)(
            lambda event: _give_up(event, actions.leaving)
        )
        keys.add(key, filter=at_prompt & has_completions)(_close_menu)
    return keys


def yes_or_no() -> KeyBindings:
    """Bind `y` to yes, and what refuses to no; any other key is a no and goes on to the draft."""
    keys = KeyBindings()
    for key in ("y", "Y"):
        keys.add(key)(lambda event: _decide(event, "y"))
    for key in ("n", "N", "enter", "c-c", "c-d", "escape"):
        keys.add(key)(lambda event: _decide(event, "n"))
    for key in (Keys.Any, Keys.BracketedPaste):
        keys.add(key)(_decide_otherwise)
    return keys


def _decide(event: KeyPressEvent, letter: str) -> None:
    event.current_buffer.insert_text(letter)
    event.app.exit(result=letter)


def _decide_otherwise(event: KeyPressEvent) -> None:
    _decide(event, "n")
    event.app.key_processor.feed_multiple(event.key_sequence, first=True)


def _enter(event: KeyPressEvent) -> None:
    """Send what there is, or go on in a new line after a backslash."""
    buffer = event.current_buffer
    before = buffer.document.current_line_before_cursor
    if before.endswith("\\") and not buffer.document.current_line_after_cursor:
        buffer.delete_before_cursor()
        buffer.insert_text("\n")
    elif buffer.text.strip():
        buffer.validate_and_handle()


def _take_completion(event: KeyPressEvent) -> None:
    event.current_buffer.complete_state = None


def _close_menu(event: KeyPressEvent) -> None:
    event.current_buffer.cancel_completion()


def _newline(event: KeyPressEvent) -> None:
    event.current_buffer.insert_text("\n")


def _paste(event: KeyPressEvent, folds: Folds) -> None:
    event.current_buffer.insert_text(folds.fold(event.data))


def _give_up(event: KeyPressEvent, leaving: Leaving) -> None:
    """Clear the draft; where there is none ask, and the second time leave."""
    if event.current_buffer.text:
        event.current_buffer.reset()
    elif leaving.asked:
        event.app.exit(exception=EOFError)
    else:
        leaving.asked = True


def _edit(event: KeyPressEvent, actions: Actions) -> None:
    """Open the draft in the user's editor; what they save is the draft then."""
    buffer = event.current_buffer

    def edit() -> None:
        draft = actions.folds.unfold(buffer.text)
        changed = actions.edit(draft)
        if changed != draft:
            buffer.text = changed
            buffer.cursor_position = len(changed)

    run_in_terminal(edit)
