"""What operators count. Labels are words of the API, never a person, organisation or value."""

from prometheus_client import Counter

ENTRIES = Counter("stena_ledger_entries", "Committed entries of the ledger.", ["operation", "resource", "outcome"])
"""``outcome="incident"`` and ``"undecided"`` are what to be woken up for."""
