"""`devchat models`: what can be asked, the engines that run now, and how to end them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from devchat.cli.columns import columns, write_lines
from devchat.errors import UsageError

if TYPE_CHECKING:
    from devchat.backends.local.control import EngineState
    from devchat.backends.local.shelf import KeptFile, Shelf
    from devchat.models.catalogue import Listed
    from devchat.settings import Settings

app = typer.Typer(
    help="See which models there are, and the engines that run them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(json: Json = False) -> None:
    """Show what you can name after -m now, and why the rest can't be used."""
    from devchat.models.catalogue import list_models
    from devchat.settings.load import load

    models = list_models(load(os.environ).settings, os.environ)
    if json:
        _print_json("models", models)
        return
    write_lines(_usable_lines([model for model in models if model.usable]))
    if rest := [(model.spec, model.why) for model in models if not model.usable]:
        write_lines(["", "NOT USABLE NOW", *columns(rest)])


@app.command()
def ps(json: Json = False) -> None:
    """Show the engine processes: each keeps one local model in memory."""
    from devchat.backends.local.control import engines
    from devchat.settings.load import load

    running = engines(load(os.environ).settings.paths.runtime)
    if json:
        _print_json("engines", running)
    elif running:
        heads = ("PID", "MODEL", "CELLS", "ANSWERS", "CLIENTS", "IDLE", "MEMORY")
        write_lines(columns([heads, *map(_engine_row, running)]))
    else:
        print("No engine runs. The first question to a local model starts one.")


@app.command()
def stop(
    engine: Annotated[
        str | None, typer.Argument(metavar="ENGINE", help="A model's name, or a process id.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Stop every engine.")] = False,
) -> None:
    """Stop engine processes and give their memory back."""
    from devchat.settings.load import load

    if everything == (engine is not None):
        raise UsageError("say which engine to stop", "`devchat models ps` lists them; or `--all`")
    stopped = _stop(engine, load(os.environ).settings)
    for one in stopped:
        write_lines([f"stopped {one.model or 'an engine'} (pid {one.pid})"])
    if stopped:
        return
    if engine:
        raise UsageError(f"no engine runs `{engine}`", "`devchat models ps` lists those that run")
    print("No engine runs.")


def _stop(engine: str | None, settings: Settings) -> list[EngineState]:
    """End the engine of a process id or a model's name, or all; an alias will do as well."""
    from devchat.backends.local.control import stop_engines
    from devchat.models import LocalModel
    from devchat.models.resolve import resolve

    runtime = settings.paths.runtime
    if engine is None or engine.isdecimal():
        return stop_engines(runtime, engine and int(engine))
    if stopped := stop_engines(runtime, engine):
        return stopped
    model = resolve(engine, settings)
    if not isinstance(model, LocalModel):
        return []
    # An engine tells the file itself, not the link by which it was found.
    return stop_engines(runtime, os.path.realpath(model.path))


@app.command()
def cache(
    action: Annotated[
        str | None, typer.Argument(metavar="[clear]", help="Remove all of it.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Show the prompts that local models keep evaluated on disk, or remove them.

    A question that begins like one of them is answered sooner, in another process too.
    """
    from devchat.backends.local.shelf import shelf_in
    from devchat.settings.load import load

    settings = load(os.environ).settings
    shelf = shelf_in(settings.paths.cache, settings.local.cache_bytes)
    if action not in (None, "clear"):
        raise UsageError(f"the cache can't be told to `{action}`", "`devchat models cache clear`")
    if action == "clear":
        count, size = shelf.clear()
        print(f"removed {_files(count)}, {_megabytes(size)}")
    elif json:
        _print_cache(shelf)
    else:
        write_lines(_cache_lines(shelf))


def _cache_lines(shelf: Shelf) -> list[str]:
    files, limit = shelf.files(), _megabytes(shelf.limit)
    used = _megabytes(sum(one.bytes for one in files))
    most = f"of at most {limit}" if shelf.limit else "and no more: `local.cache_bytes` is 0"
    total = f"{_files(len(files))}, {used} {most}, in {shelf.folder}"
    if not files:
        return [total]
    heads = ("MODEL", "FILES", "TOKENS", "SIZE", "LAST USED")
    return [*columns([heads, *map(_cache_row, _by_model(files))]), "", total]


def _by_model(files: Sequence[KeptFile]) -> list[list[KeptFile]]:
    groups: dict[str, list[KeptFile]] = {}
    for one in files:
        groups.setdefault(one.model, []).append(one)
    return list(groups.values())


def _cache_row(files: list[KeptFile]) -> tuple[str, ...]:
    from time import localtime, strftime

    return (
        files[0].model,
        str(len(files)),
        f"{sum(one.tokens for one in files):,}",
        _megabytes(sum(one.bytes for one in files)),
        strftime("%Y-%m-%d %H:%M", localtime(files[0].used)),
    )


def _print_cache(shelf: Shelf) -> None:
    from devchat.cli.streams import print_json

    models = [
        {
            "model": files[0].model,
            "files": len(files),
            "tokens": sum(one.tokens for one in files),
            "bytes": sum(one.bytes for one in files),
            "used": files[0].used,
        }
        for files in _by_model(shelf.files())
    ]
    found = {"folder": str(shelf.folder), "limit": shelf.limit, "models": models}
    print_json({"version": 1, "cache": found}, indent=2)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"


def _usable_lines(models: Sequence[Listed]) -> list[str]:
    if not models:
        return ["No model can be used yet."]
    heads = ("NAME", "WHAT IT IS", "WHERE", "TIER")
    rows = [(model.spec, model.description, model.location, model.tier or "") for model in models]
    use = 'Ask one: devchat ask -m NAME "..."   Keep one: devchat config set model NAME'
    return [*columns([heads, *rows]), "", use]


def _engine_row(engine: EngineState) -> tuple[str, ...]:
    if not engine.responds:
        advice = f"does not respond: `devchat models stop {engine.pid}` ends it"
        return str(engine.pid), advice, *[""] * 5
    return (
        str(engine.pid),
        engine.model,
        f"{engine.cells:,} of {engine.window:,}",
        str(engine.sequences),
        str(engine.clients),
        "busy" if engine.queued else f"{engine.idle:.0f} s",
        _megabytes(engine.resident),
    )


def _print_json(name: str, values: Iterable[Listed | EngineState]) -> None:
    from dataclasses import asdict

    from devchat.cli.streams import print_json

    items = [asdict(value) for value in values]
    print_json({"version": 1, name: items}, indent=2)
