"""One answer, from its prompt to its last token: a state machine between the pool and the client.

It says what it wants evaluated next, is told where the logits are, and gives frames. It knows
nothing of sockets, nor of the other requests.
"""

from __future__ import annotations

from time import monotonic

from devchat.backends.local.batch import Feed
from devchat.backends.local.circles import SAID, circling
from devchat.backends.local.lookup import Lookup
from devchat.backends.local.plan import Plan
from devchat.backends.local.pool import Pool
from devchat.backends.local.prefixes import STEP
from devchat.backends.local.sampling import Sampler
from devchat.backends.local.stand import before_picture
from devchat.backends.local.tail import Tail
from devchat.backends.local.weights import Weights
from devchat.backends.local.wire import Frame
from devchat.backends.local.worth import common
from devchat.errors import AnswerError

UNWATCHED, WATCHED = 256, 0.03
"""Characters sent at once of an answer that nobody sees grow, and seconds between two pieces of
one that somebody does: each wakes its client, on a core that llama.cpp computes with."""


class Run:
    """An answer that is being made in a sequence of a pool."""

    def __init__(self, plan: Plan, weights: Weights, seq: int, cached: int, lookup: bool) -> None:
        self.plan, self.seq, self.cached = plan, seq, cached
        self.done, self.count, self.reason = False, 0, "length"
        self.tokens = list(plan.prompt)
        self._weights, self._guide = weights, plan.guide
        self._tail, self._text = Tail(plan.asked.stop), ""
        self._sent = 0.0
        self._sampler = Sampler(weights.c, plan.asked.choice)
        self._lookup = Lookup(plan.prompt) if lookup else None
        self._draft: list[int] = []
        self._said: list[int] | None = [] if weights.tiny and plan.guide is None else None

    def open(self) -> list[Frame]:
        """Say what the schema leaves no choice about, before anything is evaluated."""
        if self._guide is not None:
            self._say(self._guide.forced(self.plan.most))
        return self._frames()

    def reading(self, pool: Pool) -> bool:
        """Tell whether the prompt is still being read."""
        return len(pool.held[self.seq]) < len(self.plan.prompt)

    def remaining(self, pool: Pool) -> int:
        """Count the cells that it may yet take."""
        return self.plan.cells - len(pool.held[self.seq])

    def feed(self, pool: Pool, room: int, drafts: bool) -> Feed | None:
        """Say what is to be evaluated next, at most `room` tokens; `None` if that is too few."""
        rest = self.tokens[len(pool.held[self.seq]) :]
        if self.plan.views and (ahead := before_picture(rest)) < len(rest):
            return self._toward_picture(rest, ahead, room)
        if len(rest) > room:
            # The last batch of a prompt has two tokens or more, the others end at a multiple.
            stop = (len(pool.held[self.seq]) + min(room, len(rest) - 2)) // STEP * STEP
            part = self.tokens[len(pool.held[self.seq]) : stop]
            return Feed(self.seq, part) if len(part) > 1 else None
        self._draft = []
        if drafts and self._lookup is not None and not self.reading(pool):
            self._draft = self._lookup.draft(min(room - len(rest), self.plan.most - self.count - 1))
        return Feed(self.seq, rest + self._draft, 1 + len(self._draft))

    def hear(self, pool: Pool, index: int) -> list[Frame]:
        """Choose tokens by the logits from `index` on. Raises `AnswerError`."""
        draft, accepted = self._draft, 0
        while not self.done:
            said = self._choose(pool, index + accepted)
            same = common(said, draft[accepted:])
            accepted += same
            if same < len(said):
                break
        if draft and self._lookup is not None:
            self._lookup.judge(len(draft), accepted)
            pool.cut(self.seq, len(pool.held[self.seq]) - len(draft) + accepted)
        return self._frames()

    def finish(self) -> list[Frame]:
        """Give the last frames. Raises `AnswerError` where a schema is not matched."""
        self._check()
        if not self._tail.stopped:
            self._text += self._tail.feed(b"", last=True)
        frames = self._frames()
        if self._said is not None and circling(self._said):
            frames.append({"note": SAID})
        usage = [len(self.plan.prompt), self.count, self.cached]
        return [*frames, {"done": self.reason, "usage": usage}]

    def free(self) -> None:
        """Give the sampler's memory back."""
        self._sampler.free()

    def _toward_picture(self, rest: list[int], ahead: int, room: int) -> Feed | None:
        """Feed the text ahead of a picture, as much as there is room for; then the picture."""
        if rest[0] < 0:
            view = self.plan.views[rest[0]]
            return Feed(self.seq, view.tokens, view=view)
        # As of a prompt's end: the last batch before a picture has two tokens or more.
        count = ahead if ahead <= room else min(room, ahead - 2)
        return Feed(self.seq, rest[:count]) if count > 1 or count == ahead else None

    def _choose(self, pool: Pool, index: int) -> list[int]:
        """Choose a token; give it and those that must follow it."""
        before = len(self.tokens)
        if self._guide is None:
            self._say([self._sampler.sample(pool, index)])
        else:
            self._say([self._guide.choose(self._sampler, pool, index)])
            if not self.done:
                self._say(self._guide.forced(self.plan.most - self.count))
        return self.tokens[before:]

    def _say(self, tokens: list[int]) -> None:
        for token in tokens:
            if self._weights.ends(token):
                self._stop()
            if self.done:
                return
            self._add(token)
        if self._guide is not None and self._guide.closed:
            self._stop()
        elif self.count >= self.plan.most:
            self.done = True

    def _add(self, token: int) -> None:
        self.count += 1
        self.tokens.append(token)
        if self._lookup is not None:
            self._lookup.add(token)
        self._text += self._tail.feed(self._weights.piece(token))
        if self._said is not None:
            self._said.append(token)
        if self._tail.stopped or (self._said and circling(self._said)):
            self._stop()

    def _stop(self) -> None:
        self.done, self.reason = True, "stop"

    def _frames(self) -> list[Frame]:
        if not self._text or not (self.done or self._due()):
            return []
        text, self._text, self._sent = self._text, "", monotonic()
        return [{"text": text}]

    def _due(self) -> bool:
        if self.plan.asked.watched:
            return monotonic() - self._sent >= WATCHED
        return len(self._text) >= UNWATCHED

    def _check(self) -> None:
        if self._guide is not None and not self._guide.complete:
            cut = "cut by a stop string" if self._tail.stopped else f"cut at {self.count} tokens"
            raise AnswerError(
                f"the answer was {cut} before it matched the schema",
                "allow a longer one with `--max-tokens`, or ask for less",
            )
