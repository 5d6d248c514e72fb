"""Who may ask: enforcement points by the SHA-256 of their keys. The keys themselves are never here."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from pathlib import Path

import orjson

from stena.problems import Unauthenticated

_SHA256 = re.compile(r"[0-9a-f]{64}")


class EnforcementPoints:
    """Names by the hash of a key. The keys are random and long, so one fast hash is enough."""

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = dict(hashes)

    def identify(self, authorization: str | None) -> str:
        """The name of whoever sent this ``Authorization`` header; raises ``Unauthenticated``."""
        scheme, _, key = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Unauthenticated("This call needs the key of an enforcement point.", challenge='Bearer realm="policy-svc"')
        presented = hashlib.sha256(key.strip().encode()).hexdigest()
        # Every hash is compared, each in constant time: how long it takes tells nothing about any of them.
        names = [name for name, known in self._hashes.items() if hmac.compare_digest(known, presented)]
        if not names:
            challenge = 'Bearer realm="policy-svc", error="invalid_token"'
            raise Unauthenticated("The key belongs to no enforcement point.", challenge=challenge)
        return names[0]


def read_enforcement_points(path: Path) -> EnforcementPoints:
    """Raises ``EnforcementPointsError`` with what to mend."""
    try:
        hashes = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EnforcementPointsError(
            f"{path}: no readable list of enforcement points. Make one with `stena secrets`."
        ) from error
    if not isinstance(hashes, dict) or not all(
        isinstance(known, str) and _SHA256.fullmatch(known) for known in hashes.values()
    ):
        raise EnforcementPointsError(f"{path}: wants a JSON object, each name with the SHA-256 of its key in hexadecimal.")
    return EnforcementPoints(hashes)


class EnforcementPointsError(Exception):
    """The list of enforcement points is missing or holds something else; the message says what to do."""
