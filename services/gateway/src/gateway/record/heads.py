"""Signed heads of the ledger's tree: what was committed up to a moment, in the words of whoever holds the key. Pure.

A head is a JWS (RFC 7515) whose payload says ``size``, ``root`` and ``at``; nothing else that stands beside it is believed.
A key that came after another is a JWK in which ``vouched`` is a JWS of the other's over ``crv``, ``kty`` and ``x``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization, OKPKey

from gateway.record.leaves import canonical, moment

ALGORITHM: Final = "Ed25519"
TYPE: Final = "stena-ledger-head"
KEY_TYPE: Final = "stena-ledger-key"
VOUCHED: Final = "vouched"


class HeadInvalid(Exception):
    """No head that one of the known keys has signed, or no keys by which heads could be known."""


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
    return Head(size, root, at, _signed(key, TYPE, {"size": size, "root": root.hex(), "at": moment(at)}))


def vouched(key: OKPKey, following: OKPKey) -> str:
    """The word of ``key`` that ``following`` signs after it."""
    return _signed(key, KEY_TYPE, _itself(following))


def read(text: str, keys: KeySet) -> Head:
    """The head that ``text`` is, if one of ``keys`` has signed it; raises ``HeadInvalid``."""
    try:
        said = json.loads(_said(text, keys, TYPE))
        return Head(int(said["size"]), bytes.fromhex(said["root"]), datetime.fromisoformat(said["at"]), text)
    except (JoseError, ValueError, KeyError, TypeError):
        raise HeadInvalid from None


def key_set(*documents: Mapping[str, Any]) -> KeySet:
    """The public keys in ``documents``, each a JWKS or one key; raises ``HeadInvalid``.

    INVARIANT: a key counts because it was named, as a document of its own or as the first of all that are listed, or because
    one that counts has vouched for it. Nobody who can only add to a list of keys adds one that is believed."""
    named = [key for document in documents if "keys" not in document for key in _keys(document)]
    listed = [key for document in documents if "keys" in document for key in _keys(document)]
    first = [key for key in listed if VOUCHED not in key.as_dict(private=False)]
    trusted = _by_name(named or first)
    others = _by_name([key for key in listed if key.kid not in trusted])
    if len(trusted) > max(len(named), 1) or any(key.kid not in trusted for key in first):
        names = ", ".join(sorted({str(key.kid) for key in first}))
        raise HeadInvalid(f"nobody has vouched for each of {names}. Name those that you trust, in a file each")
    _by_name([*listed, *named])
    while others:
        following = {name: key for name, key in others.items() if _is_vouched_for(key, trusted)}
        if not following:
            raise HeadInvalid(f"nobody who is trusted has vouched for {', '.join(sorted(others))}")
        trusted |= following
        others = {name: key for name, key in others.items() if name not in following}
    return KeySet(list(trusted.values()))


def _keys(document: Mapping[str, Any]) -> list[OKPKey]:
    keys: KeySetSerialization = {"keys": list(document["keys"]) if "keys" in document else [dict(document)]}
    try:
        found = KeySet.import_key_set(keys).keys
    except (JoseError, ValueError, KeyError):
        raise HeadInvalid("no public keys") from None
    if not found or not all(isinstance(key, OKPKey) and key.kid for key in found):
        raise HeadInvalid("no public keys")
    return [key for key in found if isinstance(key, OKPKey)]


def _by_name(keys: Iterable[OKPKey]) -> dict[str, OKPKey]:
    found = dict[str, OKPKey]()
    for key in keys:
        if _itself(found.setdefault(str(key.kid), key)) != _itself(key):
            raise HeadInvalid(f"two keys have one name: {key.kid}")
    return found


def _is_vouched_for(key: OKPKey, trusted: Mapping[str, OKPKey]) -> bool:
    try:
        said = _said(str(key.as_dict(private=False)[VOUCHED]), KeySet(list(trusted.values())), KEY_TYPE)
    except (JoseError, ValueError, HeadInvalid):
        return False
    return said == canonical(_itself(key))


def _itself(key: OKPKey) -> dict[str, Any]:
    """What of a key is the key; all else about it is a word."""
    return {name: value for name, value in key.as_dict(private=False).items() if name in ("crv", "kty", "x")}


def _signed(key: OKPKey, kind: str, said: Mapping[str, Any]) -> str:
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": kind}
    return jws.serialize_compact(header, canonical(said), key, algorithms=[ALGORITHM])


def _said(text: str, keys: KeySet, kind: str) -> bytes:
    found = jws.deserialize_compact(text, keys, algorithms=[ALGORITHM])
    if found.protected.get("typ") != kind:
        raise HeadInvalid
    return found.payload
