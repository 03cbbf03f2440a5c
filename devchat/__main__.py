"""The `devchat` command. Kept light: `--version` answers before anything else is imported."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    try:
        if sys.argv[1:] in (["--version"], ["-V"]):
            from devchat import __version__

            return _print(f"devchat {__version__}")
        from devchat.cli import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while importing: `run` handles its own
        code = 130
    if code == 130:
        # Where a text given to `exec` was interrupted (dataclasses are made so), Python would end
        # itself by SIGINT whatever we return, until another such text was run to its end:
        # `unhandled_keyboard_interrupt` in CPython's Python/pythonrun.c.
        exec("")
    return code


def _print(line: str) -> int:
    try:
        print(line, flush=True)
    except OSError as error:
        from devchat.cli import output_failed

        return output_failed(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
