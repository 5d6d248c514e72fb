"""Encryption of single values under a key of the person, and of that key under a master key (AES-256-GCM both).

INVARIANT: a sealed value opens only with its own person's key and only as what it was sealed as: person and attribute
are authenticated with it, so that a value moved to another row or column is refused.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE: Final = 12  # bytes; random, which SP 800-38D allows for 2^32 messages a key
_BLOCK: Final = 32  # bytes to which a value is padded, so that true is as long as false


class CannotOpen(Exception):
    """A sealed value or key is not what it should be; the message holds no part of it."""


class SealingKey:
    """A key of ``owner``: what it seals opens as that one's and as nobody else's."""

    __slots__ = ("_bound", "_cipher")

    def __init__(self, owner: str, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._bound = f"{owner}|".encode()

    def seal(self, name: str, value: Any) -> str:
        """``value`` (JSON) as base64 of nonce and ciphertext, bound to the owner and to ``name``."""
        plain = orjson.dumps(value)
        padded = plain + b" " * (-len(plain) % _BLOCK)
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, padded, self._binding(name))).decode()

    def unseal(self, name: str, sealed: str) -> Any:
        """The value; raises ``CannotOpen`` for one that is damaged or belongs elsewhere."""
        data = binascii.a2b_base64(sealed)
        try:
            return orjson.loads(self._cipher.decrypt(data[:_NONCE], data[_NONCE:], self._binding(name)))
        except InvalidTag as error:
            raise CannotOpen("A sealed value does not open with the key that it is said to be sealed with.") from error

    def _binding(self, name: str) -> bytes:
        return self._bound + name.encode()


class PersonKey(SealingKey):
    """The key of one person. Lives as long as one request."""

    __slots__ = ()

    def __init__(self, person_id: UUID, key: bytes) -> None:
        super().__init__(str(person_id), key)


class MasterKey:
    """Wraps person keys. ``id`` names the key without giving it away."""

    def __init__(self, key: bytes) -> None:
        self.id = hmac.digest(key, b"stena master key id", "sha256")[:8].hex()
        self._cipher = AESGCM(key)

    def make_person_key(self, person_id: UUID) -> tuple[PersonKey, bytes]:
        """A fresh person key, and the same one wrapped for storing."""
        key = secrets.token_bytes(32)
        return PersonKey(person_id, key), self._wrapped(person_id, key)

    def unwrap(self, person_id: UUID, wrapped: bytes) -> PersonKey:
        return PersonKey(person_id, self._unwrapped(person_id, wrapped))

    def wrap_anew(self, person_id: UUID, wrapped: bytes, before: "MasterKey") -> bytes:
        """The same person key under this master key, which ``before`` had wrapped; raises ``CannotOpen``."""
        return self._wrapped(person_id, before._unwrapped(person_id, wrapped))

    def _wrapped(self, person_id: UUID, key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, key, self._binding(person_id))

    def _unwrapped(self, person_id: UUID, wrapped: bytes) -> bytes:
        try:
            return self._cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], self._binding(person_id))
        except InvalidTag as error:
            raise CannotOpen("A person key does not open with the master key.") from error

    def _binding(self, person_id: UUID) -> bytes:
        return f"person key|{self.id}|{person_id}".encode()


class MasterKeys:
    """Every version of the master key. ``making`` wraps new person keys, each one opens what it has wrapped."""

    def __init__(self, keys: Mapping[int, bytes], making: int) -> None:
        self._by_id: Mapping[str, MasterKey] = {}
        self.learn(keys, making)

    def learn(self, keys: Mapping[int, bytes], making: int) -> None:
        """Take up ``keys`` besides those that are known: none is forgotten as long as the service runs."""
        found = {version: MasterKey(key) for version, key in keys.items()}
        self._by_id = {**self._by_id, **{key.id: key for key in found.values()}}
        self.making = found[making]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._by_id)

    def unwrap(self, person_id: UUID, wrapped: bytes, master_key_id: str) -> PersonKey:
        """Raises ``CannotOpen``, also for a master key that is not there."""
        return self._known(master_key_id).unwrap(person_id, wrapped)

    def wrap_anew(self, person_id: UUID, wrapped: bytes, master_key_id: str) -> bytes:
        """The person key under the version that is ``making``; raises ``CannotOpen``."""
        return self.making.wrap_anew(person_id, wrapped, self._known(master_key_id))

    def _known(self, master_key_id: str) -> MasterKey:
        if master_key_id not in self._by_id:
            raise CannotOpen("A person key is wrapped by a master key that is not here.")
        return self._by_id[master_key_id]
