"""One person, pages of people, the feed of changes."""

import re
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import ValidationError

from profile_svc import eligibility, following, reading, retaining, writing
from profile_svc.feed import Position
from profile_svc.routes.calls import Called, Source, answer, etags, known_id, not_there, person_answer, sent, source
from profile_svc.store import changes as log
from profile_svc.writing import NotThere
from stena.contracts import profile
from stena.contracts.access import Grant
from stena.contracts.eligibility import EligibilityQuestion
from stena.problems import BadRequest, Problem
from stena.shortcuts import Shortcut

router = APIRouter()


@router.get("/persons/{person_id}")
async def read(
    call: Called,
    person_id: str,
    fields: Annotated[list[str] | None, Query()] = None,
    operation: Literal["read", "match"] = "read",
) -> Response:
    grant = await call.grant(operation, "person", person_id)
    seen_by = reading.viewer(call.vault, grant, await call.attributes(grant), fields)
    view = await reading.read(call.vault, seen_by, known_id(person_id))
    if view is None:
        raise not_there()
    return person_answer(view)


async def _read_at_once(request: Request, person_id: str) -> Response:
    return await read(await source(request), person_id)


_ONE: Final = Shortcut(
    "GET", "/persons/{person_id}", re.compile("/persons/([0-9a-f-]{36})"), _read_at_once, frozenset({b"operation=read"})
)


@router.post("/persons/read")
async def read_several(call: Called, reads: profile.Reads) -> Response:
    """Whom several calls want at once, each under its own grant, and each as ``read`` shows them."""
    first = await call.grant("read", "person", reads.person)
    wanted: list[reading.Wanted | None] = [await _wanted(call, first, reads.person)]
    for each in reads.others:
        try:
            grant = await call.of(each.grant).grant("read", "person", each.person)
            wanted.append(await _wanted(call, grant, each.person))
        except (Problem, NotThere):
            wanted.append(None)
    return answer({"people": await reading.read_several(call.vault, wanted)})


async def _wanted(call: Source, grant: Grant, person_id: str) -> reading.Wanted:
    return reading.viewer(call.vault, grant, await call.attributes(grant)), known_id(person_id)


async def _read_several_at_once(request: Request) -> Response:
    return await read_several(await source(request), await sent(request, profile.Reads))


_SEVERAL: Final = Shortcut("POST", "/persons/read", re.compile("/persons/read"), _read_several_at_once)


@router.post("/persons/search")
async def search(
    call: Called,
    query: profile.Query,
    operation: Literal["list", "export"] = "list",
    prefer: Annotated[str | None, Header()] = None,
) -> Response:
    grant = await call.grant(operation, "person")
    attributes = await call.attributes(grant)
    after = None if query.after is None else known_id(query.after)
    briefly = prefer == profile.BRIEFLY
    page = await reading.search(call.vault, grant, attributes, query, after, briefly=briefly)
    return answer(page, headers={"Preference-Applied": profile.BRIEFLY} if briefly else None)


async def _search_at_once(request: Request) -> Response:
    called = await source(request)
    return await search(called, await sent(request, profile.Query), prefer=request.headers.get("prefer"))


_PAGE: Final = Shortcut("POST", "/persons/search", re.compile("/persons/search"), _search_at_once)
SHORTCUTS: Final = (_SEVERAL, _ONE, _PAGE)


@router.post("/persons/lookup")
async def look_up(call: Called, wanted: profile.Lookup) -> Response:
    grant = await call.grant("read", "person")
    people = await reading.look_up(call.vault, grant, await call.attributes(grant), wanted)
    return answer({"people": people, "more": False})


@router.post("/persons/resolve")
async def resolve(call: Called, wanted: profile.Resolve) -> Response:
    grant = await call.grant("match", "person")
    seen_by = reading.viewer(call.vault, grant, await call.attributes(grant), wanted.fields)
    people = await reading.resolve(call.vault, seen_by, [known_id(person_id) for person_id in wanted.ids])
    return answer({"people": people, "more": False})


@router.post("/persons/eligibility")
async def check(call: Called, asked: EligibilityQuestion) -> Response:
    grant = await call.grant("check", "person")
    found = await eligibility.check(call.vault, grant, await call.attributes(grant), asked)
    return answer(found.model_dump())


@router.post("/persons/changes")
async def changes(call: Called, wanted: profile.Follow) -> Response:
    grant = await call.grant("changes", "person")
    position = None if wanted.position is None else _position(wanted.position)
    attributes = await call.attributes(grant)
    return answer(await following.follow(call.vault, grant, attributes, wanted.limit, position, again=wanted.again))


@router.get("/persons/changes/newest")
async def newest_change(call: Called) -> Response:
    """Asked again and again for followers who wait: nothing of anybody, and no more than whether it is the same as before."""
    await call.grant("changes", "person")
    return answer({"newest": await log.newest(call.vault.statements)})


@router.post("/persons")
async def create(
    call: Called, person: profile.NewPerson, idempotency_key: Annotated[str | None, Header(max_length=128)] = None
) -> Response:
    grant = await call.grant("create", "person")
    made = await writing.create(call.vault, grant, await call.attributes(grant), person, idempotency_key)
    return person_answer(made.view, 201 if made.new else 200)


@router.patch("/persons/{person_id}")
async def amend(
    call: Called, person_id: str, amendment: profile.Amendment, if_match: Annotated[str | None, Header()] = None
) -> Response:
    grant = await call.grant("amend", "person", person_id)
    attributes, seen = await call.attributes(grant), etags(if_match)
    return person_answer(await writing.amend(call.vault, grant, attributes, known_id(person_id), amendment, seen))


@router.delete("/persons/{person_id}")
async def erase(call: Called, person_id: str) -> Response:
    grant = await call.grant("erase", "person", person_id)
    await retaining.erase(call.vault, grant, await call.attributes(grant), known_id(person_id))
    return Response(status_code=204)


def _position(data: dict[str, object]) -> Position:
    try:
        return Position.model_validate(data)
    except ValidationError as error:
        raise BadRequest("This is no position that a feed gave.", slug="position-invalid") from error
