"""Renewing the master key while everything else goes on: the new one opens before it wraps, the old one opens to the end.

INVARIANT: at whichever moment this is killed, every person key opens with a master key that is in the folder, and beginning
again goes on where it was left.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from profile_svc.master_keys import FORM, learn
from profile_svc.sealing import MasterKey
from profile_svc.store import renewal
from profile_svc.store.keys import PersonKeys
from stena import key_folders

BATCH: Final = 500
"""Person keys that are wrapped anew in one transaction."""

Told = Callable[[int], None]


async def renew(keys: PersonKeys, folder: Path, told: Told, rest: float = key_folders.SETTLE) -> None:
    """Wrap every person key by a new master key, or end what was begun before.

    ``told`` hears of each batch how many it was. Raises ``KeyFileError`` and ``CannotOpen``.
    """
    learn(folder, keys.masters)
    if key_folders.read(folder, FORM).staged is not None or not await renewal.is_unfinished(keys):
        await _bring_into_use(keys, folder, rest)
    await _wrap_all(keys, told, rest / 10)
    await check(keys, lambda number: None)
    await renewal.retire_others(keys, datetime.now(UTC))


async def check(keys: PersonKeys, told: Told) -> int:
    """Open every person key; how many they are. Raises ``CannotOpen``."""
    return await _rounds(lambda after: renewal.check(keys, after, BATCH), told)


async def _bring_into_use(keys: PersonKeys, folder: Path, rest: float) -> None:
    """The next version opens everywhere, then it is known that nothing starts without it, and only then it wraps."""
    key_folders.stage(folder, FORM)
    await asyncio.sleep(rest)
    staged = key_folders.read(folder, FORM)
    await keys.remember(MasterKey(staged.by_version[staged.staged or staged.making]))
    key_folders.activate(folder, FORM, rest)
    learn(folder, keys.masters)
    await asyncio.sleep(rest)


async def _wrap_all(keys: PersonKeys, told: Told, pause: float) -> None:
    """Round by round: what others held, or made before they heard of the new key, is done in the next."""
    while True:
        done = await _rounds(lambda after: renewal.wrap_anew(keys, after, BATCH), told)
        if not done and not await _is_left(keys):
            return
        await asyncio.sleep(pause)


async def _is_left(keys: PersonKeys) -> bool:
    return set(await renewal.count(keys)) - {keys.masters.making.id} != set()


async def _rounds(batch: Callable[[UUID | None], Awaitable[renewal.Batch]], told: Told) -> int:
    after, done = None, 0
    while True:
        after, number = await batch(after)
        if after is None:
            return done
        done += number
        told(number)
