"""What can go wrong between us and GitHub, in the one error tree of devchat.

DevchatError
└── ForgeError          GitHub could not be asked, or said no
    ├── GoneError       the pull, repository or installation is not there (any more)
    ├── TooLargeError   the diff is beyond what GitHub hands out
    ├── RejectedError   GitHub refused what we posted (422)
    └── WaitError       not now: try again after so many seconds
"""

from __future__ import annotations

from devchat.errors import DevchatError


class ForgeError(DevchatError):
    """GitHub could not be asked, or said no."""

    exit_code = 4


class GoneError(ForgeError):
    """The pull, repository or installation is not there."""


class TooLargeError(ForgeError):
    """The diff is beyond what GitHub hands out."""


class RejectedError(ForgeError):
    """GitHub refused what we posted."""


class WaitError(ForgeError):
    """Not now; `seconds` says how long to wait."""

    def __init__(self, message: str, seconds: float, hint: str = "") -> None:
        super().__init__(message, hint)
        self.seconds = seconds
