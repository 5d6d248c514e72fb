"""How long a record is kept: told to the person, and to whoever has to tell the person that it ends."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Response

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.languages import preferred
from gateway.parts import Gateway, Parts
from gateway.redaction import members
from gateway.replies import Json, Names, Reply, about_one, respond
from gateway.routes import waiting
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.headers import CallerStates
from gateway.routes.people import PersonId
from gateway.routes.selection import Cursor, Limit
from gateway.upstreams import Answer
from gateway.views import retention as views
from stena.contracts.catalogue import Catalogue
from stena.contracts.retention import Kept, Notice, NoticeOf, Owed, RecordRetention

router = APIRouter(prefix="/v1", tags=["Rights"])

READ = Question("read", "retention", "person")
LIST = Question("list", "retention")

_RETENTION: Final = frozenset(RecordRetention.model_fields)
_KEPT: Final = frozenset(Kept.model_fields)
_OWED: Final = frozenset(Owed.model_fields)
_NOTICE: Final = frozenset(Notice.model_fields)
_NOTICE_OF: Final = frozenset(NoticeOf.model_fields)


@router.get(
    "/persons/{id}/retention",
    operation_id="readRetention",
    summary="How long a record is kept, and why",
    response_model=views.RetentionView,
)
async def read_retention(
    person: PersonId, states: CallerStates, gateway: Gateway, accept_language: AcceptLanguage = None
) -> Response:
    """By the person: what keeps the own record, until when, and what of it the law forbids to erase."""

    async def fetch(permit: Permit) -> tuple[Answer, Catalogue]:
        answer = await gateway.profile.ask("GET", ["persons", permit.person or "", "retention"], permit.passes[0])
        return answer, await gateway.rulebook.catalogue(permit.rulebook)

    def redact(permit: Permit, found: tuple[Answer, Catalogue]) -> Shown[Reply]:
        answer, catalogue = found
        titles = {purpose.id: purpose.titles for purpose in catalogue.purposes}
        body = members(answer.body, _RETENTION, "retention")
        content = {
            "kept": [_kept(each, titles, accept_language) for each in body["kept"]],
            "duties": [_owed(each, accept_language) for each in body["duties"]],
            "ends_at": body["ends_at"],
            "notice": body["notice"] and members(body["notice"], _NOTICE, "notice"),
        }
        return about_one(permit, Reply(content))

    return respond(await pass_through(gateway.wall, Call(states, (READ,), person), fetch, redact))


@router.get(
    "/retention-notices",
    operation_id="listRetentionNotices",
    summary="Whose record ends soon",
    response_model=views.NoticePage,
)
async def list_notices(
    states: CallerStates,
    gateway: Gateway,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The people whom your organisation registered and who are to be told, by you too, that their record ends. Whoever is
    erased first comes first."""
    return await _WAITING.page(gateway, states, limit, cursor)


def _kept(kept: Any, titles: Mapping[str, Mapping[str, str]], accept_language: str | None) -> dict[str, Any]:
    known = members(kept, _KEPT, "what keeps a record")
    return {**known, "title": preferred(accept_language, titles.get(known["purpose"], {"": known["purpose"]}))}


def _owed(owed: Any, accept_language: str | None) -> dict[str, Any]:
    known = members(owed, _OWED, "duty")
    return {
        "duty": known["duty"],
        "title": preferred(accept_language, known["titles"]),
        "law": known["law"],
        "until": known["until"],
    }


def _notice(gateway: Parts, permit: Permit, notice: dict[str, Any]) -> Json:
    return {**members(notice, _NOTICE_OF, "notice"), "person": Names(gateway.ids, permit)(notice["person"])}


_WAITING: Final = waiting.Waiting(LIST, "retention-notices", "notices", _notice, known_by="person")
