"""What the service counts, as Prometheus reads it."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    Summary,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from starcast.data.store.records import Outcome, total
from starcast.serve.model_store import ModelStore

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@final
class ServiceMetrics:
    """Requests by route and status, their seconds, the loaded models, and the process's memory.

    Args:
        model_store: whose models are told of.
    """

    def __init__(self, model_store: ModelStore) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "starcast_requests", "Requests by route and status.", ["route", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "starcast_request_seconds", "Seconds from a request's head to its answer's end.",
            ["route"], buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._registry.register(_Models(model_store))
        ProcessCollector(registry=self._registry)

    def count(self, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(route, status).inc()
        self._seconds.labels(route).observe(seconds)

    def of_store(self, sequence: Callable[[], int]) -> "StoreMetrics":
        """Those of a store, told of beside the others."""
        return StoreMetrics(self._registry, sequence)

    def text(self) -> bytes:
        """All of it, in Prometheus's format."""
        return generate_latest(self._registry)


@final
class StoreMetrics:
    """What is written into a store, and how long that takes.

    Args:
        registry: of the service.
        sequence: tells the number of the last change that the service has seen.
    """

    def __init__(self, registry: CollectorRegistry, sequence: Callable[[], int]) -> None:
        self._ratings = Counter(
            "starcast_store_ratings", "Ratings that were put, by what became of them.",
            ["outcome"], registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "starcast_store_commit_seconds", "Seconds of a commit, its transaction included.",
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        people = Counter(
            "starcast_store_people", "People asked for, by where their ratings were found.",
            ["found"], registry=registry,
        )  # fmt: skip
        self._given = Summary(
            "starcast_given_stars", "Stars of the ratings that were put.", registry=registry
        )
        self._errors = Summary(
            "starcast_prediction_error_stars", "Given less predicted stars.",
            registry=registry,
        )  # fmt: skip
        self._squared = Counter(
            "starcast_prediction_squared_error_stars", "Their squares, added up.", registry=registry
        )
        self._found = {found: people.labels(found) for found in ("memory", "store")}
        last = Gauge(
            "starcast_store_sequence", "The last change of the store that was seen.",
            registry=registry,
        )  # fmt: skip
        last.set_function(sequence)

    def committed(self, outcomes: Iterable[Outcome], seconds: float) -> None:
        """A transaction is on disk, with what became of ratings."""
        self._seconds.observe(seconds)
        for name, n in total(outcomes)._asdict().items():
            self._ratings.labels(name).inc(n)

    def rated(self, stars: Iterable[float]) -> None:
        """Ratings were put."""
        for one in stars:
            self._given.observe(one)

    def missed(self, errors: Iterable[float]) -> None:
        """They were so much more than what was predicted."""
        for one in errors:
            self._errors.observe(one)
            self._squared.inc(one * one)

    def asked_for(self, found: str) -> None:
        """A person was found in "memory" or in the "store"."""
        self._found[found].inc()


@final
class _Models(Collector):
    """What there is to say of the models, asked when it is read."""

    def __init__(self, model_store: ModelStore) -> None:
        self._model_store = model_store

    def collect(self) -> Iterator[Metric]:
        yield from self._of_each()
        loaded = GaugeMetricFamily(
            "starcast_model_ratings", "Ratings behind each loaded model.",
            labels=["model", "dataset", "fingerprint"],
        )  # fmt: skip
        for card in self._model_store.cards()["models"]:
            split = self._model_store.find(card["name"]).artifact.split
            labels = [card["name"], card["dataset"], split.fingerprint[:12]]
            loaded.add_metric(labels, card["n_ratings"])
        yield loaded
        yield GaugeMetricFamily(
            "starcast_model_loaded_timestamp_seconds", "When a model was last loaded.",
            self._model_store.loaded_at,
        )  # fmt: skip
        yield GaugeMetricFamily(
            "starcast_model_look_age_seconds", "Since newer models were last looked for.",
            max(0.0, time.time() - self._model_store.looked_at),
        )  # fmt: skip
        reloads = CounterMetricFamily(
            "starcast_model_reloads", "Newer models that were found, by what became of them.",
            labels=["result"],
        )  # fmt: skip
        reloads.add_metric(["taken"], self._model_store.n_reloads)
        reloads.add_metric(["refused"], self._model_store.n_refused)
        yield reloads

    def _of_each(self) -> Iterator[Metric]:
        written = GaugeMetricFamily(
            "starcast_model_written_timestamp_seconds", "When a model's artifact was written.",
            labels=["model"],
        )  # fmt: skip
        mean = GaugeMetricFamily(
            "starcast_model_mean_stars", "Mean of the ratings behind a model.",
            labels=["model"],
        )  # fmt: skip
        coverage = GaugeMetricFamily(
            "starcast_list_coverage_ratio", "Share of its items that a model has listed.",
            labels=["model"],
        )  # fmt: skip
        ids = CounterMetricFamily(
            "starcast_ids", "Users that lists, and items that anything was asked for, by whether "
            "the model knows them.", labels=["model", "kind", "known"],
        )  # fmt: skip
        for model in self._model_store.in_use():
            written.add_metric([model.name], model.written_at)
            mean.add_metric([model.name], model.mean_stars)
            coverage.add_metric([model.name], len(model.usage.shown) / model.ratings.n_items)
            for (kind, known), n in list(model.usage.asked.items()):
                ids.add_metric([model.name, kind, "yes" if known else "no"], n)
        yield from (written, mean, coverage, ids)
