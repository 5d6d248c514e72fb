"""Who saw what of a person: the ledger as the person, and those who watch over the wall, may read it."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Response

from gateway import views
from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.firewall import Rejected, pass_through
from gateway.languages import preferred
from gateway.ledger import Recorded
from gateway.parts import Gateway
from gateway.replies import Json, Reply, respond
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.headers import CallerStates
from gateway.routes.people import PersonId
from gateway.routes.selection import bound, open_cursor
from stena.contracts.catalogue import Catalogue
from stena.problems import Forbidden

log = structlog.get_logger()

router = APIRouter(prefix="/v1/persons/{id}", tags=["Disclosures"])

READ_LEDGER = Question("read", "ledger", "person")

Entries = tuple[Sequence[Recorded], bool, Catalogue]


@router.get(
    "/disclosures", operation_id="listDisclosures", summary="Who saw what of a person", response_model=views.DisclosurePage
)
async def list_disclosures(
    person: PersonId,
    states: CallerStates,
    gateway: Gateway,
    accept_language: AcceptLanguage = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
) -> Response:
    """Newest first: answers, denials and changes that concern the person (GDPR Art 15(1)(c)). Names of attributes,
    never values."""

    async def fetch(permit: Permit) -> Entries:
        _require_unconditional(permit)
        before = None
        if cursor is not None:
            before = UUID(open_cursor(gateway, cursor, bound(permit, "disclosures", permit.person)))
        found = await gateway.ledger.of_person(UUID(permit.person), limit + 1, before)
        return found[:limit], len(found) > limit, await gateway.rulebook.catalogue(permit.rulebook)

    def redact(permit: Permit, entries: Entries) -> Shown[Reply]:
        rows, more, catalogue = entries
        following = None
        if more:
            following = gateway.cursors.seal(str(rows[-1].entry_id), bound(permit, "disclosures", permit.person))
        shown = [_disclosure(row, catalogue, accept_language) for row in rows]
        return Shown(Reply({"disclosures": shown, "next": following}), (Seen(permit.person or ""),))

    return respond(await pass_through(gateway.wall, Call(states, (READ_LEDGER,), person), fetch, redact))


def _require_unconditional(permit: Permit) -> None:
    """INVARIANT: what cannot be enforced is refused, and a condition on facts cannot be enforced where no facts are."""
    if permit.grant.rows is not True:
        log.error("the rulebook lets the ledger be read under a condition on facts", purpose=permit.grant.purpose)
        raise Rejected(Forbidden("The ledger of a person is not open to your organisation for this purpose."))


def _disclosure(row: Recorded, catalogue: Catalogue, accept_language: str | None) -> Json:
    names = {organisation.id: organisation.name for organisation in catalogue.organisations}
    titles = {purpose.id: purpose.titles for purpose in catalogue.purposes}
    return {
        "at": row.at,
        "organisation": row.organisation,
        "organisation_name": names.get(row.organisation, row.organisation),
        "purpose": row.purpose,
        "purpose_title": preferred(accept_language, titles.get(row.purpose, {"": row.purpose})),
        "operation": row.operation,
        "resource": row.resource,
        "outcome": row.outcome,
        "attributes": row.attributes,
        "emergency": row.access_id is not None,
        "decision": row.decision,
        "rulebook": row.rulebook,
    }
