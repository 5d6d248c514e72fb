"""What operators count. Labels are words of the rulebook, never a person, organisation or value."""

from prometheus_client import Gauge

from stena.measuring import Counts, Times

DECISIONS = Counts("stena_decisions", "Decisions by outcome, and for a deny the reason.", ["decision", "reason"])
FORBIDDEN = Counts("stena_forbidden_claims", "Calls that claimed a forbidden purpose.", [])
SECONDS = Times(
    "stena_decision_duration_seconds",
    "Time to decide and sign.",
    [],
    bounds=(0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05),
)
REVISION = Gauge("stena_rulebook_info", "1 for the revision of the rulebook that decides here.", ["revision"])
"""Two replicas that differ for longer than a second have not heard the same."""


def tell_revision(revision: str) -> None:
    """From now on ``revision`` decides, and no other."""
    REVISION.clear()
    REVISION.labels(revision).set(1)
