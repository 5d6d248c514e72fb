"""From checked data to what the caller receives: ids made pairwise, members in the API's shape. Nothing new is looked up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Response

from gateway import access_ids
from gateway.calls import Permit, Seen, Shown
from gateway.identity import PairwiseIds, Scope
from gateway.redaction import View

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer ready to leave. ``content`` is ``None`` for an empty one."""

    content: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Names:
    """Names people for the caller of one permit, all by one ``version`` of the key: the one that makes ids, if not given."""

    def __init__(self, ids: PairwiseIds, permit: Permit, version: int | None = None) -> None:
        self._ids = ids
        self._scope = Scope(permit.grant.ids, permit.grant.organisation, permit.grant.purpose)
        self._now = ids.naming(self._scope, ids.making if version is None else version)

    def __call__(self, person: str) -> str:
        return self._now(person)

    def by(self, version: int, person: str) -> str:
        """The id that ``version`` of the key makes of the same person."""
        return self._ids.name(person, self._scope, version)

    def person(self, view: View) -> dict[str, Any]:
        """A checked view as the API shows it."""
        return {
            "id": self(view["id"]),
            "attributes": view["attributes"],
            "provenance": view["provenance"],
            "withheld": view["withheld"],
            "updated_at": _day(view.get("updated_at")),
        }


def _day(moment: str | None) -> str | None:
    """To the day. By the very moment two organisations would see that they hold the same person under two ids."""
    return None if moment is None else f"{moment[:10]}T00:00:00Z"


def disclosure(permit: Permit) -> Json:
    said = {"purpose": permit.grant.purpose, "decision": permit.id, "rulebook": permit.rulebook}
    return {**said, "emergency": _emergency(permit)} if permit.accesses else said


def _emergency(permit: Permit) -> Json:
    """An answer that rests on broken glass says so, and until when the same words will do."""
    return {
        "accesses": [access_ids.name(access.id) for access in permit.accesses],
        "until": min(access.until for access in permit.accesses),
        "review": True,
    }


def about_one(permit: Permit, reply: Reply) -> Shown[Reply]:
    """An answer about the one person of the call that holds none of the catalogue's attributes."""
    return Shown(reply, (Seen(permit.person or ""),))


def etag(value: str) -> Mapping[str, str]:
    """The source's tag as a strong entity tag (RFC 9110)."""
    return {"ETag": value if value.startswith('"') else f'"{value}"'}


def next_page(path: str, query: list[tuple[str, str]], cursor: str | None) -> Mapping[str, str]:
    """``Link: rel="next"`` (RFC 8288), relative to the request; no header at the end of a list."""
    if cursor is None:
        return {}
    return {"Link": f'<{path}?{urlencode([*query, ("cursor", cursor)])}>; rel="next"'}


def replayed(repeated: bool) -> Mapping[str, str]:
    return {"Idempotency-Replayed": "true"} if repeated else {}


def respond(reply: Reply) -> Response:
    """INVARIANT: what is about people is kept by no cache on the way."""
    headers = {"Cache-Control": "no-store", **reply.headers}
    if reply.content is None:
        return Response(status_code=reply.status, headers=headers)
    return Response(orjson.dumps(reply.content), reply.status, headers, media_type="application/json")
