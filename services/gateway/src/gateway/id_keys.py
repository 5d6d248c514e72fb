"""The keys of pairwise ids as files of one folder: ``7`` makes ids and reads them, ``8.staged`` reads until it is activated.

INVARIANT: a version makes ids only after every gateway has had the time to learn to read them.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from gateway.identity import KEY_SIZE, PairwiseIds
from gateway.metrics import ID_KEYS
from stena import keys
from stena.keys import KeyFileError

log = structlog.get_logger()

STAGED: Final = ".staged"
HIGHEST: Final = 255
LOOK: Final = 1.0  # seconds between two looks at the folder
SETTLE: Final = 10.0
"""Seconds that a staged version rests before it makes ids, so that every gateway on the folder has looked several times."""


@dataclass(frozen=True, slots=True)
class IdKeys:
    """What a folder held at one moment. ``staged`` is the version that waits to make ids."""

    by_version: Mapping[int, bytes] = field(repr=False)
    making: int
    staged: int | None = None


def read(folder: Path) -> IdKeys:
    """Every version of the key; raises ``KeyFileError``."""
    try:
        names = [file.name for file in folder.iterdir()]
    except OSError as error:
        raise _unreadable(folder) from error
    active = {int(name) for name in names if name.isdecimal()}
    # A folder that is looked at while a version is activated may show it under both names.
    staged = {int(name.removesuffix(STAGED)) for name in names if _is_staged(name)} - active
    if not active or not all(0 < version <= HIGHEST for version in active | staged):
        raise _unreadable(folder)
    found = {version: keys.secret(folder / str(version), KEY_SIZE) for version in active}
    found |= {version: keys.secret(folder / f"{version}{STAGED}", KEY_SIZE) for version in staged}
    return IdKeys(found, max(active), max(staged, default=None))


def stage(folder: Path) -> int:
    """Make the next version's key, which only reads for now; the one that waits already, if there is one."""
    known = read(folder)
    if known.staged is not None:
        return known.staged
    version = known.making + 1
    if version > HIGHEST:
        raise KeyFileError(f"{folder}: there are no versions after {HIGHEST}.")
    # Whole and with its rights before it gets the name under which gateways look for it.
    half = folder / f".{version}.{os.getpid()}"
    keys.make_secret(half, KEY_SIZE)
    try:
        _as_readable_as(folder / str(known.making), half)
        os.link(half, folder / f"{version}{STAGED}")
    except FileExistsError:
        pass  # somebody else was faster, and gateways may have read that key
    finally:
        half.unlink()
    return version


def activate(folder: Path, rest: float = SETTLE) -> int:
    """Let the version that waits make ids; raises ``KeyFileError`` if none does, or not yet for ``rest`` seconds."""
    version = read(folder).staged
    if version is None:
        raise KeyFileError(f"{folder}: no version waits to be activated. `stena ids stage` makes one.")
    waiting = folder / f"{version}{STAGED}"
    if time.time() - waiting.stat().st_mtime < rest:
        raise KeyFileError(f"{waiting}: is younger than {rest:g} seconds. Let every gateway read it first.")
    waiting.rename(folder / str(version))
    return version


@asynccontextmanager
async def followed(folder: Path, ids: PairwiseIds, look: float = LOOK) -> AsyncIterator[None]:
    """Keeps ``ids`` up to date with ``folder`` for as long as the context is open."""
    following = asyncio.create_task(_follow(folder, ids, look))
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _follow(folder: Path, ids: PairwiseIds, look: float) -> None:
    while True:
        try:
            found = await asyncio.to_thread(read, folder)
            _learn(ids, found)
        except (KeyFileError, ValueError):
            # What was read before goes on being used: without it nobody could be named or found.
            log.error("keys of ids not read")
        await asyncio.sleep(look)


def _learn(ids: PairwiseIds, found: IdKeys) -> None:
    before = (ids.making, ids.versions)
    ids.learn(found.by_version, found.making)
    if (ids.making, ids.versions) != before:
        log.info("keys of ids", making=ids.making, reading=ids.versions)
    ID_KEYS.labels("making").set(ids.making)
    ID_KEYS.labels("reading").set(ids.versions[-1])


def _is_staged(name: str) -> bool:
    return name.endswith(STAGED) and name.removesuffix(STAGED).isdecimal()


def _as_readable_as(known: Path, new: Path) -> None:
    """Whoever reads the key that is in use has to read the new one too, and nobody else."""
    like = known.stat()
    new.chmod(like.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(new, like.st_uid, like.st_gid)


def _unreadable(folder: Path) -> KeyFileError:
    return KeyFileError(f"{folder}: no readable keys of ids. It holds files named 1 to {HIGHEST}, made by `stena secrets`.")
