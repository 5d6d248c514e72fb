"""How groups fare in rankings. Ids go from matching-svc to profile-svc, which alone knows groups; only its report goes on.

INVARIANT: no id that is gathered here leaves, and neither service learns what the other knows.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from fastapi import APIRouter, Response
from pydantic import ValidationError

from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import pass_through
from gateway.identity import Scope, Unreadable
from gateway.parts import Gateway, Parts
from gateway.redaction import Surplus
from gateway.replies import Reply, disclosure, respond
from gateway.routes.headers import CallerStates
from gateway.views.audit import AuditBody, AuditView
from stena.contracts.fairness import AuditReport, GroupQuestion, NewAudit, Outcomes
from stena.contracts.matching import KIND_PURPOSE, MATCHING_ORGANISATION

router = APIRouter(prefix="/v1/audits", tags=["Audits"])

AUDIT, OUTCOME = 0, 1
RUN = (Question("run", "audit"), Question("read", "outcome"))

WITHIN: Final = 60.0  # seconds; everybody who was considered is looked at

Model = TypeVar("Model", Outcomes, AuditReport)
Found = tuple[Outcomes, AuditReport]


@router.post(
    "",
    operation_id="runAudit",
    summary="How groups fare in rankings",
    response_model=AuditView,
    responses={
        404: {"description": "There is no such opportunity."},
        409: {"description": "Too few people to tell groups apart, or nearly those of an earlier audit."},
    },
)
async def run_audit(body: AuditBody, states: CallerStates, gateway: Gateway) -> Response:
    """Selection rates and exposure by group, with exact tests. Counts are to the nearest five, small ones are hidden, and an
    audit of almost the same people as an earlier one is refused. The same audit again gives the same answer as long as the same
    people are in it."""
    audit = NewAudit.model_validate(body.model_dump())

    async def fetch(permit: Permit) -> Found:
        outcomes = await _outcomes(gateway, permit, audit)
        scope = await gateway.decisions.scope(MATCHING_ORGANISATION, KIND_PURPOSE[outcomes.kind])
        question = await asyncio.to_thread(_question, gateway, audit, outcomes, scope)
        told = await gateway.profile.ask(
            "POST", ["audits"], permit.passes[AUDIT], within=WITHIN, json=question.model_dump(mode="json")
        )
        return outcomes, _read(AuditReport, told.body)

    def redact(permit: Permit, found: Found) -> Shown[Reply]:
        outcomes, report = found
        if report.attribute != audit.attribute:
            raise Surplus("another attribute")
        said = outcomes.model_dump(mode="json", include={"kind", "opportunities", "models", "decisions"})
        scope = audit.model_dump(mode="json", include={"opportunity", "since", "until"})
        return Shown(Reply({**report.model_dump(mode="json"), **said, **scope, "disclosure": disclosure(permit)}))

    return respond(await pass_through(gateway.wall, Call(states, RUN), fetch, redact))


async def _outcomes(gateway: Parts, permit: Permit, audit: NewAudit) -> Outcomes:
    """The attribute stays here: matching-svc is not to learn what people are being looked at for."""
    scope = audit.model_dump(mode="json", exclude={"attribute"})
    answer = await gateway.matching.ask("POST", ["audits", "outcomes"], permit.passes[OUTCOME], within=WITHIN, json=scope)
    return _read(Outcomes, answer.body)


def _question(gateway: Parts, audit: NewAudit, outcomes: Outcomes, scope: Scope) -> GroupQuestion:
    """What profile-svc is asked, by its own ids."""
    try:
        internal = {each: gateway.ids.open(each, scope) for each in {*outcomes.considered, *outcomes.shown}}
    except Unreadable:
        raise Surplus("an id is not of matching-svc") from None

    def opened(ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(internal[each] for each in ids)

    return GroupQuestion(
        attribute=audit.attribute,
        considered=opened(outcomes.considered),
        shown=opened(outcomes.shown),
        selected=opened(outcomes.selected),
        rejected=opened(outcomes.rejected),
        exposure={internal[each]: seen for each, seen in outcomes.exposure.items()},
    )


def _read(form: type[Model], body: Mapping[str, Any]) -> Model:
    """What a source answered, if it is that and nothing besides."""
    try:
        return form.model_validate(body)
    except ValidationError as error:
        raise Surplus("no answer to an audit", {str(each["loc"][0]) for each in error.errors() if each["loc"]}) from None
