"""Explain what was examined: whole, part by part, or as questions for learners."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from devchat.backends import Backend
from devchat.chat import Prepared, prepare
from devchat.cli.answer import (
    Collector,
    Form,
    Stopwatch,
    explain_end,
    introduce,
    print_reply,
    show_answer,
    stream,
)
from devchat.cli.dry_run import show_request
from devchat.cli.options import answer_options
from devchat.cli.past import Past
from devchat.context import Attached, Attachment
from devchat.context.names import STDIN
from devchat.errors import ContextError
from devchat.explain.facts import MOST_FACTS, Examined, facts_text
from devchat.explain.parts import in_parts
from devchat.explain.quiz import TOKENS_EACH, quiz_markdown, quiz_schema
from devchat.explain.recognise import file_of
from devchat.explain.sample import lines_of
from devchat.explain.wishes import wishes
from devchat.history import Recorder
from devchat.prompts import Prompt, load_prompt, shipped_folder
from devchat.render import Renderer, open_renderer
from devchat.render.console import note
from devchat.settings import Settings
from devchat.types import Chunk, Completion, Usage

_FEWEST_FACTS = 3
# The facts serve the input: they take no more than this part of the window.
_FACTS_SHARE = 8
_SMALLEST_PART = 48
_LONGEST_BEGINNING = 80


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the explanation is wanted."""

    audience: str | None
    language: str | None
    parts: bool
    quiz: int | None
    seed: int | None
    form: Form
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Explaining:
    """One call of `devchat explain`, after its inputs were read and examined."""

    backend: Backend
    settings: Settings
    wanted: Wanted
    attached: Attached
    examined: tuple[Examined, ...]
    past: Past
    by_default: bool

    def run(self) -> None:
        """Explain; raises `ContextError` for what is too large, saying that there is `--parts`."""
        if self.wanted.quiz:
            self._show(self._quiz(self.wanted.quiz), self._show_quiz)
        elif (whole := self._whole()) is not None:
            self._show(whole, self._show_whole)
        else:
            self._in_parts()

    def _show(self, prepared: Prepared, answer: Callable[[Prepared], None]) -> None:
        if self.wanted.dry_run:
            show_request(self.backend, prepared, json=self.wanted.form.json)
            return
        introduce(self.backend, prepared, by_default=self.by_default)
        answer(prepared)

    def _recording(self, prepared: Prepared) -> AbstractContextManager[Recorder | None]:
        """Write down what is asked and answered; parts become turns of one conversation."""
        return self.past.recording(self._title(), prepared, self.backend)

    def _title(self) -> str:
        """Name the inputs; one that was piped in by its kind and how it begins."""
        pairs = zip(self.examined, self.attached.texts, strict=True)
        named = (_beginning(one, text) if one.name == STDIN else one.name for one, text in pairs)
        return f"explain {', '.join(named)}"

    def _show_whole(self, prepared: Prepared, **about: Any) -> None:
        with self._recording(prepared) as recorder:
            show_answer(self.backend, prepared, self._form(**about), recorder)

    def _form(self, **more: Any) -> Form:
        inputs = [one.as_json() for one in self.examined]
        return replace(self.wanted.form, about={"inputs": inputs, **more})

    def _whole(self) -> Prepared | None:
        """Return the request for all at once; None where it has to be done in parts."""
        try:
            prepared = self._prepare(self._family(), self.examined, self.attached)
        except ContextError as error:
            if self.wanted.parts:
                return None
            hint = f"`--parts` explains it part by part; or {error.hint}"
            raise ContextError(error.message, hint) from None
        cut = any(one.state != "whole" and one.tokens for one in prepared.ledger.entries)
        return None if cut and self.wanted.parts else prepared

    def _family(self) -> str:
        """Return the prompt of the kind that most inputs are of."""
        families = Counter(one.kind.family for one in self.examined)
        return f"explain-{families.most_common(1)[0][0]}"

    def _prepare(
        self,
        name: str,
        examined: Sequence[Examined],
        attached: Attached,
        *,
        quiz: int | None = None,
    ) -> Prepared:
        template = load_prompt(name, [self.settings.paths.prompts, shipped_folder()])
        schema = quiz_schema(quiz) if quiz else None
        options = answer_options(self.settings, template, self.wanted.seed, schema)
        if quiz and options.max_tokens is None:
            room = self.backend.context_tokens // 2
            options = replace(options, max_tokens=min(room, TOKENS_EACH * (quiz + 1)))
        inputs = self._inputs(examined, template) | ({"count": str(quiz)} if quiz else {})
        return prepare(template, "", attached, self.backend, options, inputs=inputs)

    def _inputs(self, examined: Sequence[Examined], template: Prompt) -> dict[str, str]:
        titles = dict.fromkeys(one.kind.title for one in examined)
        return {
            "what": " and ".join(titles),
            "facts": self._facts(examined),
            "wishes": wishes(self.wanted.audience, self.wanted.language),
        }

    def _facts(self, examined: Sequence[Examined]) -> str:
        """Write the facts in at most an eighth of the window."""
        most = MOST_FACTS[self.backend.tier]
        room = self.backend.context_tokens // _FACTS_SHARE
        facts = facts_text(examined, most)
        while most > _FEWEST_FACTS and self.backend.count(facts) > room:
            most //= 2
            facts = facts_text(examined, most)
        return facts

    def _quiz(self, count: int) -> Prepared:
        return self._prepare("explain-quiz", self.examined, self.attached, quiz=count)

    def _show_quiz(self, prepared: Prepared) -> None:
        """Print the questions as Markdown; those of an answer that broke off are shown too."""
        if self.wanted.form.json:
            self._show_whole(prepared)
            return
        kept, watch = Collector(), Stopwatch()
        with self._recording(prepared) as recorder:
            try:
                completion = stream(self.backend, prepared.request, kept, watch)
            finally:
                questions = Chunk("text", quiz_markdown(kept.text))
                if recorder is not None:
                    recorder.feed(questions)
                self._print(questions)
            if recorder is not None:
                recorder.finish(replace(completion, text=questions.text), watch.elapsed())

    def _print(self, chunk: Chunk) -> None:
        renderer = self._renderer()
        renderer.feed(chunk)
        renderer.finish()

    def _renderer(self) -> Renderer:
        return open_renderer(sys.stdout, sys.stderr, os.environ, plain=self.wanted.form.plain)

    def _in_parts(self) -> None:
        """Explain each part, then the whole from the parts' explanations."""
        parts = self._parts()
        note(sys.stderr, f"too large for the model at once: {len(parts)} parts, then the whole")
        if self.wanted.dry_run:
            for _, prepared in parts:
                show_request(self.backend, prepared, json=self.wanted.form.json)
            return
        told: list[dict[str, str]] = []
        for number, (name, prepared) in enumerate(parts, 1):
            note(sys.stderr, f"part {number} of {len(parts)}: {name}")
            self._explain_part(name, prepared, told)
        self._explain_whole(told)

    def _explain_part(self, name: str, prepared: Prepared, told: list[dict[str, str]]) -> None:
        """Add what is said of a part; where that is interrupted, a program hears all so far."""
        if not self.wanted.form.json:
            told.append(_told(name, self._streamed(prepared, f"## `{name}`")))
            return
        kept, watch = Collector(), Stopwatch()
        try:
            with self._recording(prepared) as recorder:
                completion = stream(self.backend, prepared.request, kept, watch, recorder)
        except KeyboardInterrupt:
            usage = Usage(prepared.prompt_tokens, 0, exact=False)
            broken = Completion(kept.text, kept.reasoning, usage, "interrupted", self.backend.name)
            about = self._form(parts=[*told, _told(name, broken)]).about
            nothing = replace(broken, text="", reasoning="")
            print_reply(nothing, self.backend, watch, about)
            raise
        told.append(_told(name, completion))

    def _explain_whole(self, told: Sequence[dict[str, str]]) -> None:
        explained = tuple(Attachment(one["name"], one["answer"]) for one in told)
        prepared = self._prepare("explain-whole", self.examined, Attached(explained))
        introduce(self.backend, prepared, by_default=self.by_default)
        if self.wanted.form.json:
            self._show_whole(prepared, parts=told)
        else:
            self._streamed(prepared, "## The whole")

    def _streamed(self, prepared: Prepared, heading: str) -> Completion:
        renderer = self._renderer()
        renderer.feed(Chunk("text", f"{heading}\n\n"))
        with self._recording(prepared) as recorder:
            completion = stream(self.backend, prepared.request, renderer, Stopwatch(), recorder)
        print()
        explain_end(completion)
        return completion

    def _parts(self) -> list[tuple[str, Prepared]]:
        """Cut every input into parts that fit; all are prepared before the first is sent."""
        return [
            (part.name, self._prepare_part(part, examined))
            for text, examined in zip(self.attached.texts, self.examined, strict=True)
            for part in in_parts(text, self._room(examined), self.backend.count)
        ]

    def _prepare_part(self, part: Attachment, examined: Examined) -> Prepared:
        first = file_of(part.name)[1]
        about = examined.part(first, first + len(lines_of(part.text)) - 1)
        return self._prepare(f"explain-{examined.kind.family}", [about], Attached((part,)))

    def _room(self, examined: Examined) -> int:
        """Return the tokens beside the prompt, the answer and the most that facts may take."""
        bare = self._prepare(f"explain-{examined.kind.family}", [examined], Attached())
        window, facts = self.backend.context_tokens, self.backend.count(self._facts([examined]))
        spare = max(window // _FACTS_SHARE - facts, 0)
        room = window - bare.answer_tokens - bare.prompt_tokens - spare
        if room < _SMALLEST_PART:
            raise ContextError(
                f"the window of `{self.backend.name}` has no room for a part",
                "lower --max-tokens, or choose a model with a larger window with `-m`",
            )
        return room


def _beginning(one: Examined, text: Attachment) -> str:
    # What went wrong stands at the end of a traceback; its facts begin with that.
    begins = one.lines()[0] if one.kind.family in ("error", "diff") else text.text
    return f"{one.kind.title}: {' '.join(begins[:_LONGEST_BEGINNING].split())}"


def _told(name: str, completion: Completion) -> dict[str, str]:
    reason = completion.finish_reason
    return {"name": name, "answer": completion.text, "finish_reason": reason}
