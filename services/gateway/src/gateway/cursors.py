"""Cursors: where a list goes on, sealed so that nobody reads or makes one. Pure.

INVARIANT: a cursor opens only for the organisation, purpose, operation and query that it was made for, and no attribute's
value is ever inside.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_SALT = 8  # bytes
_LONGEST = 2_048  # characters; a feed's position is the longest thing inside


class CursorInvalid(Exception):
    """Forged, cut short, or made for another caller, purpose or query."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a cursor is good for. ``query`` is everything that shapes the list, page size and cursor left out."""

    organisation: str
    purpose: str
    operation: str
    query: Any = None

    def associated(self) -> list[bytes]:
        shape = sha256(orjson.dumps(self.query, option=orjson.OPT_SORT_KEYS)).digest()
        return [self.organisation.encode(), self.purpose.encode(), self.operation.encode(), shape]


class Cursors:
    """AES-SIV with ``key`` (32 bytes): no nonce that could repeat, however many pages are turned.

    Salted all the same: that a feed stands where it stood would tell a follower that nobody at all has changed meanwhile.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(key)

    def seal(self, position: Any, bound: Bound) -> str:
        """``position`` (anything JSON) as text that may stand in a URL."""
        salted = [secrets.token_hex(_SALT), position]
        sealed = self._cipher.encrypt(orjson.dumps(salted), bound.associated())
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def open(self, text: str, bound: Bound) -> Any:
        """The position inside ``text``; raises ``CursorInvalid``."""
        if len(text) > _LONGEST or not text.isascii():
            raise CursorInvalid
        try:
            sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            _, position = orjson.loads(self._cipher.decrypt(sealed, bound.associated()))
            return position
        except (binascii.Error, ValueError, InvalidTag):
            raise CursorInvalid from None
