"""Counts and times for Prometheus, for places that every call passes: a tenth of what its client's own cost there.

Kept by the one thread that serves; read by the one that is scraped. Labels are words of the code, and few.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of what is measured of calls: within a second there is an answer, or none; exports and waiting aside."""


class Counts(Collector):
    """A counter. ``name`` is without ``_total``."""

    def __init__(self, name: str, about: str, labels: Sequence[str]) -> None:
        self._name, self._about, self._labels = name, about, tuple(labels)
        self._counts: dict[tuple[str, ...], int] = {} if labels else {(): 0}
        REGISTRY.register(self)

    def add(self, *labels: str) -> None:
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def add_many(self, number: int, *labels: str) -> None:
        self._counts[labels] = self._counts.get(labels, 0) + number

    def describe(self) -> Iterable[CounterMetricFamily]:
        return [CounterMetricFamily(self._name, self._about, labels=self._labels)]

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._about, labels=self._labels)
        for labels, count in list(self._counts.items()):
            family.add_metric(labels, count)
        return [family]


@dataclass(slots=True)
class _Times:
    counts: list[int]
    seconds: float = 0.0


class Times(Collector):
    """A histogram of seconds over ``bounds``."""

    def __init__(self, name: str, about: str, labels: Sequence[str], bounds: Sequence[float] = SECONDS) -> None:
        self._name, self._about, self._labels = name, about, tuple(labels)
        self._bounds, self._named = tuple(bounds), (*map(str, bounds), "+Inf")
        self._times: dict[tuple[str, ...], _Times] = {}
        REGISTRY.register(self)

    def add(self, seconds: float, *labels: str) -> None:
        times = self._times.get(labels)
        if times is None:
            times = self._times[labels] = _Times([0] * len(self._named))
        times.counts[bisect_left(self._bounds, seconds)] += 1
        times.seconds += seconds

    @contextmanager
    def measured(self, *labels: str) -> Iterator[None]:
        """How long what is inside takes, however it ends."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(time.perf_counter() - began, *labels)

    def describe(self) -> Iterable[HistogramMetricFamily]:
        return [HistogramMetricFamily(self._name, self._about, labels=self._labels)]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._about, labels=self._labels)
        for labels, times in list(self._times.items()):
            buckets, reached = [], 0
            for bound, count in zip(self._named, list(times.counts), strict=True):
                reached += count
                buckets.append((bound, reached))
            family.add_metric(labels, buckets, times.seconds)
        return [family]
