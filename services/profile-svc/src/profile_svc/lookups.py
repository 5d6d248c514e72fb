"""Looking people up by what is sealed: through tokens, and by nothing that the caller may not see. Pure.

INVARIANT: what is stored and what is sought become tokens in the same way, and nobody looks up what they are not shown. What
is disclosed under a condition finds those of whom the condition is true.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.disclosure import is_disclosed, require_disclosed
from profile_svc.spelling import comparable
from stena.contracts.access import Grant
from stena.contracts.condition import Residual
from stena.contracts.profile import Lookup

MOST_FOUND: Final = 10
"""More people than these are not named by what was said of them, and none of them is shown."""

Tokens = Mapping[str, frozenset[bytes]]
"""Attribute → tokens of its spellings; without a value none."""


class NoLookup(Exception):
    """Nobody is looked up by this attribute; ``possible`` are those that the caller can use."""

    def __init__(self, name: str, possible: list[str]) -> None:
        self.name, self.possible = name, possible
        super().__init__(f"People cannot be looked up by {name}.")


class TooMany(Exception):
    """What was said of the person is true of too many."""


@dataclass(frozen=True, slots=True)
class LookedFor:
    """A lookup that was found allowed. ``conditions`` have to be true of everybody whom it finds."""

    tokens: Mapping[str, bytes]
    conditions: tuple[Residual, ...]


def look_for(wanted: Lookup, grant: Grant, attributes: Attributes, index_key: bytes) -> LookedFor:
    """Check ``wanted`` against what the grant discloses and the catalogue looks up.

    Raises ``UnknownAttributes``, ``NotDisclosed``, ``NoLookup``, ``InvalidValues``.
    """
    attributes.require_known(wanted.match)
    require_disclosed(grant, wanted.match)
    tokens = {name: _sought(name, text, grant, attributes, index_key) for name, text in wanted.match.items()}
    conditions = (grant.disclose[name].when for name in wanted.match)
    return LookedFor(tokens, tuple(dict.fromkeys(when for when in conditions if when is not True)))


def indexed(values: Mapping[str, Any], attributes: Attributes, index_key: bytes) -> Tokens:
    """The tokens of those of ``values`` (``None``: removed) that people are looked up by."""
    kinds = {name: attributes.by_name[name].lookup for name in values}
    spellings = {name: {comparable(kind, text) for text in texts_of(values[name])} for name, kind in kinds.items() if kind}
    return {name: frozenset(token(index_key, name, each) for each in texts if each) for name, texts in spellings.items()}


def _sought(name: str, text: str, grant: Grant, attributes: Attributes, index_key: bytes) -> bytes:
    kind = attributes.by_name[name].lookup
    if kind is None:
        possible = [other for other, each in attributes.by_name.items() if each.lookup and is_disclosed(grant, other)]
        raise NoLookup(name, possible)
    spelling = comparable(kind, text)
    if not spelling:
        raise InvalidValues([Fault(("match", name), "holds nothing that could be compared")])
    return token(index_key, name, spelling)


def texts_of(value: Any) -> list[str]:
    """A text itself; of a name in several scripts each."""
    return [value] if isinstance(value, str) else [text for text in (value or {}).values() if isinstance(text, str)]


def token(index_key: bytes, name: str, spelling: str) -> bytes:
    """Keyed, with a key for each attribute: the same text is another token as a phone number than as a personal number."""
    own_key = hmac.digest(index_key, f"lookup|{name}".encode(), "sha256")
    return hmac.digest(own_key, spelling.encode(), "sha256")
