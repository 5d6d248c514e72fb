"""Who may ask, and who may change what decides: by the SHA-256 of their keys. The keys themselves are never here."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import orjson

from stena.problems import Unauthenticated

_SHA256 = re.compile(r"[0-9a-f]{64}")


class KeyHolders:
    """Names by the hash of a key. The keys are random and long, so one fast hash is enough."""

    role: ClassVar[str]

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = dict(hashes)

    def identify(self, authorization: str | None) -> str:
        """The name of whoever sent this ``Authorization`` header; raises ``Unauthenticated``."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Unauthenticated(f"This call needs the key of {self.role}.", challenge='Bearer realm="policy-svc"')
        presented = hashlib.sha256(key.strip().encode()).hexdigest()
        # Every hash is compared, each in constant time: how long it takes tells nothing about any of them.
        names = [name for name, known in self._hashes.items() if hmac.compare_digest(known, presented)]
        if not names:
            challenge = 'Bearer realm="policy-svc", error="invalid_token"'
            raise Unauthenticated(f"The key is not that of {self.role}.", challenge=challenge)
        return names[0]


class EnforcementPoints(KeyHolders):
    """Those who may ask for decisions, and get grants."""

    role = "an enforcement point"


class Administrators(KeyHolders):
    """Those who may load and activate rulebooks. None of them can ask for a decision, and no enforcement point is one."""

    role = "an administrator of the rulebook"


def read_enforcement_points(path: Path) -> EnforcementPoints:
    """Raises ``EnforcementPointsError`` with what to mend."""
    return EnforcementPoints(_read(path, "enforcement points"))


def read_administrators(path: Path | None) -> Administrators:
    """Nobody where there is no file. Raises ``EnforcementPointsError`` with what to mend."""
    return Administrators(_read(path, "administrators") if path else {})


def _read(path: Path, whom: str) -> dict[str, str]:
    try:
        hashes = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EnforcementPointsError(f"{path}: no readable list of {whom}. Make one with `stena secrets`.") from error
    if not isinstance(hashes, dict) or not all(
        isinstance(known, str) and _SHA256.fullmatch(known) for known in hashes.values()
    ):
        raise EnforcementPointsError(f"{path}: wants a JSON object, each name with the SHA-256 of its key in hexadecimal.")
    return hashes


class EnforcementPointsError(Exception):
    """A list of enforcement points or administrators is missing or holds something else; the message says what to do."""
