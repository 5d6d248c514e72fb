"""From the text of a grant to the grant. What it lets be seen and done is the same in many, and is read once of them all.

INVARIANT: remembered is only what binds to no call: rules, as policy-svc wrote them. To whom, of whom, for what and until when
is read each time.
"""

from collections import OrderedDict
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, StrictInt

from stena.contracts.access import BINDING, Grant

MOST_KNOWN: Final = 500

# What policy-svc writes first of the terms. Inside of a text its quotes would have backslashes, and what binds has no objects.
_TERMS: Final = b',"organisation":'
_NAMED: Final = Grant.model_fields.keys() - BINDING


class _Binding(BaseModel):
    """The members of ``BINDING``, of the kinds that they have in a grant."""

    model_config = ConfigDict(extra="forbid")

    iss: str
    aud: str
    iat: StrictInt
    exp: StrictInt
    jti: str
    client: str | None
    acting_user: str | None
    operation: str
    resource: str
    target: str | None
    case: str | None


class GrantTexts:
    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Grant] = OrderedDict()

    def read(self, text: bytes) -> Grant:
        """The grant; raises ``ValueError`` (pydantic's ``ValidationError`` is one) for what is none."""
        begin = text.find(_TERMS)
        terms = text[begin:]
        known = self._known.get(terms) if begin > 0 else None
        if known is None:
            return self._read_whole(text, begin)
        self._known.move_to_end(terms)
        said = _Binding.model_validate(orjson.loads(text[:begin] + b"}"))
        return known.model_copy(update=said.__dict__)

    def _read_whole(self, text: bytes, begin: int) -> Grant:
        grant = Grant.model_validate(orjson.loads(text))
        if begin > 0 and _is_apart(text, begin):
            grant.terms()
            self._known[text[begin:]] = grant
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return grant


def _is_apart(text: bytes, begin: int) -> bool:
    """Whether all that binds stands before ``begin`` and all the terms behind it, so that one says nothing of the other."""
    binding, terms = _members(text[:begin] + b"}"), _members(b"{" + text[begin + 1 :])
    return binding.keys() == BINDING and terms.keys() <= _NAMED


def _members(text: bytes) -> dict[str, Any]:
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}
