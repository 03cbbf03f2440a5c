"""What went wrong with a call, before it is known what that means to the user.

Plain data made in `connection`, the only file that knows the `openai` library.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal[
    "status",  # the service answered with an error
    "busy",  # the connection broke before an answer
    "cut",  # an answer began and did not come to its end
    "silent",  # no answer in time
    "refused",  # nothing listens there
    "unknown",  # the host's name is not known
    "certificate",  # its certificate is not trusted
    "insecure",  # it does not speak TLS as we do
    "proxy",  # the proxy did not let us through
    "lost",  # any other trouble on the way
    "garbled",  # what came is not what this API answers
    "empty",  # nothing came: accepted, and then ended without a word
]


class Failure(Exception):  # no "Error": it never reaches a user, `explain` makes an error of it
    """One call that failed. `said` is foreign text; `wait` is the seconds the service asks for."""

    def __init__(
        self, kind: Kind, said: str = "", status: int = 0, code: str = "", wait: float | None = None
    ) -> None:
        super().__init__(kind)
        self.kind = kind
        self.said = said
        self.status = status
        self.code = code
        self.wait = wait

    def mentions(self, word: str) -> bool:
        """Tell whether the service's words name something, a field of the request say."""
        return word in self.said.lower() or word in self.code.lower()
