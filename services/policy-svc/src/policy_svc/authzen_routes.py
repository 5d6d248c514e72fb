"""AuthZEN's calls over HTTP, the same whatever kind of rulebook decides. Nothing is decided here."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Final, Protocol

import orjson
from fastapi import APIRouter, Depends, Request, Response

from policy_svc.authzen import Batch, read_action_search, read_evaluation, read_evaluations
from policy_svc.bodies import body_of
from policy_svc.claims import Claim
from policy_svc.decision_log import record_of
from policy_svc.enforcement_points import EnforcementPoints
from stena.contracts.access import Evaluation, EvaluationResponse
from stena.problems import BadRequest
from stena.shortcuts import Shortcut

router = APIRouter(prefix="/access/v1")


class Decider(Protocol):
    """A decision point, as far as its callers are concerned."""

    @property
    def enforcement_points(self) -> EnforcementPoints: ...

    def evaluate(self, evaluation: Evaluation) -> EvaluationResponse: ...

    def claims(self, evaluation: Evaluation) -> tuple[Claim, ...]:
        """What the caller has no right to say."""
        ...

    def actions(self, resource_type: str) -> tuple[str, ...]:
        """Every action that a rule knows for resources of this type."""
        ...

    def permits(self, evaluation: Evaluation) -> bool:
        """What ``evaluate`` would decide, without what goes with an answer: nothing is signed or counted."""
        ...


async def known_caller_s_decider(request: Request) -> Decider:
    """What decides, the same for the whole call, whatever is activated meanwhile: for a caller with a key, and for no other."""
    now: Callable[[], Decider] = request.app.state.decider
    point = now()
    record_of(request.scope).caller = point.enforcement_points.identify(request.headers.get("authorization"))
    return point


# One dependency, since each costs a tenth of the time in which a question is answered.
Point = Annotated[Decider, Depends(known_caller_s_decider)]


@router.post("/evaluation")
async def evaluation(request: Request, point: Point) -> Response:
    """One question. A deny is 200 with ``decision: false``."""
    question = read_evaluation(request.headers.get("content-type"), await body_of(request), point.claims)
    return _json(_answer(request, point, question))


@router.post("/evaluations")
async def evaluations(request: Request, point: Point) -> Response:
    """Several questions, answered in their order as far as the semantic wants; one that is malformed is denied in its place."""
    asked = read_evaluations(request.headers.get("content-type"), await body_of(request), point.claims)
    if isinstance(asked, Evaluation):
        return _json(_answer(request, point, asked))
    return _json({"evaluations": _answers(request, point, asked)})


@router.post("/search/action")
async def action_search(request: Request, point: Point) -> Response:
    """The actions that would be permitted, all in one page: ``next_token`` is empty."""
    search = read_action_search(request.headers.get("content-type"), await body_of(request), point.claims)
    permitted = [action for action in point.actions(search.resource.type) if point.permits(search.question(action))]
    record_of(request.scope).outcomes.append({"permitted": len(permitted)})
    return _json({"results": [{"name": name} for name in permitted], "page": {"next_token": "", "count": len(permitted)}})


async def _evaluations_at_once(request: Request) -> Response:
    return await evaluations(request, await known_caller_s_decider(request))


SHORTCUT: Final = Shortcut("POST", "/access/v1/evaluations", re.compile("/access/v1/evaluations"), _evaluations_at_once)


def _answers(request: Request, point: Decider, batch: Batch) -> list[dict[str, Any]]:
    answers = []
    for question in batch.questions:
        answers.append(_answer(request, point, question))
        if batch.semantic.ends_with(answers[-1]["decision"]):
            break
    return answers


def _answer(request: Request, point: Decider, question: Evaluation | BadRequest) -> dict[str, Any]:
    outcomes = record_of(request.scope).outcomes
    if isinstance(question, BadRequest):
        outcomes.append({"decision": False, "error": question.slug})
        error = {"status": question.status, "message": question.detail, **question.members}
        return {"decision": False, "context": {"error": error}}
    answer = point.evaluate(question)
    outcomes.append({"id": answer.context.id, "decision": answer.decision, "reason": answer.context.reason})
    # Parameters without a value are left out, as AuthZEN wants it.
    return answer.model_dump(exclude_none=True)


def _json(answer: dict[str, Any]) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
