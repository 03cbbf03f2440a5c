"""Which earlier turns go along with a question: the latest, and of the rest what is relevant.

Where all of them fit, all go. Else the latest take up to three quarters of the room, and older
exchanges that share telling words with the question come back into what is left, in their order.
Knows neither history files nor backends: tokens are counted by what it is given.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from devchat.types import Message

_LATEST_SHARE = 0.75
_WORD = re.compile(r"[^\W\d_][\w.]*\w")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_COMMONEST = 0.4
"""A word in more than this share of the exchanges tells nothing."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and the answer to it, as they would be sent, with their tokens."""

    messages: tuple[Message, ...]
    tokens: int

    @property
    def text(self) -> str:
        """Everything that was said in it."""
        return "\n".join(message.text for message in self.messages)


@dataclass(frozen=True, slots=True)
class Selection:
    """What goes along: places of the latest exchanges, of those brought back, of those left out.

    `unseen` is how many earlier pictures the model can't see.
    """

    latest: tuple[int, ...] = ()
    relevant: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    unseen: int = 0

    @property
    def sent(self) -> tuple[int, ...]:
        """Places of all that goes along, in order."""
        return tuple(sorted(self.latest + self.relevant))

    def __str__(self) -> str:
        """Say what was left out; nothing where all goes along."""
        return "; ".join(filter(None, (self._exchanges_left_out(), self._pictures_left_out())))

    def _exchanges_left_out(self) -> str:
        if not self.left_out:
            return ""
        number, total = len(self.left_out), len(self.left_out) + len(self.sent)
        back = f"; {len(self.relevant)} came back as relevant" if self.relevant else ""
        return f"{number} of {total} earlier exchanges left out: the window is full{back}"

    def _pictures_left_out(self) -> str:
        if not self.unseen:
            return ""
        pictures = "1 earlier picture" if self.unseen == 1 else f"{self.unseen} earlier pictures"
        return f"{pictures} left out: this model reads only text"


def select(exchanges: Sequence[Exchange], question: str, room: int) -> Selection:
    """Choose the exchanges that go along with a question into `room` tokens."""
    places = range(len(exchanges))
    if sum(one.tokens for one in exchanges) <= room:
        return Selection(latest=tuple(places))
    first, left = _latest(exchanges, room)
    relevant = []
    for place in _by_relevance(exchanges, first, question):
        if exchanges[place].tokens <= left:
            left -= exchanges[place].tokens
            relevant.append(place)
    sent = {*relevant, *places[first:]}
    return Selection(
        tuple(places[first:]),
        tuple(sorted(relevant)),
        tuple(place for place in places if place not in sent),
    )


def _latest(exchanges: Sequence[Exchange], room: int) -> tuple[int, int]:
    """Return the first of the latest exchanges that go along, and the room that they leave.

    The very latest may take all of the room.
    """
    first, left = len(exchanges), room
    for place in reversed(range(len(exchanges))):
        tokens = exchanges[place].tokens
        share = room if place == len(exchanges) - 1 else int(room * _LATEST_SHARE)
        if tokens > left - (room - share):
            break
        first, left = place, left - tokens
    return first, left


def _by_relevance(exchanges: Sequence[Exchange], end: int, question: str) -> list[int]:
    """Return the places before `end` that share telling words with a question, the best first."""
    documents = [terms(one.text) for one in exchanges]
    spread = Counter(term for document in documents for term in document)
    most = max(1, int(len(documents) * _COMMONEST))
    telling = {term for term in terms(question) if 0 < spread[term] <= most}
    scores = [
        sum(log(1 + len(documents) / spread[term]) for term in telling & document)
        for document in documents[:end]
    ]
    found = [place for place, score in enumerate(scores) if score]
    return sorted(found, key=lambda place: (-scores[place], -place))


def terms(text: str) -> set[str]:
    """Return the words of a text, parts of dotted and snake_case names too, and CJK pairs."""
    found: set[str] = set()
    for word in _WORD.findall(_CJK.sub(" ", text.lower())):
        found |= {word, *re.split(r"[._]", word)}
    pairs = {run[at : at + 2] for run in _CJK.findall(text) for at in range(max(1, len(run) - 1))}
    return {term for term in found if len(term) > 2} | pairs
