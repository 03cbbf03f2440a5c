"""Everything that one run of `devchat chat` holds: who answers, what was said, what is attached."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from devchat.backends import Backend, open_backend
from devchat.chat.conversation import Conversation, Voice, check_prompt
from devchat.cli.answer import warn_if_readable
from devchat.cli.chat.editing import edited
from devchat.cli.chat.paste import Folds
from devchat.cli.chat.shell import Ran
from devchat.cli.manner import manner_of
from devchat.cli.options import answer_options
from devchat.context import Attached
from devchat.errors import DevchatError
from devchat.history import Conversation as Record
from devchat.history import Turn
from devchat.models.resolve import resolve
from devchat.prompts import load_prompt, shipped_folder
from devchat.render.console import show_error
from devchat.sanitize import single_line
from devchat.settings import Settings
from devchat.types import Usage


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was typed, and what was attached to it by `/file`."""

    typed: str
    attached: Attached


@dataclass(slots=True)
class Session:
    """The state of the program; commands change it."""

    settings: Settings
    environ: Mapping[str, str]
    folder: Path
    voice: Voice
    conversation: Conversation
    plain: bool = False
    folds: Folds = field(default_factory=Folds)
    pending: Attached = Attached()
    ran: Ran | None = None
    used_tokens: int = 0
    kept: bool = True
    asked: dict[int, Asked] = field(default_factory=dict)

    @property
    def backend(self) -> Backend:
        """The model that answers."""
        return self.voice.backend

    @property
    def prompt_folders(self) -> list[Path]:
        """Where prompt files are looked for."""
        return [self.settings.paths.prompts, shipped_folder()]

    def use_model(self, spec: str) -> None:
        """Have another model answer from now on. Raises `BackendError`; the old one stays then."""
        chosen = resolve(spec, self.settings)
        backend = open_backend(chosen, self.settings, self.environ)
        warn_if_readable(chosen)
        self.voice.backend.close()
        self.voice = replace(self.voice, backend=backend)

    def use_prompt(self, name: str) -> None:
        """Use another prompt file from now on, and its own system text. Raises `PromptError`."""
        prompt = load_prompt(name, self.prompt_folders)
        check_prompt(prompt)
        options = answer_options(self.settings, prompt, self.voice.options.seed)
        self.voice = replace(self.voice, prompt=prompt, options=options, system=None)

    def go_to(self, record: Record | None) -> None:
        """Go on with another conversation, asked as it was before; `None` begins one."""
        self.conversation = self.conversation.switch(record)
        self.used_tokens = used_tokens(self.conversation)
        if record is not None:
            prompt, system = manner_of(self.conversation.turns, self.settings)
            options = answer_options(self.settings, prompt, self.voice.options.seed)
            self.voice = replace(self.voice, prompt=prompt, options=options, system=system)

    def typed(self, question: Turn) -> str:
        """What the user typed for a question; as it was sent if that was in an earlier session."""
        asked = self.asked.get(question.id)
        return asked.typed if asked else question.text

    def take_back(self, question: Turn) -> str:
        """Attach again what went with a question that is taken back, and return what was typed."""
        asked = self.asked.get(question.id)
        images = Attached(images=self.conversation.images(question))
        self.pending = (asked.attached if asked else images) + self.pending
        return self.typed(question)

    def edit_draft(self, text: str) -> str:
        """Let the user write in their editor; the text stays as it is where that fails."""
        try:
            return edited(text, self.environ)
        except DevchatError as error:
            show_error(sys.stderr, error)
            return text

    def status(self, columns: int) -> str:
        """The status line: who answers, where it runs, how full the window is; two if narrow."""
        name, where = self.backend.name, self.backend.location
        used, window = self.used_tokens, self.backend.context_tokens
        who = f"{name} on {where}"
        what = f"{used:,} of {window:,} tokens ({used / window:.0%})"
        if waiting := len(self.pending.texts) + len(self.pending.images):
            what += f" · {waiting} attached"
        line = f"{who} · {what}"
        if len(line) <= columns:
            return line
        return "\n".join(single_line(one, columns) for one in (who, what))


def used_tokens(conversation: Conversation) -> int:
    """The tokens of the window that the latest answer needed of which they are known."""
    known = (turn.usage for turn in reversed(conversation.turns) if turn.usage is not None)
    latest = next(known, Usage(0, 0))
    return latest.prompt_tokens + latest.completion_tokens
