"""A real one-token call to every model that `devchat doctor` may ask, one after another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from devchat.cli.checks import Check
from devchat.errors import DevchatError, ModelError
from devchat.models import Model, RemoteModel
from devchat.models.services import ServiceState
from devchat.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from devchat.backends import Backend

DEFAULT = "default"
SECTION = "MODELS"
# Names of models that do not chat, and of those that cost little.
_MUTE = re.compile(r"embed|tts|whisper|image|audio|moderation|realtime|dall|sora|babbage|davinci")
_CHEAP = re.compile(r"nano|mini|flash|lite|small|haiku|chat")


@dataclass(frozen=True, slots=True)
class Scope:
    """How far the calls may go: `offline` stays on this machine, `everything` asks all keys."""

    offline: bool = False
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """What a call needs; `say` tells the user what is about to be asked."""

    settings: Settings
    environ: Mapping[str, str]
    say: Callable[[str], None]


def check_models(caller: Caller, services: list[ServiceState], scope: Scope) -> Iterator[Check]:
    """Call the default model, the embedded one, and the services that can be reached."""
    from devchat.models.embedded import embedded_model
    from devchat.models.resolve import resolve

    asked = set()
    finders = {DEFAULT: lambda: resolve("", caller.settings), "embedded": embedded_model}
    for name, find in finders.items():
        try:
            model = find()
        except ModelError as error:
            yield Check(SECTION, name, False, error.message, error.hint)
            continue
        if model.name not in asked:
            yield _check_model(caller, name, model, services, scope)
        asked.add(model.name)
    for state in services:
        yield from _check_service(caller, state, scope, asked)


def _check_service(
    caller: Caller, state: ServiceState, scope: Scope, asked: set[str]
) -> Iterator[Check]:
    name = state.provider.name
    if any(spec.startswith(f"{name}:") for spec in asked):
        return
    if not state.usable:
        yield Check(SECTION, name, None, state.why)
    elif scope.offline and not state.called:
        yield Check(SECTION, name, None, f"not asked: {state.location} is off this machine")
    elif model := _choose(caller, state, scope):
        yield _call(caller, name, RemoteModel(f"{name}:{model}", state.provider, model))
    elif state.called or scope.everything:
        yield Check(SECTION, name, None, f"{state.location} names no models")
    else:
        yield Check(SECTION, name, None, "not asked: no setting uses it", "`devchat doctor --all`")


def _choose(caller: Caller, state: ServiceState, scope: Scope) -> str:
    """Choose the model of a service to ask: one that an alias names, else one of its own list."""
    prefix = f"{state.provider.name}:"
    for spec in caller.settings.aliases.values():
        if spec.startswith(prefix):
            return spec.removeprefix(prefix)
    names = state.models
    if not state.called and scope.everything:
        names = _names_far_away(caller, state)
    chatting = [name for name in names if not _MUTE.search(name.lower())]
    cheap = (name for name in chatting if _CHEAP.search(name.lower()))
    return next(cheap, chatting[0] if chatting else "")


def _names_far_away(caller: Caller, state: ServiceState) -> tuple[str, ...]:
    from devchat.backends.remote.connection import Connection
    from devchat.backends.remote.failure import Failure
    from devchat.settings.keys import find_key

    settings, provider = caller.settings, state.provider
    caller.say(f"asking {state.location} for its models")
    key = find_key(provider.key, caller.environ, settings.paths) if provider.key else None
    timeout, value = settings.remote.timeout, key.value if key else ""
    connection = Connection(provider.base_url, value, timeout, caller.environ, False)
    try:
        return connection.models()
    except Failure:
        return ()
    finally:
        connection.close()


def _check_model(
    caller: Caller, name: str, model: Model, services: list[ServiceState], scope: Scope
) -> Check:
    if isinstance(model, RemoteModel) and scope.offline:
        state = next(one for one in services if one.provider.name == model.provider.name)
        if not state.called:
            advice = "leave out `--offline`, or set another model"
            return Check(SECTION, name, False, f"{model.name}: not asked, being offline", advice)
    return _call(caller, name, model)


def _call(caller: Caller, name: str, model: Model) -> Check:
    """Ask for one token and say how long it took, or what went wrong."""
    from contextlib import closing
    from time import monotonic

    from devchat.backends import open_backend

    started = monotonic()
    hasty = replace(caller.settings, remote=replace(caller.settings.remote, retries=0))
    try:
        with closing(open_backend(model, hasty, caller.environ)) as backend:
            caller.say(f"asking {model.name} on {backend.location} for one token")
            _one_token(backend)
    except DevchatError as error:
        return Check(SECTION, name, False, f"{model.name}: {error.message}", error.hint)
    seconds = monotonic() - started
    return Check(SECTION, name, True, f"{model.name} answered in {seconds:.1f} s")


def _one_token(backend: Backend) -> None:
    from devchat.types import Message, Options, Request

    request = Request((Message.of("user", "Say ok."),), Options(max_tokens=1))
    for _ in backend.stream(request):
        pass
