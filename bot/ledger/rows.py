"""The values that the ledger keeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A webhook that arrived. `outcome` is what became of it, "" until that is known."""

    guid: str
    event: str
    action: str
    repository: str
    received_at: float
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit of a pull that we heard of."""

    repository: str
    number: int
    installation: int
    head: str
    seen_at: float
    open: bool = True


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A review of one head. `id` is its job's; `outcome` is "" while it is under way."""

    id: str
    repository: str
    number: int
    head: str
    started_at: float
    outcome: str = ""
    finished_at: float = 0.0
    model: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding that stands on a pull; `seen_at` is when its fingerprint was first met there."""

    fingerprint: str
    path: str
    line: int
    severity: str
    rule: str
    seen_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure since the ledger began: how often, and the sum of what was added."""

    name: str
    label: str
    count: int
    total: float
