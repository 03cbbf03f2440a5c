"""The commands that move within a conversation: /fork, /rewind, /retry, /continue, /edit."""

from __future__ import annotations

from devchat.cli.chat.editing import edited
from devchat.cli.chat.outcome import Answer, Ask, Draft, Outcome, say
from devchat.cli.chat.session import Session, used_tokens
from devchat.errors import UsageError

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
    return Draft(question, (f"{number} back: {left} earlier questions are left",))


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
    changed = edited(question, session.environ)
    if not changed.strip() or changed == question:
        return say("the question stays as it is")
    session.conversation.rewind(1)
    return Ask(changed)


def _need_question(session: Session) -> str:
    question = session.conversation.question
    if question is None:
        raise UsageError("there is no question yet", "type one")
    return question.text


def _number(argument: str) -> int:
    if not argument:
        return 1
    if not argument.isascii() or not argument.isdigit() or int(argument) < 1:
        raise UsageError(f"`{argument}` is no number of questions", "`/rewind 2` goes back two")
    return int(argument)
