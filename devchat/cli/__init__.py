"""The command line: its commands, and the boundary where every error is shown and exits."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from devchat.errors import DevchatError, UsageError
from devchat.process.interrupts import keep_interrupts
from devchat.process.streams import is_about_output, open_streams, output_error, settle_streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    import typer
    from typer._click.core import Command

# Only the module of the command that runs is imported: each is named like its command.
COMMANDS = (
    "ask", "chat", "completion", "config", "doctor", "explain", "history", "models", "prompts",
    "review",
)  # fmt: skip
TO_COMPLETE = "__complete"
"""What a shell asks for the words that may stand at its cursor: see `completion`."""


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
    app.callback()(_root())
    for name in names:
        module = import_module(f"devchat.cli.{name}")
        if hasattr(module, "app"):
            app.add_typer(module.app, name=name)
        else:
            app.command(name)(getattr(module, name))
    return app


def _root() -> Callable[..., None]:
    """Make what belongs to no command; it keeps `ask` one even where no other is loaded."""
    import typer

    def root(
        version: bool = typer.Option(
            False,
            "--version",
            "-V",
            help="Print the version and exit.",
            is_eager=True,
            callback=_print_version,
        ),
    ) -> None:
        pass

    return root


def _print_version(wanted: bool) -> None:
    import typer

    from devchat import __version__

    if wanted:
        print(f"devchat {__version__}")
        raise typer.Exit


def run(argv: Sequence[str]) -> int:
    """Run one command line, show what goes wrong, and return the exit code (see `errors`)."""
    open_streams()
    keep_interrupts()
    try:
        code = _invoke(argv)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = 130
    except DevchatError as error:
        code = _show(error)
    except OSError as error:
        code = output_failed(error) if is_about_output(error) else _internal_error(error)
    except Exception as error:  # noqa: BLE001 - the outermost boundary of the command line
        code = _internal_error(error)
    settle_streams()
    return code


def _show(error: DevchatError) -> int:
    from devchat.render.console import show_error

    show_error(sys.stderr, error)
    return error.exit_code


def command_tree(first: str = "") -> Command:
    """Make the commands, only the one where a line's first word names it."""
    from typer.main import get_command

    return get_command(build_app([first] if first in COMMANDS else COMMANDS))


def _invoke(argv: Sequence[str]) -> int:
    if not argv:
        from devchat.cli.welcome import welcome

        return welcome()
    if argv[:1] == [TO_COMPLETE]:
        from devchat.cli.shells import answer

        return answer(argv[1:], command_tree)
    return _run_command(argv)


def _run_command(argv: Sequence[str]) -> int:
    import typer

    known = argv[:1] if argv and argv[0] in COMMANDS else []
    command = command_tree(*known)
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
        message = error.format_message()
        if message.startswith("Usage: "):  # nothing was asked for: the message is the help
            print(message)
            return 0
        raise UsageError(_reworded(message), f"`{name} --help` lists what there is") from error
    return code if isinstance(code, int) else 0


def _reworded(message: str) -> str:
    """Write typer's words in our form: names in backticks, no capital, no final stop."""
    import re

    message = re.sub(r"'([^']*)'", r"`\1`", message.rstrip("."))
    return message[:1].lower() + message[1:]


def output_failed(error: OSError) -> int:
    """Say why our output can't be written; quietly end where its reader left."""
    settle_streams()
    if isinstance(error, BrokenPipeError):  # whoever read us (`| head -1`) has enough
        return 130 if isinstance(error.__context__, KeyboardInterrupt) else 0
    return _show(output_error(error))


def _internal_error(error: Exception) -> int:
    from devchat.cli.report import write_report

    place = write_report(error, sys.argv[1:2])
    shown = DevchatError(
        f"devchat itself failed: {type(error).__name__}: {error}",
        f"please report it with the file {place}" if place else "",
    )
    return _show(shown)
