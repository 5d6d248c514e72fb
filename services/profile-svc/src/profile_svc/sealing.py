"""Encryption of single values under a key of the person, and of that key under the master key (AES-256-GCM both).

INVARIANT: a sealed value opens only with its own person's key and only as what it was sealed as: person and attribute
are authenticated with it, so that a value moved to another row or column is refused.
"""

import base64
import hmac
import secrets
from typing import Any, Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE: Final = 12  # bytes; random, which SP 800-38D allows for 2^32 messages a key
_BLOCK: Final = 32  # bytes to which a value is padded, so that true is as long as false


class CannotOpen(Exception):
    """A sealed value or key is not what it should be; the message holds no part of it."""


class PersonKey:
    """The key of one person. Lives as long as one request."""

    __slots__ = ("_cipher", "_person_id")

    def __init__(self, person_id: UUID, key: bytes) -> None:
        self._person_id = str(person_id)
        self._cipher = AESGCM(key)

    def seal(self, name: str, value: Any) -> str:
        """``value`` (JSON) as base64 of nonce and ciphertext, bound to the person and to ``name``."""
        plain = orjson.dumps(value)
        padded = plain + b" " * (-len(plain) % _BLOCK)
        nonce = secrets.token_bytes(_NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, padded, self._binding(name))).decode()

    def unseal(self, name: str, sealed: str) -> Any:
        """The value; raises ``CannotOpen`` for one that is damaged or belongs elsewhere."""
        data = base64.b64decode(sealed)
        try:
            return orjson.loads(self._cipher.decrypt(data[:_NONCE], data[_NONCE:], self._binding(name)))
        except InvalidTag as error:
            raise CannotOpen("A sealed value does not open with its person's key.") from error

    def _binding(self, name: str) -> bytes:
        return f"{self._person_id}|{name}".encode()


class MasterKey:
    """Wraps person keys. ``id`` names the key without giving it away."""

    def __init__(self, key: bytes) -> None:
        self.id = hmac.digest(key, b"stena master key id", "sha256")[:8].hex()
        self._cipher = AESGCM(key)

    def make_person_key(self, person_id: UUID) -> tuple[PersonKey, bytes]:
        """A fresh person key, and the same one wrapped for storing."""
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE)
        return PersonKey(person_id, key), nonce + self._cipher.encrypt(nonce, key, self._binding(person_id))

    def unwrap(self, person_id: UUID, wrapped: bytes) -> PersonKey:
        try:
            key = self._cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], self._binding(person_id))
        except InvalidTag as error:
            raise CannotOpen("A person key does not open with the master key.") from error
        return PersonKey(person_id, key)

    def _binding(self, person_id: UUID) -> bytes:
        return f"person key|{self.id}|{person_id}".encode()
