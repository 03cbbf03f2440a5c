"""The one error tree. Foreign exceptions are translated into it where they arise.

    DevchatError                 70   anything that went wrong, said to the user
    ├── UsageError                2   the command line asks for something that can't be
    ├── SettingsError             2   a settings file, key or environment variable is wrong
    ├── PromptError               2   a prompt file is wrong or lacks an input
    ├── BackendError              3   no answer came
    │   ├── ModelError            3   no such model, or its file can't be used
    │   ├── EngineError           3   the engine process failed
    │   ├── UnreachableError      3   the remote service can't be reached
    │   ├── AnswerError           3   the answer is not what was asked for
    │   └── RefusedError          4   the remote service said no
    ├── AnalyzerError            70   an analyzer's tool failed; a review notes it and goes on
    ├── InputError                5   a file, address or standard input can't be used
    │   └── ContextError          5   it does not fit into the model's window
    └── StorageError              6   a local folder or file can't be written
        └── LockedError           6   another program holds it just now

A review that was shown exits with 1 for its findings (`--fail-on`), and with 7 where a part of it
failed: neither is an error. How an error is shown `devchat.cli` knows.
"""

from __future__ import annotations


class DevchatError(Exception):
    """Something went wrong that the user should know of.

    `message` is one line without a final stop and without "error:"; `hint` says what to do next.
    """

    exit_code = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(DevchatError):
    """The command line asks for something that can't be."""

    exit_code = 2


class SettingsError(DevchatError):
    """A settings file, a key or an environment variable is wrong."""

    exit_code = 2


class PromptError(DevchatError):
    """A prompt file is wrong, missing, or lacks an input."""

    exit_code = 2


class BackendError(DevchatError):
    """No answer came from the model."""

    exit_code = 3


class ModelError(BackendError):
    """There is no such model, or its file can't be used."""


class EngineError(BackendError):
    """The engine process died, hung or could not be started."""


class UnreachableError(BackendError):
    """The remote service can't be reached."""


class AnswerError(BackendError):
    """The answer is not what was asked for: it breaks the schema, or holds no code block."""


class RefusedError(BackendError):
    """The remote service refused: key, quota, model or policy."""

    exit_code = 4


class AnalyzerError(DevchatError):
    """An analyzer's tool failed or took too long."""


class InputError(DevchatError):
    """A file, an address or standard input can't be used."""

    exit_code = 5


class ContextError(InputError):
    """The input does not fit into the model's window."""


class StorageError(DevchatError):
    """A local folder or file can't be written."""

    exit_code = 6


class LockedError(StorageError):
    """Another program holds the file just now: waiting helps."""
