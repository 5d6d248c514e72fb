"""The key that signs heads of the ledger, as versions in one folder (``stena.key_folders``). The newest signs; of the earlier
ones the public part stays, so that what they signed can be checked for ever.

INVARIANT: a version is vouched for by the one before, and signs only after every gateway has had the time to publish it.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from joserfc.jwk import KeySet, OKPKey

from gateway.metrics import LEDGER_KEYS
from gateway.record import heads
from gateway.record.heads import HeadInvalid
from stena import key_folders, keys
from stena.key_folders import LOOK, SETTLE, STAGED, Form, KeyFolder
from stena.keys import KeyFileError

__all__ = ["LOOK", "SETTLE", "STAGED", "LedgerKeys", "activate", "followed", "read", "retire", "stage"]

log = structlog.get_logger()


class LedgerKeys:
    """What signs heads now, and everything that one of this ledger can be signed by."""

    def __init__(self, found: KeyFolder[OKPKey]) -> None:
        self._learn(found)

    @property
    def signing(self) -> OKPKey:
        return self._found.by_version[self._found.making]

    @property
    def public(self) -> Sequence[Mapping[str, Any]]:
        """Of every version, also of the one that waits, what the world may know; oldest first."""
        return [key.as_dict(private=False) for _, key in sorted(self._found.by_version.items())]

    @property
    def known(self) -> KeySet:
        return self._known

    def learn(self, found: KeyFolder[OKPKey]) -> None:
        """Raises ``KeyFileError``, and stays as it was, for what cannot be signed with."""
        before = self._found
        self._learn(found)
        if (before.making, before.staged) != (found.making, found.staged):
            log.info("keys of the ledger", signing=found.making, known=max(found.by_version))

    def _learn(self, found: KeyFolder[OKPKey]) -> None:
        if not found.by_version[found.making].is_private:
            raise KeyFileError(f"The newest key of the ledger, version {found.making}, has no private part: it cannot sign.")
        try:
            self._known = heads.key_set({"keys": [key.as_dict(private=False) for key in found.by_version.values()]})
        except HeadInvalid as error:
            raise KeyFileError(f"The keys of the ledger are not of one line: {error}") from error
        self._found = found
        LEDGER_KEYS.labels("signing").set(found.making)
        LEDGER_KEYS.labels("known").set(max(found.by_version))


def read(folder: Path) -> KeyFolder[OKPKey]:
    """Every version of the key; raises ``KeyFileError``."""
    return key_folders.read(folder, _FORM)


def stage(folder: Path) -> int:
    """Make the next version, which the one in use vouches for and which signs nothing for now; raises ``KeyFileError``."""
    known = read(folder)
    voucher = keys.signing_key(folder / str(known.making))
    return key_folders.stage(folder, Form(keys.ed25519, partial(_make, voucher)))


def activate(folder: Path, rest: float = SETTLE) -> int:
    """Let the version that waits sign; raises ``KeyFileError`` if none does, or not yet for ``rest`` seconds."""
    return key_folders.activate(folder, _FORM, rest)


def retire(folder: Path, rest: float = SETTLE) -> list[int]:
    """Destroy the private part of whatever signs no longer; raises ``KeyFileError`` where others may still sign with it."""
    known = read(folder)
    earlier = sorted(version for version, key in known.by_version.items() if version < known.making and key.is_private)
    if earlier and time.time() - (folder / str(known.making)).stat().st_ctime < rest:
        raise KeyFileError(
            f"{folder / str(known.making)}: signs for less than {rest:g} seconds. Let every gateway notice first."
        )
    for version in earlier:
        _leave_public(folder / str(version), known.by_version[version])
    return earlier


def followed(folder: Path, ledger_keys: LedgerKeys, look: float = LOOK) -> AbstractAsyncContextManager[None]:
    """Keeps ``ledger_keys`` up to date with ``folder`` for as long as the context is open."""
    return key_folders.followed(folder, _FORM, ledger_keys.learn, look)


def _make(voucher: OKPKey, path: Path) -> None:
    keys.make_signing_key(path)
    made = keys.signing_key(path)
    said = {**made.as_dict(private=True), heads.VOUCHED: heads.vouched(voucher, made)}
    path.write_text(json.dumps(said) + "\n")


def _leave_public(path: Path, key: OKPKey) -> None:
    """In one step: whoever looks finds the whole key or its public part."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with half.open("x") as file:
        key_folders.as_readable_as(path, half)
        file.write(json.dumps(key.as_dict(private=False)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


_FORM: Final[Form[OKPKey]] = Form(keys.ed25519, keys.make_signing_key)
