"""Asks the user for the next message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.lexers import SimpleLexer
from prompt_toolkit.styles import Style

from devchat.cli.chat.completion import Candidate
from devchat.cli.chat.inputs import Inputs
from devchat.cli.chat.paste import Folds
from devchat.cli.chat.terminal.keys import Actions, Leaving, key_bindings, yes_or_no

# Esc begins the sequences of other keys, which arrive at once: so soon it is known to be alone.
_ESCAPE_SECONDS = 0.1
_CHORD_SECONDS = 0.4
_ASKED = "Ctrl-C again leaves; other keys stay"
_STYLE = {"prompt": "bold", "bottom-toolbar": "noreverse dim", "asked": "nodim bold"}


class Prompter:
    """A prompt with a status line, completion, and the inputs of earlier days."""

    def __init__(
        self,
        inputs: Inputs,
        folds: Folds,
        *,
        propose: Callable[[str], Iterable[Candidate]],
        status: Callable[[int], str],
        edit: Callable[[str], str],
    ) -> None:
        self._leaving = Leaving()
        self._status = status
        self._at_top = False
        self._session: PromptSession[str] = PromptSession(
            "> ",
            lexer=SimpleLexer("bold"),
            style=Style.from_dict(_STYLE),
            multiline=True,
            prompt_continuation="  ",
            key_bindings=key_bindings(Actions(folds, self._leaving, edit)),
            completer=_Completer(propose),
            complete_while_typing=False,
            history=_Earlier(inputs, folds),
            enable_history_search=True,
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
        if not self._at_top:
            print(flush=True)
        self._at_top = False
        try:
            return self._session.prompt(default=draft)
        except EOFError:
            return None

    def confirm(self, question: str) -> bool:
        """Ask for one key, and tell whether it was `y`."""
        asking: PromptSession[str] = PromptSession(
            f"{question} [y/N] ", key_bindings=yes_or_no(), enable_suspend=True
        )
        asking.app.ttimeoutlen = _ESCAPE_SECONDS
        return asking.prompt() == "y"

    def clear_screen(self) -> None:
        """Clear the screen."""
        self._session.output.erase_screen()
        self._session.output.cursor_goto(0, 0)
        self._session.output.flush()
        self._at_top = True

    def _stay(self, _buffer: Buffer) -> None:
        self._leaving.asked = False

    def _toolbar(self) -> StyleAndTextTuples:
        if self._leaving.asked:
            return [("class:asked", _ASKED)]
        return [("", self._status(self._session.output.get_size().columns))]


class _Completer(Completer):
    """Hands over what is proposed."""

    def __init__(self, propose: Callable[[str], Iterable[Candidate]]) -> None:
        self._propose = propose

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterator[Completion]:
        for one in self._propose(document.text_before_cursor):
            yield Completion(one.text, -one.length, display_meta=one.about)


class _Earlier(History):
    """What was entered, in this session and in earlier ones, which know no folded texts."""

    def __init__(self, inputs: Inputs, folds: Folds) -> None:
        super().__init__()
        self._inputs = inputs
        self._folds = folds

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self._inputs.read())

    def store_string(self, string: str) -> None:
        self._inputs.add(self._folds.unfold(string))
