"""Exports: the whole of a list as a stream. Each part of it goes through the wall anew, and stands in the ledger first.

INVARIANT: no part outlives what allowed it. Every one has a decision of its own, and its client was looked up for it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from gateway import refusals
from gateway.calls import Call, Caller, Permit, Question, Shown
from gateway.credentials import clients
from gateway.edge import negotiation
from gateway.export_formats import CSV, FORMATS, NDJSON, ColumnsChanged, End, Format, Json, Part
from gateway.firewall import Rejected, Wall, pass_through
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, seen, withheld_count
from gateway.replies import Names, disclosure
from gateway.routes.headers import CallerStates
from gateway.routes.selection import Fields, Filters, Selection, Sort, names, query
from gateway.upstreams import MANY, Answer
from gateway.views.export import ExportBody, ExportLine
from stena.contracts.profile import BRIEFLY
from stena.problems import Gone, NotAcceptable

router = APIRouter(prefix="/v1/persons", tags=["People"])

EXPORT = Question("export", "person")

CHUNK: Final = 500  # people

_NDJSON_EXAMPLE: Final = (
    '{"disclosure":{"purpose":"job-ranking","decision":"dec_…","rulebook":"sha256:…"}}\n'
    '{"person":{"id":"psn_aeb…","attributes":{"adult":true},"provenance":{},"withheld":{"gender":"not-necessary"}}}\n'
    '{"export":{"complete":true,"reason":null,"people":1,"disclosure":{…}}}\n'
)
_CSV_EXAMPLE: Final = (
    "id,updated_at,adult,skills,provenance,withheld,decision,rulebook,export\r\n"
    'psn_aeb…,2026-03-01T09:30:00Z,true,"[""http://…""]",{},"{""gender"":""not-necessary""}",dec_…,sha256:…,\r\n'
    '#export,,,,,,,,"{""complete"":true,""reason"":null,""people"":1,""disclosure"":{…}}"\r\n'
)
_LINES: Final = {
    "type": "string",
    "contentMediaType": NDJSON,
    "contentSchema": {"$ref": "#/components/schemas/ExportLine"},
    "description": "Each line is JSON of this schema.",
}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A line for each person, and a last one that says whether the export is complete.",
        "content": {
            NDJSON: {"schema": _LINES, "example": _NDJSON_EXAMPLE},
            CSV: {"schema": {"type": "string"}, "example": _CSV_EXAMPLE},
        },
    },
    406: {"description": f"`Accept` names neither `{NDJSON}` nor `{CSV}`."},
}


class Streamed(StreamingResponse):
    """Nothing is read from the source before what was read has been taken: a slow reader holds one part and no more."""

    media_type = NDJSON


async def wanted(request: Request) -> Format:
    """The format that ``Accept`` asks for; NDJSON for those who do not care."""
    accept = ",".join(request.headers.getlist("accept"))
    media = negotiation.media_type(accept, tuple(FORMATS))
    if media is None:
        raise NotAcceptable(f"An export is {NDJSON} or {CSV}. Ask for one of them in Accept.")
    return FORMATS[media]()


Wanted = Annotated[Format, Depends(wanted)]


@router.get(
    "/export",
    operation_id="exportPersons",
    summary="Everybody in a list",
    response_model=ExportLine,
    response_class=Streamed,
    responses=_RESPONSES,
)
async def export_persons(
    states: CallerStates,
    gateway: Gateway,
    form: Wanted,
    filters: Filters = [],  # noqa: B006 -- FastAPI copies it
    sort: Sort = None,
    fields: Fields = None,
) -> Streamed:
    """The list of `GET /v1/persons` as one stream: NDJSON, or CSV if `Accept` says `text/csv`. It is decided about and written
    down anew every 500 people; should it be refused or fail on the way, the last line says so: without `"complete": true`
    it is not the whole. In CSV a text that a spreadsheet could take for a formula has an apostrophe before it."""
    selection = Selection(sort, names(fields), texts=tuple(filters))
    return await _streamed(Export(gateway, states, selection, form, gateway.ids.making))


@router.post(
    "/export",
    operation_id="exportPersonsOfSearch",
    summary="Everybody in a list, asked for in a body",
    response_model=ExportLine,
    response_class=Streamed,
    responses=_RESPONSES,
)
async def export_persons_of_search(body: ExportBody, states: CallerStates, gateway: Gateway, form: Wanted) -> Streamed:
    """As `GET /v1/persons/export`, with values as JSON, so that they stay out of addresses and logs."""
    selection = Selection(body.sort, body.fields, filters=body.filters)
    return await _streamed(Export(gateway, states, selection, form, gateway.ids.making))


@dataclass(frozen=True, slots=True)
class Export:
    """What one export is about."""

    gateway: Parts
    states: CallerStates
    selection: Selection
    form: Format
    version: int
    """Of the key of ids: a key that is renewed meanwhile must not name half of the people otherwise than the rest."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part that has passed the wall. ``last`` is the person after whom the next one begins, ``None`` at the end."""

    text: bytes
    people: int
    last: str | None
    client: str
    acting_user: str | None
    disclosure: Json


async def _streamed(export: Export) -> Streamed:
    """The first part is waited for, so that a refusal is an ordinary answer."""
    first = await _chunk(export, export.gateway.wall, None)
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{export.form.filename}"'}
    return Streamed(_stream(export, first), headers=headers, media_type=export.form.media_type)


async def _stream(export: Export, chunk: Chunk) -> AsyncIterator[bytes]:
    yield chunk.text
    wall, people, reason = _still_known(export.gateway, chunk), chunk.people, None
    while chunk.last is not None and reason is None:
        try:
            chunk = await _chunk(export, wall, chunk.last)
        except Exception as failure:
            reason = refusals.problem_of(failure).slug
        else:
            people += chunk.people
            yield chunk.text
    yield export.form.end(End(people, reason, chunk.disclosure))


def _still_known(gateway: Parts, first: Chunk) -> Wall:
    """The wall for all parts but the first: the token held when the export began and may end before it does, but a client
    that is revoked is stopped."""

    async def identify(authorization: str | None) -> Caller:
        return await clients.still_registered(gateway.directory, first.client, first.acting_user)

    return replace(gateway.wall, identify=identify)


async def _chunk(export: Export, wall: Wall, after: str | None) -> Chunk:
    async def fetch(permit: Permit) -> Answer:
        asked = await query(export.gateway, permit, export.selection, CHUNK, after)
        return await export.gateway.profile.ask(
            "POST",
            ["persons", "search"],
            permit.passes[0],
            within=MANY,
            query=[("operation", "export")],
            json=asked.model_dump(mode="json"),
            headers={"Prefer": BRIEFLY},
        )

    def redact(permit: Permit, answer: Answer) -> Shown[Chunk]:
        return _shown(export, permit, answer.body)

    return await pass_through(wall, Call(export.states, (EXPORT,)), fetch, redact)


def _shown(export: Export, permit: Permit, page: dict[str, Any]) -> Shown[Chunk]:
    people = PersonWall(permit.grant, export.selection.fields).check_people(page, CHUNK)
    name = Names(export.gateway.ids, permit, export.version)
    attributes = export.selection.fields or sorted(permit.grant.disclose)
    part = Part([name.person(view) for view in people], attributes, disclosure(permit))
    last = people[-1]["id"] if page["more"] else None
    who = (permit.grant.client or "", permit.grant.acting_user)
    chunk = Chunk(_written(export.form, part), len(people), last, *who, part.disclosure)
    return Shown(chunk, tuple(map(seen, people)), withheld_count(people))


def _written(form: Format, part: Part) -> bytes:
    try:
        return form.part(part)
    except ColumnsChanged:
        raise Rejected(
            Gone("The rulebook has changed, and with it the columns. Begin again.", slug="rulebook-changed")
        ) from None
