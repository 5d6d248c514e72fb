"""What operators count. Labels are words of the API, never a person, organisation or value."""

from prometheus_client import Counter, Gauge

from stena.measuring import Counts, Times

ENTRIES = Counts("stena_ledger_entries", "Committed entries of the ledger.", ["operation", "resource", "outcome"])
"""``outcome="incident"`` and ``"undecided"`` are what to be woken up for."""

STEPS = Times("stena_wall_step_duration_seconds", "Time that a step of the wall took.", ["step"])
"""``step`` is identify, decide, fetch, redact or record."""

LEDGER_WAITING = Gauge("stena_ledger_waiting_entries", "Entries that wait for the commit of their group.")
LEDGER_COMMIT = Times("stena_ledger_commit_duration_seconds", "Time in which a group of entries was committed, or was not.", [])

GOING_ON = Gauge("stena_calls_going_on", "Calls inside the gateway.")
LIMITED = Counts(
    "stena_calls_limited", "Calls that were refused because of a limit, before anything was looked at.", ["policy"]
)
"""``policy`` is one of `RateLimit-Policy`, gateway: more at once than it takes from everybody together, or pages: more pages of
people than it makes in time."""
TOKENS = Counts("stena_token_requests", "Requests for an access token.", ["outcome"])
"""``outcome`` is given, refused, or limited: refused too often."""

EMERGENCIES = Counter("stena_emergency_accesses", "Emergency accesses that were opened.", ["organisation", "purpose"])
"""Each of them is somebody who broke the glass, and wants a review."""

ID_KEYS = Gauge("stena_id_key_version", "Newest version of the key of pairwise ids.", ["use"])
"""``use`` is making or reading: a staged version may be activated once every gateway reads it."""

LEDGER_HEAD_SIZE = Gauge("stena_ledger_head_entries", "Entries under the newest signed head that is kept outside the database.")
LEDGER_HEAD_AT = Gauge("stena_ledger_head_timestamp_seconds", "When that head was made.")
"""Older than two minutes is what to be woken up for."""

LEDGER_KEYS = Gauge("stena_ledger_key_version", "Newest version of the key that signs heads of the ledger.", ["use"])
"""``use`` is signing or known: a staged version may be activated once every gateway knows it."""

LEDGER_MONTHS = Gauge("stena_ledger_months_ahead", "Months for which the ledger has a partition already, this one included.")
"""At 0 entries go to the partition for the rest: `stena ledger partitions` makes months."""

ALERTS = Counter("stena_alerts_raised", "Alerts that were raised.", ["rule"])

ALERTS_TOLD = Counter("stena_alerts_told", "Tries to tell the webhook of an alert.", ["outcome"])
"""``outcome`` is taken or failed."""

ALERT_LAG = Gauge("stena_alert_lag_seconds", "Since the ledger was last looked over for alerts here.")
