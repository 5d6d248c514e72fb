"""The problem documents that callers are told."""
