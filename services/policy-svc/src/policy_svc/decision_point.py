"""The decision point in memory: rulebook, key and callers, put together to answer questions. It needs no database to decide."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from joserfc.jwk import OKPKey
from uuid_utils import uuid7

from policy_svc.claims import Claim, claims
from policy_svc.decisions import Decision, decide
from policy_svc.enforcement_points import EnforcementPoints
from policy_svc.granting import KNOWS_WHOSE, grant_text, is_of_ledger
from policy_svc.metrics import DECISIONS, FORBIDDEN, SECONDS
from policy_svc.promises import promises
from policy_svc.remembering import Memory
from policy_svc.rulebook import Rulebook
from policy_svc.vocabulary import OPERATIONS
from stena import grants
from stena.contracts.access import DecisionContext, Evaluation, EvaluationResponse
from stena.contracts.catalogue import Promises

log = structlog.get_logger()


@dataclass(frozen=True)
class DecisionPoint:
    rulebook: Rulebook
    key: OKPKey
    enforcement_points: EnforcementPoints
    catalogue: bytes = field(init=False, repr=False)
    """``GET /rulebook`` as it leaves: it never changes while the revision is active."""
    memory: Memory = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "memory", Memory(self.rulebook))
        object.__setattr__(self, "catalogue", self.rulebook.catalogue.model_dump_json(by_alias=True).encode())

    def evaluate(self, evaluation: Evaluation) -> EvaluationResponse:
        """Decide one question, and sign a grant for what is permitted."""
        with SECONDS.measured():
            return self._evaluate(evaluation)

    def _evaluate(self, evaluation: Evaluation) -> EvaluationResponse:
        now, decision_id = datetime.now(UTC), f"dec_{uuid7()}"
        decided = self.memory.decide(evaluation, now)
        decision = decided.decision
        _count(decision, evaluation, decision_id)
        context = DecisionContext(
            id=decision_id,
            rulebook=self.rulebook.revision,
            reason=decision.reason,
            rules=decision.rules,
            alert=decision.alert,
            grant=self._grant(decided.terms, evaluation, decision_id, now) if decision.permit else None,
            whose=self._whose(decided.terms, evaluation, decision_id, now) if decision.permit else None,
        )
        return EvaluationResponse(decision=decision.permit, context=context)

    def permits(self, evaluation: Evaluation) -> bool:
        """What ``evaluate`` would decide, with nothing counted or signed."""
        return decide(self.rulebook, evaluation, datetime.now(UTC)).permit

    def claims(self, evaluation: Evaluation) -> tuple[Claim, ...]:
        """What the caller has no right to say."""
        return claims(evaluation)

    def actions(self, resource_type: str) -> tuple[str, ...]:
        """The operations that exist on resources of this type; for an unknown one none."""
        return OPERATIONS.get(resource_type, ())

    def promises(self, organisation: str) -> Promises | None:
        """What the rulebook promises an organisation now; ``None`` if it knows none of that id."""
        approved = self.rulebook.organisations.get(organisation)
        return None if approved is None else promises(self.rulebook, approved, datetime.now(UTC))

    def _grant(self, terms: str, evaluation: Evaluation, decision_id: str, now: datetime) -> str:
        return grants.sign_text(grant_text(terms, evaluation, decision_id, now), self.key)

    def _whose(self, terms: str, evaluation: Evaluation, decision_id: str, now: datetime) -> str | None:
        if not is_of_ledger(evaluation):
            return None
        return grants.sign_text(grant_text(terms, evaluation, decision_id, now, KNOWS_WHOSE), self.key)


def _count(decision: Decision, evaluation: Evaluation, decision_id: str) -> None:
    DECISIONS.add("permit" if decision.permit else "deny", decision.reason or "")
    if decision.alert:
        FORBIDDEN.add()
        purpose = decision.purpose.id if decision.purpose else None
        log.warning("forbidden purpose claimed", decision=decision_id, organisation=evaluation.subject.id, purpose=purpose)
