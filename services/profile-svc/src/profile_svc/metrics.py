"""What operators count. Labels are names of tasks, never a person, organisation or value."""

from prometheus_client import Gauge

UPKEEP = Gauge("stena_upkeep_timestamp_seconds", "When a task in the background last went well.", ["task"])
"""``task`` is consents, referrals, restrictions, birthdays, erasures, pruning or separating."""
