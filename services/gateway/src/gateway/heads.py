"""Signed heads of the ledger's tree: what was committed up to a moment, in the words of whoever holds the key. Pure.

A head is a JWS (RFC 7515) whose payload says ``size``, ``root`` and ``at``; nothing else that stands beside it is believed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization, OKPKey

from gateway.ledger_leaves import canonical, moment

ALGORITHM: Final = "Ed25519"
TYPE: Final = "stena-ledger-head"


class HeadInvalid(Exception):
    """No head that one of the known keys has signed."""


@dataclass(frozen=True, slots=True)
class Head:
    """The root of the first ``size`` entries, as it was ``at`` a moment; ``jws`` says so under signature."""

    size: int
    root: bytes
    at: datetime
    jws: str

    def shown(self) -> dict[str, Any]:
        return {"size": self.size, "root": self.root.hex(), "at": moment(self.at), "jws": self.jws}


def signed(key: OKPKey, size: int, root: bytes, at: datetime) -> Head:
    said = canonical({"size": size, "root": root.hex(), "at": moment(at)})
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
    return Head(size, root, at, jws.serialize_compact(header, said, key, algorithms=[ALGORITHM]))


def read(text: str, keys: KeySet) -> Head:
    """The head that ``text`` is, if one of ``keys`` has signed it; raises ``HeadInvalid``."""
    try:
        found = jws.deserialize_compact(text, keys, algorithms=[ALGORITHM])
        if found.protected.get("typ") != TYPE:
            raise HeadInvalid
        said = json.loads(found.payload)
        return Head(int(said["size"]), bytes.fromhex(said["root"]), datetime.fromisoformat(said["at"]), text)
    except (JoseError, ValueError, KeyError, TypeError):
        raise HeadInvalid from None


def key_set(jwks: Mapping[str, Any]) -> KeySet:
    """The public keys in ``jwks``, or the one key that it is; raises ``HeadInvalid``."""
    keys: KeySetSerialization = {"keys": list(jwks["keys"]) if "keys" in jwks else [dict(jwks)]}
    try:
        return KeySet.import_key_set(keys)
    except (JoseError, ValueError, KeyError):
        raise HeadInvalid from None
