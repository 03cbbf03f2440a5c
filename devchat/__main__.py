"""The `devchat` command. Kept light: `--version` answers before anything else is imported."""

from __future__ import annotations

import sys

from devchat.process.interrupts import interruptible


def main() -> int:
    """Run the command line and return its exit code."""
    return interruptible(_run)


def _run() -> int:
    if sys.argv[1:] in (["--version"], ["-V"]):
        from devchat import __version__

        return _print(f"devchat {__version__}")
    from devchat.cli import run

    return run(sys.argv[1:])


def _print(line: str) -> int:
    try:
        print(line, flush=True)
    except OSError as error:
        from devchat.cli import output_failed

        return output_failed(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
