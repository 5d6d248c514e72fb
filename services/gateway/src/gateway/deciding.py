"""Step 2: put the call's questions to policy-svc, and believe a permit only if its grant binds exactly what was asked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import structlog
from pydantic import ValidationError

from gateway.calls import Call, Caller, Decision, Deny, Pass, Permit, Question
from gateway.firewall import PARTS_OF_PARTS, Undecided
from gateway.identity import PairwiseIds, Reach, Scope, Unreadable, nobody
from gateway.merged import MergedPeople
from gateway.upstreams import Policy
from gateway.whose import SOURCE, Whose
from stena.contracts.access import ANY_ID, Action, Evaluation, EvaluationResponse, Grant, Reason, Resource, Subject
from stena.contracts.catalogue import Catalogue, Emergency
from stena.problems import Problem
from stena.upstreams import PolicyService

log = structlog.get_logger()

AUDIENCE: Final[Mapping[str, str]] = {
    "person": "profile-svc",
    "consent": "profile-svc",
    "note": "profile-svc",
    "case": "profile-svc",
    "referral": "profile-svc",
    "correction": "profile-svc",
    "objection": "profile-svc",
    "restriction": "profile-svc",
    "retention": "profile-svc",
    "sign-in": "profile-svc",
    "audit": "profile-svc",
    "opportunity": "matching-svc",
    "selection": "matching-svc",
    "outcome": "matching-svc",
    "rulebook": "policy-svc",
}
"""Who obeys a grant on each kind of resource; the gateway itself for every other one."""


class DecisionPoint:
    """``decide`` is the wall's second step."""

    def __init__(self, policy: Policy, service: PolicyService, ids: PairwiseIds, merged: MergedPeople, whose: Whose) -> None:
        self._policy = policy
        self._service = service
        self._ids = ids
        self._merged = merged
        self._whose = whose

    async def decide(self, caller: Caller, call: Call) -> Decision:
        """Permit if every question is permitted, else the first refusal; raises ``Undecided``."""
        try:
            for _ in range(PARTS_OF_PARTS):
                decision = await self._decide(caller, call)
                if isinstance(decision, Deny) or not await self._whose.put_right(decision):
                    return decision
        except (Problem, ValidationError, ValueError) as error:
            raise Undecided from error
        raise Undecided

    async def _decide(self, caller: Caller, call: Call) -> Decision:
        if caller.person is not None:
            caller = replace(caller, person=await self._merged.now(caller.person))
        reach = reach_of(await self._service.catalogue(), call.stated.purpose)
        person, answers = await self._asked(caller, call, reach)
        decided = await self._service.catalogue(answers[0].context.rulebook)
        if reach_of(decided, call.stated.purpose) != reach:
            # Another rulebook decides since, under which ids reach otherwise: the person has to be named anew.
            reach = reach_of(decided, call.stated.purpose)
            person, answers = await self._asked(caller, call, reach)
        refusals = [answer for answer in answers if not answer.decision]
        if refusals:
            return _deny(refusals[0], person)
        permit = await self._permit(caller, call, person, answers, reach)
        return replace(permit, emergency=emergency_of(decided, call.stated.purpose))

    async def scope(self, organisation: str, purpose: str) -> Scope:
        """How people are named to ``organisation`` under ``purpose``; raises ``Unavailable``."""
        return Scope(reach_of(await self._service.catalogue(), purpose), organisation, purpose)

    async def _opened(self, caller: Caller, call: Call, reach: Reach) -> str | None:
        if call.person is None:
            return None
        try:
            opened = self._ids.open(call.person, Scope(reach, caller.organisation, call.stated.purpose))
        except Unreadable:
            return nobody(call.person)
        return await self._merged.now(opened)

    async def _asked(self, caller: Caller, call: Call, reach: Reach) -> tuple[str | None, tuple[EvaluationResponse, ...]]:
        """The person that the call is about, if its id is read with ``reach``, and the answer to every question."""
        person = await self._opened(caller, call, reach)
        asked = [_evaluation(caller, call, question, person) for question in call.questions]
        answers = await self._policy.evaluate(asked)
        if len(answers) != len(asked):
            raise ValueError("policy-svc did not answer every question")
        return person, answers

    async def _permit(
        self, caller: Caller, call: Call, person: str | None, answers: tuple[EvaluationResponse, ...], reach: Reach
    ) -> Permit:
        passes, whose = tuple([await self._pass(answer.context.grant) for answer in answers]), None
        first = answers[0].context
        for question, granted, answer in zip(call.questions, passes, answers, strict=True):
            bound = _binding(caller, call, question, person) | {"ids": reach, "rulebook": first.rulebook}
            _check_binding(granted.grant, bound)
            if answer.context.whose is not None:
                whose = await self._pass(answer.context.whose)
                _check_binding(whose.grant, bound | {"aud": SOURCE})
        rules = tuple(dict.fromkeys(rule for answer in answers for rule in answer.context.rules))
        return Permit(first.id, first.rulebook, rules, passes, person, whose)

    async def _pass(self, token: str | None) -> Pass:
        if token is None:
            raise ValueError("a permit without a grant")
        return Pass(await self._service.authentic(token), token)


def reach_of(catalogue: Catalogue, purpose: str) -> Reach:
    """How far ids reach under ``purpose``. One that the rulebook does not know is refused anyway."""
    return next((known.ids for known in catalogue.purposes if known.id == purpose), "organisation")


def emergency_of(catalogue: Catalogue, purpose: str) -> Emergency | None:
    """What makes ``purpose`` one that breaks the glass, if it does."""
    return next((known.emergency for known in catalogue.purposes if known.id == purpose), None)


def target_of(question: Question, call: Call, person: str | None) -> str | None:
    """The id of the one record that a question is about; ``None`` for many."""
    return {"person": person, "opportunity": call.opportunity, "referral": call.referral, None: None}[question.about]


def _evaluation(caller: Caller, call: Call, question: Question, person: str | None) -> Evaluation:
    stated = call.stated
    return Evaluation(
        subject=Subject(
            type="organisation",
            id=caller.organisation,
            properties=_given(client=caller.client, acting_user=stated.acting_user, person=caller.person),
        ),
        action=Action(name=question.operation),
        resource=Resource(type=question.resource, id=target_of(question, call, person) or ANY_ID),
        context=_given(purpose=stated.purpose, case=stated.case, justification=stated.justification),
    )


def _given(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _deny(answer: EvaluationResponse, person: str | None) -> Deny:
    context = answer.context
    if context.alert:
        log.warning("forbidden purpose claimed", decision=context.id, reason=context.reason)
    return Deny(context.id, context.rulebook, context.rules, context.reason or Reason.DENIED_BY_RULE, context.alert, person)


def _binding(caller: Caller, call: Call, question: Question, person: str | None) -> dict[str, str | None]:
    """The members of a grant that have to be exactly what was asked."""
    return {
        "aud": AUDIENCE.get(question.resource, "gateway"),
        "organisation": caller.organisation,
        "client": caller.client,
        "acting_user": call.stated.acting_user,
        "case": call.stated.case,
        "purpose": call.stated.purpose,
        "operation": question.operation,
        "resource": question.resource,
        "target": target_of(question, call, person),
    }


def _check_binding(grant: Grant, binding: Mapping[str, str | None]) -> None:
    """INVARIANT: a grant for another caller, call, purpose, record or rulebook is no decision at all."""
    unbound = sorted(name for name, asked in binding.items() if getattr(grant, name) != asked)
    if unbound:
        log.error("grant does not bind the call", members=unbound)
        raise ValueError("the grant does not bind the call")
