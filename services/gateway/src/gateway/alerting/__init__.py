"""Alerts: what is unusual about who asks. Counted from the ledger alone, told in numbers, never with a person or a value."""
