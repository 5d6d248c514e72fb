"""People of allocations on their way through the wall: from the caller's ids to internal ones and matching's, and back.

INVARIANT: nobody is handed on whom the grant of this very call does not show.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.calls import Pass, Permit
from gateway.firewall import NotVisible, Rejected
from gateway.identity import Scope, Unreadable
from gateway.parts import Parts
from gateway.redaction import PersonWall, Surplus, View, members
from gateway.upstreams import MANY
from gateway.views.allocation import AllocationBody
from stena.contracts.allocation import MOST_PEOPLE
from stena.contracts.matching import KIND_PURPOSE, MATCHING_ORGANISATION
from stena.problems import BadRequest

CHUNK: Final = 500


async def scope_of(gateway: Parts, kind: str) -> Scope:
    """How matching knows people for this kind of opportunity."""
    return await gateway.decisions.scope(MATCHING_ORGANISATION, KIND_PURPOSE[kind])


async def chosen(gateway: Parts, people: Pass, body: AllocationBody) -> list[str]:
    """The internal ids of those who are to be placed, as far as the caller may see them now."""
    if body.people is None:
        return await _listed(gateway, people, body)
    asked = [person for each in dict.fromkeys(body.people) if (person := internal(gateway, people, each))]
    return [view["id"] for view in await resolved(gateway, people, asked, fields=())]


async def _listed(gateway: Parts, people: Pass, body: AllocationBody) -> list[str]:
    """Everybody whom the filters leave, a page at a time; nothing of them is read but who they are."""
    found: list[str] = []
    filters = [each.model_dump(mode="json") for each in body.filters]
    wall, after = PersonWall(people.grant, ()), None
    while True:
        query = {"filters": filters, "fields": [], "limit": CHUNK, "after": after}
        how: dict[str, Any] = {"within": MANY, "query": [("operation", "list")], "json": query}
        page = (await gateway.profile.ask("POST", ["persons", "search"], people, **how)).body
        members(page, {"people", "more"}, "page")
        found += [wall.check(view)["id"] for view in page["people"]]
        if len(found) > MOST_PEOPLE:
            raise Rejected(BadRequest(f"At most {MOST_PEOPLE} people are placed at once.", slug="selection-too-wide"))
        if not page["more"]:
            return found
        after = found[-1]


async def resolved(gateway: Parts, people: Pass, ids: Sequence[str], fields: Sequence[str] | None = None) -> list[View]:
    """Those whom the caller may see now, with ``fields`` of what the grant discloses, or all of it."""
    wall, found = PersonWall(people.grant, fields), []
    for at in range(0, len(ids), CHUNK):
        some = list(ids[at : at + CHUNK])
        body = {"ids": some} if fields is None else {"ids": some, "fields": list(fields)}
        answer = await gateway.profile.ask("POST", ["persons", "resolve"], people, within=MANY, json=body)
        found += [wall.check(view, some) for view in members(answer.body, {"people", "more"}, "page")["people"]]
    return found


async def one(gateway: Parts, people: Pass, person: str, fields: Sequence[str] | None = ()) -> View:
    """The one person, if they are visible; raises ``NotVisible``."""
    known = internal(gateway, people, person)
    found = await resolved(gateway, people, [known], fields) if known else ()
    if not found:
        raise NotVisible
    return found[0]


def internal(gateway: Parts, people: Pass, person: str) -> str | None:
    """Whom the caller means; somebody who cannot be read is like somebody who is not there."""
    grant = people.grant
    try:
        return gateway.ids.open(person, Scope(grant.ids, grant.organisation, grant.purpose))
    except Unreadable:
        return None


def named(gateway: Parts, people: Pass, ids: Sequence[str], names: Mapping[str, str]) -> list[str]:
    """``ids`` of the caller as matching knows these people, without those who are not in ``names``."""
    known = (internal(gateway, people, each) for each in ids)
    return [names[person] for person in known if person is not None and person in names]


async def opened(gateway: Parts, kind: str, people: Sequence[str]) -> list[str]:
    """Internal ids for matching's."""
    scope = await scope_of(gateway, kind)
    try:
        return [gateway.ids.open(person, scope) for person in people]
    except Unreadable:
        raise Surplus("a person's id is not of matching-svc") from None


def disclosed_of_all(permit: Permit, at: int) -> list[str]:
    """The attributes that everybody is seen with: what may touch a score."""
    return sorted(name for name, each in permit.passes[at].grant.disclose.items() if each.when is True)
