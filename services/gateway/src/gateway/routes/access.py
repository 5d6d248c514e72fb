"""Everything that is held about a person, for that person (GDPR Arts 15 and 20), as one stream.

INVARIANT: each part has a decision of its own and stands in the ledger before it leaves; what is not the whole says so.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from gateway import access_formats, refusals
from gateway.access_formats import HTML, JSON, Document, JsonDocument, PageDocument, Words
from gateway.calls import Call, Caller, Permit, Question, Seen, Shown
from gateway.credentials import clients
from gateway.disclosing import Telling
from gateway.edge import negotiation
from gateway.firewall import Wall, pass_through
from gateway.holding import may_process, record, sources
from gateway.parts import Gateway, Parts
from gateway.record.ledger import Narrowed
from gateway.redaction import PersonWall, members
from gateway.replies import Json, Names
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.disclosures import READ_LEDGER, Entries, entries
from gateway.routes.export import Streamed
from gateway.routes.headers import CallerStates
from gateway.routes.people import PersonId
from gateway.routes.sign_ins import READ as READ_SIGN_INS
from gateway.routes.sign_ins import acting_as, shown, visible
from gateway.routes.unconditional import require_unconditional
from gateway.store.sign_ins import SignIn
from gateway.upstreams import MANY, Answer
from gateway.views import access as access_views
from stena.contracts.catalogue import Catalogue
from stena.contracts.rights import HeldCorrection, HeldObjection, Restriction
from stena.problems import NotAcceptable

router = APIRouter(tags=["Rights"])

ACCESS = Question("access", "person", "person")
PAGE: Final = 200  # entries of the ledger

_HELD: Final[Mapping[str, type[BaseModel] | None]] = {
    "history": access_views.EarlierValue,
    "consents": None,
    "notes": access_views.HeldNote,
    "cases": access_views.HeldCase,
    "referrals": access_views.HeldReferral,
    "corrections": HeldCorrection,
    "restrictions": Restriction,
    "objections": HeldObjection,
}
"""The sections that the source holds, in their order, with the shape of an item."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Items of a section that have passed the wall. ``after`` is where the next part of it begins, ``None`` at its end."""

    items: Sequence[Any]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """What comes first, and what everything after it is told with."""

    head: Json
    sections: Mapping[str, Sequence[Any]]
    caller: Caller
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class Access:
    """What one answer is about."""

    gateway: Parts
    states: CallerStates
    person: str
    media: str
    accept_language: str | None
    version: int = field(default=0)


async def wanted(request: Request) -> str:
    """JSON for those who do not care."""
    media = negotiation.media_type(",".join(request.headers.getlist("accept")), (JSON, HTML))
    if media is None:
        raise NotAcceptable(f"What is held comes as {JSON} or {HTML}. Ask for one of them in Accept.")
    return media


@router.get(
    "/v1/persons/{id}/access",
    operation_id="readEverything",
    summary="Everything that is held about the person",
    response_model=access_views.PersonAccess,
    response_class=JSONResponse,  # what the document tells of first
    responses={
        200: {
            "description": "The whole record with its history, what was asked and agreed, who may see it and who did. "
            "`end` says whether it is complete.",
            "content": {HTML: {"schema": {"type": "string"}, "example": "<!doctype html>…"}},
        },
        406: {"description": f"`Accept` names neither `{JSON}` nor `{HTML}`."},
    },
)
async def read_everything(
    person: PersonId,
    states: CallerStates,
    gateway: Gateway,
    media: Annotated[str, Depends(wanted)],
    accept_language: AcceptLanguage = None,
) -> Streamed:
    """By the person: JSON of the published schema, to take along, or a page to read in the language of `Accept-Language`. Notes
    are in it as far as their writers released them, without what is about others. Each part is written down on its own; should
    one fail on the way, `end` says so."""
    access = Access(gateway, states, person, media, accept_language, gateway.ids.making)
    opening = await _opened(access)  # waited for, so that a refusal is an ordinary answer
    document = _document(access, opening.catalogue)
    name = "about-me.html" if media == HTML else "about-me.json"
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="{name}"', **document.headers}
    return Streamed(_stream(access, opening, document), headers=headers, media_type=document.media_type)


@router.get("/schemas/person-access-1.json", include_in_schema=False)
async def read_schema(gateway: Gateway) -> Response:
    body = access_formats.dumps(access_views.schema(gateway.public_url))
    return Response(body, media_type="application/schema+json", headers={"Cache-Control": "max-age=3600"})


async def _stream(access: Access, opening: Opening, document: Document) -> AsyncIterator[str]:
    yield document.opening(opening.head)
    for section, items in opening.sections.items():
        yield document.begin(section) + document.items(section, items, True) + document.close(section, not items)
    wall, reason = _still_known(access.gateway, opening.caller), None
    for section in (*_HELD, *_CHUNKS):
        yield document.begin(section)
        count, after = 0, None
        while reason is None:
            try:
                chunk = await _CHUNKS.get(section, _held)(access, wall, opening, section, after)
            except Exception as failure:
                reason = refusals.problem_of(failure).slug
                break
            yield document.items(section, chunk.items, count == 0)
            count, after = count + len(chunk.items), chunk.after
            if after is None:
                break
        yield document.close(section, count == 0)
    yield document.end({"complete": reason is None, "reason": reason})


async def _opened(access: Access) -> Opening:
    caller = await access.gateway.wall.identify(access.states.authorization)

    async def fetch(permit: Permit) -> tuple[Answer, Catalogue]:
        return await _section(access, permit, "record", None), await access.gateway.rulebook.catalogue(permit.rulebook)

    def redact(permit: Permit, found: tuple[Answer, Catalogue]) -> Shown[Opening]:
        answer, catalogue = found
        (item,) = answer.body["items"]
        members(item, {"person", "created_by", "assigned", "restricted"}, "record")
        view = PersonWall(permit.grant, None).check(item["person"], {permit.person or ""})
        own = Names(access.gateway.ids, permit, access.version)(view["id"])
        head = {
            "schema": access_views.ADDRESS,
            "person": own,
            "made_at": datetime.now(UTC),
            "rulebook": permit.rulebook,
            "record": record(catalogue, item),
        }
        sections = {
            "sources": sources(catalogue, item),
            "recipients": may_process(catalogue, access.accept_language),
        }
        seen = Seen(permit.person or "", frozenset(view["attributes"]))
        return Shown(Opening(head, sections, caller, catalogue), (seen,), len(view["withheld"]))

    wall = acting_as(access.gateway.wall, caller)
    return await pass_through(wall, Call(access.states, (ACCESS,), access.person), fetch, redact)


async def _held(access: Access, wall: Wall, opening: Opening, section: str, after: str | None) -> Chunk:
    async def fetch(permit: Permit) -> Answer:
        return await _section(access, permit, section, after)

    def redact(permit: Permit, answer: Answer) -> Shown[Chunk]:
        members(answer.body, {"items", "after"}, section)
        shape = _HELD[section]
        if shape is not None:
            for item in answer.body["items"]:
                members(item, _names(shape), section)
        told = frozenset(item["attribute"] for item in answer.body["items"] if "attribute" in item)
        return Shown(Chunk(answer.body["items"], answer.body["after"]), (Seen(permit.person or "", told),))

    return await pass_through(wall, Call(access.states, (ACCESS,), access.person), fetch, redact)


async def _disclosed(access: Access, wall: Wall, opening: Opening, section: str, after: str | None) -> Chunk:
    async def fetch(permit: Permit) -> Entries:
        require_unconditional(permit)
        # Not what this very answer writes: it would never come to its end.
        until = Narrowed(until=opening.head["made_at"])
        return await entries(access.gateway, permit, until, PAGE, None if after is None else UUID(after))

    def redact(permit: Permit, found: Entries) -> Shown[Chunk]:
        telling = Telling(found.catalogue, access.accept_language)
        items = [telling.entry(row, found.proven.get(row.entry_id)) for row in found.rows]
        last = str(found.rows[-1].entry_id) if found.more else None
        return Shown(Chunk(items, last), (Seen(permit.person or ""),))

    return await pass_through(wall, Call(access.states, (READ_LEDGER,), access.person), fetch, redact)


async def _signed_in(access: Access, wall: Wall, opening: Opening, section: str, after: str | None) -> Chunk:
    async def fetch(permit: Permit) -> list[SignIn]:
        return await visible(access.gateway, permit)

    def redact(permit: Permit, found: list[SignIn]) -> Shown[Chunk]:
        return Shown(Chunk([shown(access.gateway, each) for each in found]), (Seen(permit.person or ""),))

    return await pass_through(wall, Call(access.states, (READ_SIGN_INS,), access.person), fetch, redact)


_CHUNKS: Final[Mapping[str, Callable[[Access, Wall, Opening, str, str | None], Awaitable[Chunk]]]] = {
    "sign_ins": _signed_in,
    "disclosures": _disclosed,
}


async def _section(access: Access, permit: Permit, section: str, after: str | None) -> Answer:
    where = ["persons", permit.person or "", "access", section]
    query = [] if after is None else [("after", after)]
    return await access.gateway.profile.ask("GET", where, permit.passes[0], within=MANY, query=query)


def _still_known(gateway: Parts, known: Caller) -> Wall:
    """The wall for all parts but the first: a token may end before the answer does, but who is let in no more is stopped."""

    async def identify(authorization: str | None) -> Caller:
        return await clients.still_known(gateway.directory, gateway.sign_ins, known)

    return replace(gateway.wall, identify=identify)


def _document(access: Access, catalogue: Catalogue) -> Document:
    if access.media == JSON:
        return JsonDocument()
    language = access_formats.language_of(access.accept_language)
    titles = {attribute.name: attribute.titles for attribute in catalogue.attributes}
    return PageDocument(
        Words(
            language,
            access_formats.in_language(language, titles),
            {organisation.id: organisation.name for organisation in catalogue.organisations},
            access_formats.in_language(language, catalogue.categories),
        )
    )


def _names(shape: type[BaseModel]) -> frozenset[str]:
    return frozenset(shape.model_fields)
