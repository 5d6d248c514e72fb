"""What the caller hears of a source's refusal: only that which speaks of what the caller sent."""

from collections.abc import Mapping
from typing import Final

import orjson
import structlog

from gateway.firewall import BecamePart, NotVisible, Rejected
from stena.problems import (
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    Unavailable,
)
from stena.upstreams import Response

log = structlog.get_logger()

_PASSED_ON: Final[Mapping[int, type[Problem]]] = {
    kind.status: kind for kind in (BadRequest, Forbidden, Conflict, Gone, PreconditionFailed, PreconditionRequired)
}
_MEMBERS_PASSED_ON: Final = frozenset(
    {"errors", "attribute", "attributes", "possible", "legal_bases", "state", "widening", "duties", "cells"}
)


def refusal(response: Response) -> Exception:
    """What to raise for an answer that is none."""
    if response.status_code == 404:
        return _not_there(response)
    kind = _PASSED_ON.get(response.status_code)
    if kind is None:
        log.error("a source refused the gateway", status=response.status_code)
        return Unavailable("A service that this answer depends on cannot answer. Try again shortly.")
    try:
        document = orjson.loads(response.content)
        slug = str(document["type"]).rsplit("/", 1)[-1]
        members = {name: value for name, value in document.items() if name in _MEMBERS_PASSED_ON}
        return Rejected(kind(str(document["detail"]), slug=slug, **members))
    except (ValueError, KeyError, TypeError):
        return Unavailable("A service that this answer depends on cannot answer. Try again shortly.")


def _not_there(response: Response) -> NotVisible:
    try:
        return BecamePart(**orjson.loads(response.content)["part_of"])
    except (ValueError, KeyError, TypeError):
        return NotVisible()
