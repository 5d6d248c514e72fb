"""The keys of pairwise ids, as versions in one folder (``stena.key_folders``), and gateways that follow it while they run.

INVARIANT: a version makes ids only after every gateway has had the time to learn to read them.
"""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import structlog

from gateway.identity import KEY_SIZE, PairwiseIds
from gateway.metrics import ID_KEYS
from stena import key_folders
from stena.key_folders import LOOK, SETTLE, STAGED, KeyFolder

__all__ = ["LOOK", "SETTLE", "STAGED", "activate", "followed", "read", "stage"]

log = structlog.get_logger()

FORM: Final = key_folders.of_size(KEY_SIZE)


def read(folder: Path) -> KeyFolder[bytes]:
    """Every version of the key; raises ``KeyFileError``."""
    return key_folders.read(folder, FORM)


def stage(folder: Path) -> int:
    """Make the next version's key, which only reads for now; the one that waits already, if there is one."""
    return key_folders.stage(folder, FORM)


def activate(folder: Path, rest: float = SETTLE) -> int:
    """Let the version that waits make ids; raises ``KeyFileError`` if none does, or not yet for ``rest`` seconds."""
    return key_folders.activate(folder, FORM, rest)


def followed(folder: Path, ids: PairwiseIds, look: float = LOOK) -> AbstractAsyncContextManager[None]:
    """Keeps ``ids`` up to date with ``folder`` for as long as the context is open."""
    return key_folders.followed(folder, FORM, lambda found: _learn(ids, found), look)


def _learn(ids: PairwiseIds, found: KeyFolder[bytes]) -> None:
    before = (ids.making, ids.versions)
    ids.learn(found.by_version, found.making)
    if (ids.making, ids.versions) != before:
        log.info("keys of ids", making=ids.making, reading=ids.versions)
    ID_KEYS.labels("making").set(ids.making)
    ID_KEYS.labels("reading").set(ids.versions[-1])
