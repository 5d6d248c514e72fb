"""What operators count. Labels are words of the rulebook, never a person, organisation or value."""

from prometheus_client import Counter, Histogram

DECISIONS = Counter("stena_decisions", "Decisions by outcome.", ["decision", "reason"])
ALERTS = Counter("stena_alerts", "Calls that claimed a forbidden purpose.")
SECONDS = Histogram(
    "stena_decision_seconds",
    "Time to decide and sign.",
    buckets=(0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05),
)
