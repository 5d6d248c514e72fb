"""The list for review: every glass that was broken, and what came of it. It is read and judged, and nothing on it is changed.

INVARIANT: only the grant's rows are shown and judged; the rulebook leaves out of them what the caller's organisation did.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from gateway import access_ids
from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.firewall import NotVisible, Rejected, pass_through
from gateway.languages import preferred
from gateway.parts import Gateway
from gateway.redaction import check_rows
from gateway.replies import Json, Names, Reply, replayed, respond
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.headers import CallerStates, IdempotencyKey
from gateway.routes.selection import Cursor, Limit, bound, open_cursor
from gateway.store import emergencies
from gateway.store.emergencies import Review, Reviewable
from gateway.views import people as views
from gateway.views.review import ReviewOutcome, ReviewPage, ReviewView
from stena.contracts.catalogue import Catalogue
from stena.contracts.condition import facts_used
from stena.problems import Conflict, Forbidden

router = APIRouter(prefix="/v1/reviews", tags=["Reviews"])

LIST = Question("list", "review")
RECORD = Question("record", "review")

Found = tuple[list[Reviewable], bool, Catalogue]
Judged = tuple[Reviewable, bool, Catalogue]


@router.get("", operation_id="listReviews", summary="Whose glass was broken", response_model=ReviewPage)
async def list_reviews(
    states: CallerStates,
    gateway: Gateway,
    state: Annotated[Literal["open", "done"], Query(description="Still to be reviewed, or reviewed.")] = "open",
    accept_language: AcceptLanguage = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Oldest first. What was shown to whom stands in `GET /v1/persons/{id}/disclosures`; values stand nowhere."""

    async def fetch(permit: Permit) -> Found:
        _require_enforceable(permit)
        after = None if cursor is None else UUID(open_cursor(gateway, cursor, bound(permit, "reviews", state)))
        found = await emergencies.page(gateway.engine, permit.grant.rows, state, after, limit + 1)
        return found[:limit], len(found) > limit, await gateway.rulebook.catalogue(permit.rulebook)

    def redact(permit: Permit, found: Found) -> Shown[Reply]:
        page, more, catalogue = found
        shown = [_shown(permit, each, Names(gateway.ids, permit), catalogue, accept_language) for each in page]
        following = None
        if more:
            following = gateway.cursors.seal(str(page[-1].access.access_id), bound(permit, "reviews", state))
        people = dict.fromkeys(Seen(str(each.access.person_id)) for each in page)
        return Shown(Reply({"reviews": shown, "next": following}), tuple(people))

    return respond(await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact))


@router.post(
    "/{id}/outcome",
    operation_id="recordReview",
    summary="Say whether it was right",
    status_code=201,
    response_model=ReviewView,
    responses={
        200: {"model": ReviewView, "description": "Done before with this key: that review."},
        409: {"description": "It has been reviewed, or the key was used for another review."},
    },
)
async def record_review(
    access: Annotated[str, Path(alias="id", description="Of an entry of the list.", examples=[views.ACCESS_ID])],
    body: ReviewOutcome,
    states: CallerStates,
    key: IdempotencyKey,
    gateway: Gateway,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Once, and for good. Nobody reviews what their own organisation did: to them it is not there."""

    async def fetch(permit: Permit) -> Judged:
        _require_enforceable(permit)
        catalogue = await gateway.rulebook.catalogue(permit.rulebook)
        access_id, said = access_ids.named(access), _said(permit, body, key)
        if access_id is None:
            raise NotVisible
        kept = await emergencies.review_once(gateway.engine, access_id, permit.grant.rows, said)
        if kept is None or kept.review is None:
            raise NotVisible
        return kept, _is_repeated(kept.review, said), catalogue

    def redact(permit: Permit, judged: Judged) -> Shown[Reply]:
        kept, repeated, catalogue = judged
        content = _shown(permit, kept, Names(gateway.ids, permit), catalogue, accept_language)
        return Shown(Reply(content, 200 if repeated else 201, replayed(repeated)), (Seen(str(kept.access.person_id)),))

    return respond(await pass_through(gateway.wall, Call(states, (RECORD,)), fetch, redact))


def _require_enforceable(permit: Permit) -> None:
    """What cannot be enforced is refused: of a review's facts there is but one."""
    if facts_used(permit.grant.rows) - {"created_by"}:
        raise Rejected(Forbidden("Reviews are not open to your organisation for this purpose."))


def _said(permit: Permit, body: ReviewOutcome, key: str | None) -> Review:
    grant, now = permit.grant, datetime.now(UTC)
    return Review(body.outcome, body.comment, now, grant.organisation, grant.acting_user, permit.id, key)


def _is_repeated(kept: Review, said: Review) -> bool:
    """False for the review that was just recorded; true for the same one sent again; any other is a 409."""
    if kept.decision == said.decision:
        return False
    if said.idempotency_key is None or (kept.reviewed_by, kept.idempotency_key) != (said.reviewed_by, said.idempotency_key):
        raise Rejected(Conflict("This access has been reviewed. A review is never changed.", slug="already-reviewed"))
    if (kept.outcome, kept.comment) != (said.outcome, said.comment):
        detail = "The same Idempotency-Key came before with another review."
        raise Rejected(Conflict(detail, slug="idempotency-key-reused"))
    return True


def _shown(permit: Permit, each: Reviewable, name: Names, catalogue: Catalogue, accept_language: str | None) -> Json:
    access, review = each.access, each.review
    check_rows(permit.grant, created_by=access.organisation)
    organisations = {organisation.id: organisation.name for organisation in catalogue.organisations}
    titles = {purpose.id: purpose.titles for purpose in catalogue.purposes}
    judged = None
    if review is not None:
        judged = {key: getattr(review, key) for key in ("outcome", "comment", "reviewed_at", "reviewed_by", "acting_user")}
    return {
        "id": access_ids.name(access.access_id),
        "state": "open" if review is None else "done",
        "opened_at": access.opened_at,
        "ends_at": access.ends_at,
        "person": name(str(access.person_id)),
        "organisation": access.organisation,
        "organisation_name": organisations.get(access.organisation, access.organisation),
        "acting_user": access.acting_user,
        "purpose": access.purpose,
        "purpose_title": preferred(accept_language, titles.get(access.purpose, {"": access.purpose})),
        "justification": access.justification,
        "decision": access.decision,
        "review": judged,
    }
