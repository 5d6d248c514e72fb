"""Pairwise ids: how each organisation names a person, and how the gateway alone reads that name back.

Pure. INVARIANT: two organisations, or two purposes where the rulebook says so, never see the same id of a person, and an
id that does not open for this caller is one and the same error whatever is wrong with it.
"""

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

Reach = Literal["organisation", "purpose"]
"""How far an id reaches: all purposes of one organisation, or one of them."""

PREFIX: Final = "psn_"
KEY_SIZE: Final = 64  # AES-256-SIV (RFC 5297) takes two keys of 32 bytes
_SCOPE: Final[Mapping[Reach, int]] = {"organisation": 1, "purpose": 2}
_SIZE: Final = 34  # version, scope, 16 bytes of synthetic IV and 16 of the id
_FORM: Final = re.compile(PREFIX + "([a-z2-7]{55})")  # of them in base32 (RFC 4648), in small letters
_BASE32: Final = b"abcdefghijklmnopqrstuvwxyz234567"
_DIGITS: Final = bytes.maketrans(_BASE32, b"0123456789abcdefghijklmnopqrstuv")  # as int reads them
_ALPHABET: Final = _BASE32.ljust(256)
_LETTERS: Final = 55


def _steps(letters: int) -> Iterator[tuple[int, int, int]]:
    """How so many times five bits come to lie in a byte each: the upper half is moved away from the lower, then each half's."""
    for size in (letters >> step for step in range(1, letters.bit_length())):
        half = (1 << 5 * size) - 1
        lower = sum(half << place for place in range(0, 8 * letters, 16 * size))
        yield lower, lower << 5 * size, 3 * size


_APART: Final = tuple(_steps(64))


class Unreadable(Exception):
    """The text is no id of a person for this organisation and purpose. Deliberately says no more."""


@dataclass(frozen=True, slots=True)
class Scope:
    """For whom an id is made. Under reach ``organisation`` the purpose takes no part."""

    reach: Reach
    organisation: str
    purpose: str

    def associated(self, version: int) -> list[bytes]:
        """What the synthetic IV authenticates besides the id itself; a list, so that no two scopes can run together."""
        named = [self.organisation] if self.reach == "organisation" else [self.organisation, self.purpose]
        return [bytes([version, _SCOPE[self.reach]]), *(part.encode() for part in named)]


class PairwiseIds:
    """``keys`` maps a version (1 to 255) to 64 bytes. Every version reads; ``making`` makes ids, the highest if not given."""

    def __init__(self, keys: Mapping[int, bytes], making: int | None = None) -> None:
        self._ciphers: Mapping[int, AESSIV] = {}
        self._making = 0
        self.learn(keys, making)

    def learn(self, keys: Mapping[int, bytes], making: int | None = None) -> None:
        """Take up ``keys`` besides those that are known; raises ``ValueError`` for any that protects nothing.

        INVARIANT: no version is ever forgotten, and ids are never again made by an earlier one: callers hold what was made.
        """
        if not keys or not all(0 < version < 256 and len(key) == KEY_SIZE for version, key in keys.items()):
            raise ValueError("Pairwise ids need at least one key, versions 1 to 255, each of 64 bytes.")
        if making is not None and making not in keys:
            raise ValueError("A version without a key makes no ids.")
        made = {version: AESSIV(key) for version, key in keys.items() if version not in self._ciphers}
        self._ciphers = {**self._ciphers, **made}
        self._making = max(self._making, max(keys) if making is None else making)

    @property
    def making(self) -> int:
        """The version that makes new ids."""
        return self._making

    @property
    def versions(self) -> tuple[int, ...]:
        """Every version that reads, in their order."""
        return tuple(sorted(self._ciphers))

    def name(self, person: str, scope: Scope, version: int | None = None) -> str:
        """The id by which this organisation (and purpose) knows the person with the internal id ``person``.

        Raises ``KeyError`` for a ``version`` whose key is not here.
        """
        return self.naming(scope, self._making if version is None else version)(person)

    def naming(self, scope: Scope, version: int) -> Callable[[str], str]:
        """``name`` for many people of one scope; raises ``KeyError`` as it does."""
        seal, associated, head = (
            self._ciphers[version].encrypt,
            scope.associated(version),
            bytes([version, _SCOPE[scope.reach]]),
        )
        return lambda person: PREFIX + _to_text(head + seal(uuid.UUID(person).bytes, associated))

    def names(self, person: str, scope: Scope) -> tuple[str, ...]:
        """Every id by which the person may be known there, the one that is made now first."""
        versions = sorted(self._ciphers, key=lambda version: version != self._making)
        return tuple(self.name(person, scope, version) for version in versions)

    def open(self, text: str, scope: Scope) -> str:
        """The internal id behind ``text``; raises ``Unreadable``."""
        version, reach, sealed = _from_text(text)
        cipher = self._ciphers.get(version)
        if cipher is None or reach != _SCOPE[scope.reach]:
            raise Unreadable
        try:
            return str(uuid.UUID(bytes=cipher.decrypt(sealed, scope.associated(version))))
        except InvalidTag:
            raise Unreadable from None


def nobody(text: str) -> str:
    """An internal id that no person has, the same for an unreadable ``text`` each time.

    A call about it goes on with that, so that it takes the same way, and the same time, as a call about a person who does not
    exist: also when it is made again, and what was learned of the person by the first call is remembered.
    """
    return str(uuid.UUID(bytes=sha256(text.encode(errors="replace")).digest()[:16], version=4))


def _to_text(raw: bytes) -> str:
    """As ``base64.b32encode``, in a quarter of the time: for all letters at once five bits go into a byte of their own."""
    bits = int.from_bytes(raw, "big") << 3
    for keep, move, distance in _APART:
        bits = (bits & keep) | ((bits & move) << distance)
    return bits.to_bytes(_LETTERS, "big").translate(_ALPHABET).decode()


def _from_text(text: str) -> tuple[int, int, bytes]:
    found = _FORM.fullmatch(text)
    if found is None:
        raise Unreadable
    bits = int(found[1].encode().translate(_DIGITS), 32)
    if bits & 0b111:  # spare, in the last letter: one id has one spelling
        raise Unreadable
    raw = (bits >> 3).to_bytes(_SIZE, "big")
    return raw[0], raw[1], raw[2:]
