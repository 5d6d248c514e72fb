"""Who saw what of a person: the ledger as the person, and those who watch over the wall, may read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.disclosing import Proof, Telling
from gateway.firewall import pass_through
from gateway.parts import Gateway, Parts
from gateway.record import proofs
from gateway.record.ledger import Narrowed, Recorded
from gateway.replies import Reply, next_page, respond
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.headers import CallerStates
from gateway.routes.people import PersonId
from gateway.routes.selection import Cursor, Limit, bound, open_cursor
from gateway.routes.unconditional import require_unconditional
from gateway.rulebook_types import OrganisationId
from gateway.views import people as views
from stena.contracts.catalogue import Catalogue
from stena.contracts.moments import Moment

router = APIRouter(prefix="/v1/persons/{id}", tags=["Disclosures"])

READ_LEDGER = Question("read", "ledger", "person")


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of the ledger about one person, of ``total`` entries that the filters leave."""

    rows: Sequence[Recorded]
    more: bool
    total: int
    proven: Mapping[UUID, Proof]
    catalogue: Catalogue


@router.get(
    "/disclosures", operation_id="listDisclosures", summary="Who saw what of a person", response_model=views.DisclosurePage
)
async def list_disclosures(
    person: PersonId,
    states: CallerStates,
    gateway: Gateway,
    accept_language: AcceptLanguage = None,
    since: Annotated[Moment | None, Query(alias="from", description="Not before this moment.")] = None,
    until: Annotated[Moment | None, Query(description="Before this moment.")] = None,
    organisation: Annotated[OrganisationId | None, Query(max_length=64, description="Of this organisation alone.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Newest first: answers, denials and changes that concern the person (GDPR Art 15(1)(c)), and why, in the language of
    `Accept-Language`. Names of attributes, never values. `proof` shows that the entry stands in the ledger's tree; one that no
    signed head covers yet has it within a minute."""
    narrowed = Narrowed(organisation, since, until)
    shape = (person, organisation, _text(since), _text(until))

    async def fetch(permit: Permit) -> Entries:
        require_unconditional(permit)
        before = None if cursor is None else UUID(open_cursor(gateway, cursor, bound(permit, "disclosures", shape)))
        return await entries(gateway, permit, narrowed, limit, before)

    def redact(permit: Permit, found: Entries) -> Shown[Reply]:
        following = None
        if found.more:
            following = gateway.cursors.seal(str(found.rows[-1].entry_id), bound(permit, "disclosures", shape))
        telling = Telling(found.catalogue, accept_language)
        shown = [telling.entry(row, found.proven.get(row.entry_id)) for row in found.rows]
        content = {"disclosures": shown, "total": found.total, "next": following}
        given = (("from", _text(since)), ("until", _text(until)), ("organisation", organisation), ("limit", str(limit)))
        query = [(name, value) for name, value in given if value is not None]
        links = next_page(f"/v1/persons/{person}/disclosures", query, following)
        return Shown(Reply(content, headers=links), (Seen(permit.person or ""),))

    return respond(await pass_through(gateway.wall, Call(states, (READ_LEDGER,), person), fetch, redact))


async def entries(gateway: Parts, permit: Permit, narrowed: Narrowed, limit: int, before: UUID | None) -> Entries:
    """A page of what the ledger holds about the person of the call, with what proves it."""
    person = UUID(permit.person)
    found = await gateway.ledger.of_person(person, limit + 1, before, narrowed)
    page = found[:limit]
    proven = await proofs.of_entries(gateway.engine, [(row.entry_id, row.subject) for row in page])
    total = await gateway.ledger.total_of_person(person, narrowed)
    return Entries(page, len(found) > limit, total, proven, await gateway.rulebook.catalogue(permit.rulebook))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
