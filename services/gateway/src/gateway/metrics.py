"""What operators count. Labels are words of the API, never a person, organisation or value."""

from prometheus_client import Counter, Gauge

ENTRIES = Counter("stena_ledger_entries", "Committed entries of the ledger.", ["operation", "resource", "outcome"])
"""``outcome="incident"`` and ``"undecided"`` are what to be woken up for."""

EMERGENCIES = Counter("stena_emergency_accesses", "Emergency accesses that were opened.", ["organisation", "purpose"])
"""Each of them is somebody who broke the glass, and wants a review."""

ID_KEYS = Gauge("stena_id_key_version", "Newest version of the key of pairwise ids.", ["use"])
"""``use`` is making or reading: a staged version may be activated once every gateway reads it."""
