"""The commands of `devchat-bot`, one file each; what goes wrong is shown by `bot.__main__`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from devchat.errors import UsageError
from devchat.sanitize import SECRET_NAME

if TYPE_CHECKING:
    import typer

# Only the module of the command that runs is imported: each is named like its command.
COMMANDS = ("serve", "web", "worker", "doctor", "review", "replay", "redeliver", "status")


def build_app(names: Sequence[str] = COMMANDS) -> typer.Typer:
    """Make the application with the commands named."""
    import typer

    app = typer.Typer(
        name="devchat-bot",
        help="The GitHub App: reviews pull requests, on your own machine.",
        epilog="The environment configures it (docs/bot.md); begin with `devchat-bot doctor`.",
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root())
    for name in names:
        app.command(name)(getattr(import_module(f"bot.command.{name}"), name))
    return app


def _root() -> Callable[..., None]:
    """Make what belongs to no command; it keeps one command a command."""
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
        print(f"devchat-bot {__version__}")
        raise typer.Exit


def invoke(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command line in an environment and return its exit code. Raises DevchatError."""
    import typer
    from typer.main import get_command

    known = argv[:1] if argv and argv[0] in COMMANDS else []
    command = get_command(build_app(known or COMMANDS))
    try:
        with command.make_context("devchat-bot", list(argv), obj=environ) as context:
            code = command.invoke(context)
    except typer.Exit as exit:
        return exit.exit_code
    except typer.TyperException as error:
        message = error.format_message()
        if message.startswith("Usage: "):  # nothing was asked for: the message is the help
            print(message)
            return 0
        name = " ".join(["devchat-bot", *known])
        reason = message[:1].lower() + message[1:].rstrip(".").replace("'", "`")
        raise UsageError(reason, f"`{name} --help` lists what there is") from error
    return code if isinstance(code, int) else 0


def secrets_of(environ: Mapping[str, str]) -> list[str]:
    """List the values of variables that are named like secrets, however they are used."""
    values = [value for name, value in environ.items() if SECRET_NAME.search(name)]
    found = [part.strip() for value in values for part in (value, *value.split(","))]
    return [part for part in found if len(part) >= 6 and not part.startswith("/")]
