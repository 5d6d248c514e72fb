"""The one door: identify, decide, fetch, redact, record. It owns clients, pairwise ids and the ledger, no people."""
