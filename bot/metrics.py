"""What the ledger and the queue count, in Prometheus' form.

Read at each scrape from the database, so it is the same whichever process is asked.
https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bot.jobs import Jobs

if TYPE_CHECKING:
    from prometheus_client import Metric

    from bot.ledger import Ledger, Measure


@dataclass(frozen=True, slots=True)
class Series:
    """A measure of the ledger by name, and what it is outside; `label` says what its label is."""

    name: str
    label: str
    what: str
    kind: Literal["count", "total", "summary", "gauge"]


SERIES = {
    "deliveries": Series("devchat_deliveries", "event", "Deliveries taken.", "count"),
    "reviews": Series("devchat_reviews", "outcome", "Reviews by how they ended.", "count"),
    "findings": Series("devchat_findings", "severity", "Findings shown.", "total"),
    "tokens": Series("devchat_tokens", "kind", "Tokens of models.", "total"),
    "step": Series("devchat_step_seconds", "step", "Seconds of a job's steps.", "summary"),
    "github_requests": Series(
        "devchat_github_requests", "status", "Requests to GitHub by how they ended.", "total"
    ),
    "github_quota": Series(
        "devchat_github_quota", "installation", "Requests left until GitHub's reset.", "gauge"
    ),
}
"""What `Ledger.add(name, label, value)` is called with, by name."""


def write_metrics(jobs: Jobs, ledger: Ledger) -> tuple[bytes, str]:
    """Return all metrics as text, and its content type. Raises StorageError."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(jobs, ledger))
    return generate_latest(registry), CONTENT_TYPE_LATEST


class _Collector:
    """Reads the database when it is asked."""

    def __init__(self, jobs: Jobs, ledger: Ledger) -> None:
        self._jobs, self._ledger = jobs, ledger

    def describe(self) -> list[Metric]:
        """Promise nothing, so that registering does not read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        measures = self._ledger.measures()
        for name, series in SERIES.items():
            yield _metric(series, [one for one in measures if one.name == name])
        yield from _queue(self._jobs)


def _metric(series: Series, measures: list[Measure]) -> Metric:
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        SummaryMetricFamily,
    )

    labels = [series.label]
    if series.kind == "summary":
        summary = SummaryMetricFamily(series.name, series.what, labels=labels)
        for one in measures:
            summary.add_metric([one.label], one.count, one.total)
        return summary
    family = GaugeMetricFamily if series.kind == "gauge" else CounterMetricFamily
    metric = family(series.name, series.what, labels=labels)
    for one in measures:
        metric.add_metric([one.label], one.count if series.kind == "count" else one.total)
    return metric


def _queue(jobs: Jobs) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    backlog = jobs.backlog()
    depth = GaugeMetricFamily("devchat_queue_jobs", "Jobs in the queue.", labels=["state"])
    depth.add_metric(["waiting"], backlog.waiting)
    depth.add_metric(["running"], backlog.running)
    yield depth
    yield GaugeMetricFamily(
        "devchat_queue_oldest_seconds", "Age of the oldest waiting job.", backlog.oldest_seconds
    )
