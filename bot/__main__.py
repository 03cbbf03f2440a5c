"""The `devchat-bot` command, and the boundary where every error is shown and exits.

Kept light: `--version` answers before anything else is imported. Alone in reading the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

from devchat.process.interrupts import interruptible, keep_interrupts
from devchat.process.streams import is_about_output, open_streams, output_error, settle_streams


def main() -> int:
    """Run the command line and return its exit code."""
    return interruptible(lambda: run(sys.argv[1:], os.environ))


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line, show what goes wrong, and return the exit code (see `errors`)."""
    open_streams()
    keep_interrupts()
    try:
        code = _invoke(argv, environ)
        sys.stdout.flush()
    except OSError as error:
        code = _output_failed(error) if is_about_output(error) else _show(error)
    except Exception as error:  # noqa: BLE001 - the outermost boundary of the command line
        code = _show(error)
    settle_streams()
    return code


def _invoke(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    if list(argv) in (["--version"], ["-V"]):
        from devchat import __version__

        print(f"devchat-bot {__version__}")
        return 0
    from bot.command import invoke

    return invoke(argv, environ)


def _output_failed(error: OSError) -> int:
    settle_streams()
    # Whoever read us (`| head -1`) has enough.
    return 0 if isinstance(error, BrokenPipeError) else _show(output_error(error))


def _show(error: Exception) -> int:
    from bot.command import secrets_of
    from bot.logs import Redactor
    from devchat.errors import DevchatError
    from devchat.render.console import show_error

    redact = Redactor(secrets_of(os.environ))
    if not isinstance(error, DevchatError):
        from traceback import format_exception

        print(redact("".join(format_exception(error))), file=sys.stderr)
        reason = f"devchat-bot itself failed: {type(error).__name__}"
        error = DevchatError(reason, "please report it with the lines above")
    show_error(sys.stderr, DevchatError(redact(error.message), redact(error.hint)))
    return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
