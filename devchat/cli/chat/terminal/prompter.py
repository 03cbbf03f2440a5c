"""Asks the user for the next message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import History

from devchat.cli.chat.completion import Candidate
from devchat.cli.chat.inputs import add_input, read_inputs
from devchat.cli.chat.paste import Folds
from devchat.cli.chat.terminal.keys import Actions, Leaving, key_bindings

# Esc begins the sequences of other keys, which arrive at once: so soon it is known to be alone.
_ESCAPE_SECONDS = 0.1
_CHORD_SECONDS = 0.4
_ASKED = "Ctrl-C, Esc or Ctrl-D leaves; anything else stays"


class Prompter:
    """A prompt with a status line, completion, and the inputs of earlier days."""

    def __init__(
        self,
        inputs: Path,
        folds: Folds,
        *,
        propose: Callable[[str], Iterable[Candidate]],
        status: Callable[[], str],
        edit: Callable[[str], str],
    ) -> None:
        self._leaving = Leaving()
        self._status = status
        self._session: PromptSession[str] = PromptSession(
            "> ",
            multiline=True,
            prompt_continuation="  ",
            key_bindings=key_bindings(Actions(folds, self._leaving, edit)),
            completer=_Completer(propose),
            complete_while_typing=False,
            history=_Inputs(inputs),
            bottom_toolbar=self._toolbar,
            enable_suspend=True,
            tempfile_suffix=".md",
        )
        self._session.app.ttimeoutlen = _ESCAPE_SECONDS
        self._session.app.timeoutlen = _CHORD_SECONDS
        self._session.default_buffer.on_text_changed += self._stay

    def read(self, draft: str) -> str | None:
        """Return what the user enters, `draft` being there already; `None` when they leave."""
        self._leaving.asked = False
        try:
            return self._session.prompt(default=draft)
        except EOFError:
            return None

    def clear_screen(self) -> None:
        """Clear the screen."""
        self._session.output.erase_screen()
        self._session.output.cursor_goto(0, 0)
        self._session.output.flush()

    def _stay(self, _buffer: Buffer) -> None:
        self._leaving.asked = False

    def _toolbar(self) -> str:
        return _ASKED if self._leaving.asked else self._status()


class _Completer(Completer):
    """Hands over what is proposed."""

    def __init__(self, propose: Callable[[str], Iterable[Candidate]]) -> None:
        self._propose = propose

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        for one in self._propose(document.text_before_cursor):
            yield Completion(one.text, -one.length, display_meta=one.about)


class _Inputs(History):
    """What was entered, in this session and in earlier ones."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def load_history_strings(self) -> Iterable[str]:
        return reversed(read_inputs(self._path))

    def store_string(self, string: str) -> None:
        add_input(self._path, string)
