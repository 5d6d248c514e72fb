"""The metrics of the four services as they say of themselves: name as it is scraped, and labels."""

import importlib
from collections.abc import Mapping
from typing import Final

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from stena.measuring import Counts, Times

MODULES: Final = (
    "gateway.metrics",
    "policy_svc.metrics",
    "profile_svc.metrics",
    "matching_svc.metrics",
    "stena.observing",
    "stena.health",
    "stena.database",
    "stena.upstreams",
)


def known() -> Mapping[str, frozenset[str]]:
    """Each metric of the house with the names of its labels."""
    found: dict[str, frozenset[str]] = {}
    for module in MODULES:
        for made in vars(importlib.import_module(module)).values():
            if isinstance(made, Counts | Times):
                labels: tuple[str, ...] = made._labels
            elif isinstance(made, MetricWrapperBase):
                labels = tuple(made._labelnames)
            else:
                continue
            (family,) = REGISTRY._collector_to_names[made][:1]
            kind = next(iter(made.describe())).type
            found[f"{family}_total" if kind == "counter" else family] = frozenset(labels)
    return found
