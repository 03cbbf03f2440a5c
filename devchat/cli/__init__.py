"""The command line: its commands, and the boundary where every error is shown and exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from devchat.errors import DevchatError, UsageError
from devchat.render.console import show_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typer

# Only the module of the command that runs is imported: each is named like its command.
COMMANDS = ("ask", "chat", "config", "doctor", "explain", "history", "models", "prompts")


def build_app(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """Make the application with the commands named."""
    import typer

    app = typer.Typer(
        name="devchat",
        help="A developer assistant: on a model of your own machine, or on a service you choose.",
        epilog="`devchat COMMAND --help` says more. With no settings at all it works offline.",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for name in names:
        module = import_module(f"devchat.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def _root() -> None:
    """Keep `ask` a command of its own even where no other is loaded."""


def run(argv: Sequence[str]) -> int:
    """Run one command line, show what goes wrong, and return the exit code (see `errors`)."""
    try:
        code = _invoke(argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = _reader_left()
    except DevchatError as error:
        show_error(sys.stderr, error)
        code = error.exit_code
    except Exception as error:  # noqa: BLE001 - the outermost boundary of the command line
        code = _internal_error(error)
    return code


def _invoke(argv: Sequence[str]) -> int:
    import typer
    from typer.main import get_command

    known = argv[:1] if argv and argv[0] in COMMANDS else []
    command = get_command(build_app(known or COMMANDS))
    try:
        # Not `app()`: it would swallow a broken pipe, and exit 1.
        with command.make_context("devchat", list(argv)) as context:
            code = command.invoke(context)
    except typer.Exit as exit:
        return exit.exit_code
    except typer.Abort:
        return 130
    except typer.TyperException as error:
        name = " ".join(["devchat", *known])
        message = error.format_message().rstrip(".")
        if message.startswith("Usage: "):  # nothing was asked for: the message is the help
            print(message)
            return 0
        raise UsageError(message, f"`{name} --help` lists what there is") from error
    return code if isinstance(code, int) else 0


def _reader_left() -> int:
    """End quietly when whoever read our output (`| head -1`) has enough."""
    # Python flushes once more at exit; without a place to write to, it would complain.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    return 0


def _internal_error(error: Exception) -> int:
    from devchat.cli.report import write_report

    place = write_report(error, sys.argv[1:2])
    shown = DevchatError(
        f"devchat itself failed: {type(error).__name__}: {error}",
        f"please report it with the file {place}" if place else "",
    )
    show_error(sys.stderr, shown)
    return shown.exit_code
