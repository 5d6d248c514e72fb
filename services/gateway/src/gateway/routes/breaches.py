"""The breach report (GDPR Arts 33 and 34): what was disclosed of whom, from the ledger alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.firewall import pass_through
from gateway.parts import Gateway
from gateway.replies import Json, Names, Reply, disclosure, respond
from gateway.routes.headers import CallerStates
from gateway.routes.selection import Cursor, bound, open_cursor
from gateway.routes.unconditional import require_unconditional
from gateway.store import breaches
from gateway.store.breaches import Affected, Extent, Scope
from gateway.views.breach import AffectedPage, BreachReport
from stena.problems import BadRequest

router = APIRouter(prefix="/v1/ledger/breach-report", tags=["Disclosures"])

REPORT = Question("report", "ledger")


async def wanted(
    since: Annotated[AwareDatetime, Query(description="From this moment on.", examples=["2026-03-01T00:00:00Z"])],
    until: Annotated[AwareDatetime, Query(description="Before this one.", examples=["2026-03-02T00:00:00Z"])],
    organisation: Annotated[str | None, Query(max_length=64, description="To this organisation alone.")] = None,
    client: Annotated[str | None, Query(max_length=64, description="To this client alone.")] = None,
) -> Scope:
    if until <= since:
        fault = {"in": "query", "pointer": "/until", "detail": "has to be after since"}
        raise BadRequest("There is no time between since and until.", errors=[fault])
    return Scope(since, until, organisation, client)


Wanted = Annotated[Scope, Depends(wanted)]


@router.get("", operation_id="reportBreach", summary="What was disclosed, of how many", response_model=BreachReport)
async def report_breach(scope: Wanted, states: CallerStates, gateway: Gateway) -> Response:
    """What the ledger says was disclosed to an organisation or a client, or to anybody, in a time. Asking stands in it too."""

    async def fetch(permit: Permit) -> Extent:
        require_unconditional(permit)
        catalogue = await gateway.rulebook.catalogue(permit.rulebook)
        return await breaches.extent(gateway.engine, scope, {each.name: each.category for each in catalogue.attributes})

    def redact(permit: Permit, extent: Extent) -> Shown[Reply]:
        counted = {kind: _counts(getattr(extent, kind)) for kind in breaches.KINDS}
        return Shown(Reply({**asdict(scope), **asdict(extent), **counted, "disclosure": disclosure(permit)}))

    return respond(await pass_through(gateway.wall, Call(states, (REPORT,)), fetch, redact))


@router.get("/people", operation_id="listBreachedPeople", summary="What was disclosed, of whom", response_model=AffectedPage)
async def list_breached_people(
    scope: Wanted,
    states: CallerStates,
    gateway: Gateway,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    cursor: Cursor = None,
) -> Response:
    """Whom to tell (GDPR Art 34), page by page. `stena breach report` writes all of them to a file."""
    shape = [value if isinstance(value, str | None) else value.isoformat() for value in asdict(scope).values()]

    async def fetch(permit: Permit) -> Sequence[Affected]:
        require_unconditional(permit)
        after = None if cursor is None else UUID(open_cursor(gateway, cursor, bound(permit, "breach", shape)))
        return await breaches.people_after(gateway.engine, scope, after, limit + 1)

    def redact(permit: Permit, found: Sequence[Affected]) -> Shown[Reply]:
        page, name, following = found[:limit], Names(gateway.ids, permit), None
        if len(found) > limit:
            following = gateway.cursors.seal(str(page[-1].subject), bound(permit, "breach", shape))
        content = {
            "people": [_shown(each, name) for each in page],
            "next": following,
            "truncated": following is not None,
            "disclosure": disclosure(permit),
        }
        return Shown(Reply(content), tuple(Seen(str(each.person)) for each in page if each.person is not None))

    return respond(await pass_through(gateway.wall, Call(states, (REPORT,)), fetch, redact))


def _counts(counted: Mapping[str, int]) -> list[Json]:
    return [{"name": name, "people": people} for name, people in counted.items()]


def _shown(each: Affected, name: Names) -> Json:
    told = {key: value for key, value in asdict(each).items() if key != "subject"}
    return {**told, "person": None if each.person is None else name(str(each.person))}
