"""The `devchat-bot` command, and the boundary where every error is shown and exits.

Kept light: `--version` answers before anything else is imported. Alone in reading the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from devchat import __version__

        print(f"devchat-bot {__version__}")
        return 0
    return run(sys.argv[1:], os.environ)


def run(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line, show what goes wrong, and return the exit code (see `errors`)."""
    try:
        from bot.command import invoke

        code = invoke(argv, environ)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read us (`| head -1`) has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the outermost boundary of the command line
        return _show(error)
    return code


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
