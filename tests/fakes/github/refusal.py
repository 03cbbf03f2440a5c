"""How GitHub says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

DOCUMENTATION = "https://docs.github.com/rest"


class Refusal(Exception):
    """An answer of 400 or more; `errors` are texts or tables, as GitHub mixes them."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Sequence[object] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors)
        self.headers = dict(headers or {})


def not_found() -> Refusal:
    """What is not there, or not for this token."""
    return Refusal(404, "Not Found")


def invalid(resource: str, field: str, message: str, code: str = "custom") -> Refusal:
    """A field that GitHub does not take."""
    error = {"resource": resource, "field": field, "code": code, "message": message}
    return Refusal(422, "Validation Failed", [error])
