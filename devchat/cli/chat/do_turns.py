"""The commands that move within a conversation: /fork, /rewind, /retry, /continue, /edit."""

from __future__ import annotations

from devchat.cli.chat.editing import edited
from devchat.cli.chat.outcome import Answer, Ask, Compact, Draft, Outcome, say
from devchat.cli.chat.session import Session, used_tokens
from devchat.errors import UsageError
from devchat.history import Turn

CONTINUE = "Continue your last answer exactly where it stops. Repeat nothing of it."


def fork(session: Session, argument: str) -> Outcome:
    """Go on in a conversation of its own that shares the turns so far."""
    _need_question(session)
    before = session.conversation.id
    session.conversation.fork()
    return say(f"`{session.conversation.id}` goes on from here; `{before}` stays as it is")


def rewind(session: Session, argument: str) -> Outcome:
    """Go back before the last questions; the first of them becomes the draft."""
    _need_question(session)
    number = _number(argument)
    question = session.conversation.rewind(number)
    session.used_tokens = used_tokens(session.conversation)
    left = session.conversation.questions
    count = "1 question stays" if left == 1 else f"{left:,} questions stay"
    return Draft(
        session.take_back(question), (f"{count} before this one" if left else "at the beginning",)
    )


def retry(session: Session, argument: str) -> Outcome:
    """Have the last question answered again, by another model where one is named."""
    _need_question(session)
    if argument:
        session.use_model(argument)
    return Answer()


def go_on(session: Session, argument: str) -> Outcome:
    """Go on with an answer that was cut off; a question without any answer is answered."""
    _need_question(session)
    answer = session.conversation.answer
    return Ask(CONTINUE) if answer is not None and answer.text else Answer()


def edit(session: Session, argument: str) -> Outcome:
    """Change the last question in the user's editor, and ask it instead."""
    question = _need_question(session)
    typed = session.folds.unfold(session.typed(question))
    changed = edited(typed, session.environ)
    if not changed.strip() or changed == typed:
        return say("the question stays as it is")
    session.take_back(session.conversation.rewind(1))
    return Ask(changed)


def compact(session: Session, argument: str) -> Outcome:
    """Have all that was said summarised; a tiny model can't be trusted with that."""
    _need_question(session)
    if session.backend.tier == "tiny":
        raise UsageError(
            f"`{session.backend.name}` is too small a model to summarise what matters",
            "older exchanges come back by themselves where they are relevant: `/context`",
        )
    return Compact()


def _need_question(session: Session) -> Turn:
    question = session.conversation.question
    if question is None:
        raise UsageError("there is no question yet", "type one")
    return question


def _number(argument: str) -> int:
    if not argument:
        return 1
    if not argument.isascii() or not argument.isdigit() or int(argument) < 1:
        raise UsageError(f"`{argument}` is no number of questions", "`/rewind 2` goes back two")
    return int(argument)
