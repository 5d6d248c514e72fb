"""What operators count. Labels are words of the API, never a person, organisation or value."""

from prometheus_client import Counter, Gauge

ENTRIES = Counter("stena_ledger_entries", "Committed entries of the ledger.", ["operation", "resource", "outcome"])
"""``outcome="incident"`` and ``"undecided"`` are what to be woken up for."""

EMERGENCIES = Counter("stena_emergency_accesses", "Emergency accesses that were opened.", ["organisation", "purpose"])
"""Each of them is somebody who broke the glass, and wants a review."""

ID_KEYS = Gauge("stena_id_key_version", "Newest version of the key of pairwise ids.", ["use"])
"""``use`` is making or reading: a staged version may be activated once every gateway reads it."""

LEDGER_HEADS = Gauge("stena_ledger_head", "The newest signed head that is kept outside the database.", ["what"])
"""``what`` is its size, or the time at which it was made: older than two minutes is what to be woken up for."""

LEDGER_KEYS = Gauge("stena_ledger_key_version", "Newest version of the key that signs heads of the ledger.", ["use"])
"""``use`` is signing or known: a staged version may be activated once every gateway knows it."""

LEDGER_MONTHS = Gauge("stena_ledger_months_ahead", "Months for which the ledger has a partition already, this one included.")
"""At 0 entries go to the partition for the rest: `stena ledger partitions` makes months."""

ALERTS = Counter("stena_alerts_raised", "Alerts that were raised.", ["rule"])

ALERTS_TOLD = Counter("stena_alerts_told", "Tries to tell the webhook of an alert.", ["outcome"])
"""``outcome`` is taken or failed."""

ALERT_LAG = Gauge("stena_alert_lag_seconds", "Since the ledger was last looked over for alerts here.")
