"""The decision point of a plain rulebook. It answers and signs nothing: no service behind it would ask for a grant."""

from dataclasses import dataclass

from uuid_utils import uuid7

from policy_svc.claims import Claim
from policy_svc.enforcement_points import EnforcementPoints
from policy_svc.metrics import DECISIONS, SECONDS
from policy_svc.plain import PlainRulebook, decide_plain
from stena.contracts.access import DecisionContext, Evaluation, EvaluationResponse


@dataclass(frozen=True)
class PlainDecisionPoint:
    rulebook: PlainRulebook
    enforcement_points: EnforcementPoints

    def evaluate(self, evaluation: Evaluation) -> EvaluationResponse:
        with SECONDS.measured():
            decision = decide_plain(self.rulebook, evaluation)
        DECISIONS.add("permit" if decision.permit else "deny", decision.reason or "")
        context = DecisionContext(
            id=f"dec_{uuid7()}", rulebook=self.rulebook.revision, reason=decision.reason, rules=decision.rules
        )
        return EvaluationResponse(decision=decision.permit, context=context)

    def permits(self, evaluation: Evaluation) -> bool:
        return decide_plain(self.rulebook, evaluation).permit

    def claims(self, evaluation: Evaluation) -> tuple[Claim, ...]:
        return self.rulebook.entities.claims(evaluation)

    def actions(self, resource_type: str) -> tuple[str, ...]:
        """The actions that an allow rule names, whatever the resource."""
        return tuple(self.rulebook.plans)
