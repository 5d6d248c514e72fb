"""Cutting what grows for ever: keys that callers gave their POSTs, and the log of changes that followers read.

The running service does it by itself. A follower who was away for longer than changes are kept reads everything anew.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from profile_svc.store import pruning
from profile_svc.store.vault import Connection, Vault

KEYS_KEPT: Final = timedelta(days=7)
"""How long an ``Idempotency-Key`` is remembered: whoever repeats a request does so within hours."""

CHANGES_KEPT: Final = timedelta(days=30)
"""How long a follower may be away."""

BATCH: Final = 5_000
"""Rows that go in one transaction."""


async def prune(vault: Vault, now: datetime, *, dry_run: bool = False) -> Mapping[str, int]:
    """What → rows that were, or with ``dry_run`` would be, deleted."""
    if dry_run:
        async with vault.transaction() as connection:
            return {
                _KEYS: await pruning.count_keys(connection, now - KEYS_KEPT),
                _CHANGES: await pruning.count_changes(connection, now - CHANGES_KEPT),
            }
    return {
        _KEYS: await _in_batches(vault, pruning.forget_keys, now - KEYS_KEPT),
        _CHANGES: await _in_batches(vault, pruning.cut_log, now - CHANGES_KEPT),
    }


_KEYS: Final = "idempotency keys forgotten"
_CHANGES: Final = "lines cut off the log of changes"


async def _in_batches(vault: Vault, cut: Callable[[Connection, datetime, int], Awaitable[int]], until: datetime) -> int:
    done = 0
    while True:
        async with vault.transaction() as connection:
            number = await cut(connection, until, BATCH)
        done += number
        if number < BATCH:
            return done
