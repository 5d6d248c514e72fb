"""What operators count. Labels are names of tasks and outcomes, never a person, organisation or value."""

from prometheus_client import Gauge

from stena.measuring import Counts

UPKEEP = Gauge("stena_upkeep_timestamp_seconds", "When a task in the background last went well.", ["task"])
"""``task`` is consents, referrals, restrictions, birthdays, erasures, pruning or separating."""

PERSON_KEYS = Counts("stena_person_keys", "Keys of people that something was to be opened or sealed with.", ["outcome"])
"""``outcome`` is opened, missing (they were erased, or the keys are of an older backup), or refused: no master key opens it."""
