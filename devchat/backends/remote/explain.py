"""Tell the user what a failed call means and what to do: a `Failure` becomes a `DevchatError`.

What a service says is foreign: shown on one line, without controls, cut, and without the key.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from devchat.backends.remote.failure import Failure, Kind
from devchat.errors import (
    BackendError,
    ContextError,
    DevchatError,
    ModelError,
    RefusedError,
    UnreachableError,
)
from devchat.sanitize import single_line

_CONTEXT = re.compile(
    r"context[_ ](length|window|size)|maximum context|prompt is too long|too many tokens"
    r"|input (is )?too long|reduce the length|exceed_context",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|model\b.{0,80}\b(not (found|exist)|does(n't| not) exist|not a valid)"
    r"|(unknown|invalid|no such) model|not a valid model",
    re.IGNORECASE | re.DOTALL,
)
_CREDIT = re.compile(r"insufficient|quota|billing|credit|balance", re.IGNORECASE)
_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?![\w.])")
_WINDOW = re.compile(r"context (?:length|window|size)\D{0,20}(\d[\d,]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Service:
    """What an explanation needs to know; `key_origin` says where the key was found."""

    provider: str
    base_url: str
    location: str
    model: str
    key: str = field(repr=False)
    key_origin: str
    timeout: float
    nearby: bool


def explain(
    failure: Failure, service: Service, models: Callable[[], tuple[str, ...]]
) -> DevchatError:
    """Make the error that a user meets. `models` asks the service for its models' names."""
    if failure.kind != "status":
        return _network(failure, service)
    if is_context(failure):
        return _context(failure, service)
    if failure.status == 404 or _names_model(failure):
        return _not_found(failure, service, models)
    return _status(failure, service)


def is_context(failure: Failure) -> bool:
    """Tell whether a service refused because the request is too long for the model."""
    if failure.status == 429:  # "too many tokens" a minute
        return False
    return failure.status == 413 or bool(_CONTEXT.search(f"{failure.code} {failure.said}"))


def is_credit(failure: Failure) -> bool:
    """Tell whether the account is empty, which no waiting mends."""
    if failure.status == 402 or failure.mentions("insufficient_quota"):
        return True
    # Who says how long to wait means a quota of the minute or the day.
    return failure.status == 429 and failure.wait is None and bool(_CREDIT.search(failure.said))


def _names_model(failure: Failure) -> bool:
    told = failure.status in (0, 400, 404, 422)
    return told and bool(_NO_MODEL.search(f"{failure.code} {failure.said}"))


def quote(said: str, service: Service) -> str:
    """Quote a service's words as `: words`, or nothing where it said none."""
    if service.key:
        said = said.replace(service.key, "[key]")
    line = single_line(said, 200).rstrip(". ")
    return f": {line}" if line else ""


def _network(failure: Failure, service: Service) -> DevchatError:
    where, said = service.location, quote(failure.said, service)
    if failure.kind == "cut":
        return BackendError(f"the answer of {where} broke off, so it is incomplete", "ask again")
    if failure.kind in ("garbled", "empty"):
        return BackendError(
            f"{where} did not answer as this API does{said}",
            f"is `base_url` `{service.base_url}` right? It often ends in `/v1`",
        )
    happened = _UNREACHED.get(failure.kind, "the connection to {where} failed{said}")
    message = happened.format(where=where, said=said, timeout=f"{service.timeout:g}")
    return UnreachableError(message, _way_out(failure.kind, service))


_UNREACHED: dict[Kind, str] = {
    "silent": "{where} said nothing for {timeout} s",
    "refused": "nothing answers at {where}",
    "unknown": "the host name of {where} is not known",
    "certificate": "the certificate of {where} is not trusted{said}",
    "insecure": "no secure connection to {where}{said}",
    "proxy": "the proxy did not let us through to {where}{said}",
}


def _way_out(kind: Kind, service: Service) -> str:
    url = f"`base_url` `{service.base_url}`"
    hints: dict[Kind, str] = {
        "silent": "wait longer with `devchat config set remote.timeout 300`",
        "certificate": "if you trust it, name its authority's PEM file in `SSL_CERT_FILE`",
        "insecure": f"does {url} need `http://` instead of `https://`?",
        "proxy": "check `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`",
    }
    if kind == "refused" and service.nearby:
        return f"start that server (for Ollama: `ollama serve`), or correct {url}"
    return hints.get(kind, f"check the network, and {url}")


def _context(failure: Failure, service: Service) -> ContextError:
    numbers = sorted({int(number.replace(",", "")) for number in _NUMBER.findall(failure.said)})
    told = ""
    if named := _WINDOW.search(failure.said):
        window, most = int(named[1].replace(",", "")), max(numbers, default=0)
        told = f": {most} tokens, and its" if most > window else ": its"
        told += f" window holds {window}"
    elif len(numbers) >= 2:
        told = f": {numbers[-1]} tokens, and its window holds {numbers[-2]}"
    return ContextError(
        f"the request is too long for `{service.model}`{told or quote(failure.said, service)}",
        "send less, or choose a model with a larger window; "
        f"`context_tokens` of provider `{service.provider}` tells devchat how much fits",
    )


def _not_found(
    failure: Failure, service: Service, models: Callable[[], tuple[str, ...]]
) -> DevchatError:
    try:
        known = models()
    except Failure:
        known = ()
    if service.model in known:
        return _status(failure, service)
    if not known and not _names_model(failure):
        return BackendError(
            f"{service.location} does not know this address (404){quote(failure.said, service)}",
            f"is `base_url` `{service.base_url}` right? It often ends in `/v1`",
        )
    return ModelError(
        f"`{service.provider}` has no model `{service.model}`", _nearest(service, known)
    )


def _nearest(service: Service, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    if service.provider == "ollama":
        return f"fetch it with `ollama pull {service.model}`{_listed('; here are ', known)}"
    near = get_close_matches(service.model, known, cutoff=0.5) or [
        name for name in known if service.model.lower() in name.lower()
    ]
    if near:
        return _listed("did you mean ", tuple(near))
    return _listed("it has ", known) or "look up the model's name in the service's own list"


def _listed(intro: str, names: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{single_line(name, 60)}`" for name in names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{intro}{shown}{more}" if names else ""


def _status(failure: Failure, service: Service) -> DevchatError:
    status, name = failure.status, service.provider
    said = quote(failure.said, service)
    if status == 401:
        return _unauthorized(service)
    if 300 <= status < 400:
        return BackendError(
            f"`{name}` sends us elsewhere{said}",
            "devchat follows nobody with your text and key; if you trust it, make it `base_url`",
        )
    if status >= 500 or not status:
        number = f" ({status})" if status else ""
        return BackendError(f"`{name}` failed{number}{said}", "try again later")
    return _refusal(failure, service, said)


def _refusal(failure: Failure, service: Service, said: str) -> RefusedError:
    status, name = failure.status, service.provider
    if is_credit(failure):
        return RefusedError(
            f"your account at `{name}` has no credit left{said}", "look at its billing page"
        )
    if status == 429:
        after = f"in {failure.wait:.0f} s" if failure.wait else "later"
        return RefusedError(f"`{name}` gets too many requests{said}", f"try again {after}")
    if status == 403:
        return RefusedError(
            f"`{name}` does not allow this{said}",
            f"the key may lack access to `{service.model}`, or it is not served where you are",
        )
    return RefusedError(
        f"`{name}` refused the request ({status}){said}",
        "see what it asks for; `--dry-run` shows what is sent",
    )


def _unauthorized(service: Service) -> RefusedError:
    name = service.provider
    if not service.key:
        return RefusedError(
            f"`{name}` wants a key", f"name one: `devchat config set providers.{name}.key {name}`"
        )
    return RefusedError(
        f"`{name}` does not accept the key", f"check the key from {service.key_origin}"
    )
