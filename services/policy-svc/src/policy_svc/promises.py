"""What the wall promises an organisation: for each purpose that it is approved for, what would be disclosed. No data needed."""

from collections.abc import Iterable
from datetime import UTC, datetime

from policy_svc.approvals import Approval, Approved
from policy_svc.decisions import Decision, decide
from policy_svc.rulebook import Rulebook
from policy_svc.vocabulary import DISCLOSING, OPERATIONS
from stena.contracts.access import ANY_ID, Action, Evaluation, Resource, Subject
from stena.contracts.catalogue import Promise, Promises

SOMEONE = "someone"
REASON = "whatever has to be said, said at any length that may be asked for. " * 20


def promises(rulebook: Rulebook, approved: Approved, now: datetime) -> Promises:
    """One promise for each purpose and each live approval that covers it, in the rulebook's order of purposes."""
    day = now.astimezone(UTC).date()
    found = tuple(
        _promise(rulebook, approved, purpose, approval, now)
        for purpose in rulebook.purposes
        for approval in approved.covering(purpose)
        if approval.live(day)
    )
    return Promises(organisation=approved.organisation, revision=rulebook.revision, promises=found)


def _promise(rulebook: Rulebook, approved: Approved, purpose: str, approval: Approval, now: datetime) -> Promise:
    permits = {(kind, operation): decision for kind, operation, decision in _permits(rulebook, approved, purpose, now)}
    showing = [decision for asked, decision in permits.items() if asked in DISCLOSING]
    return Promise(
        purpose=rulebook.purposes[purpose],
        operations=tuple(operation if kind == "person" else f"{kind}:{operation}" for kind, operation in permits),
        disclose=dict(showing[0].disclose) if showing else {},
        withhold=dict(showing[0].withhold) if showing else {},
        legal_basis=approval.legal_basis,
        regions=tuple(sorted(approval.regions)),
        valid_from=approval.first.isoformat(),
        valid_until=approval.last.isoformat(),
    )


def _permits(rulebook: Rulebook, approved: Approved, purpose: str, now: datetime) -> Iterable[tuple[str, str, Decision]]:
    """The operations that would be permitted to a caller who states a case and a reason, on one record or on many."""
    for kind, operations in OPERATIONS.items():
        for operation in operations:
            for record in (SOMEONE, ANY_ID):
                decision = decide(rulebook, _question(approved, purpose, kind, operation, record), now)
                if decision.permit:
                    yield kind, operation, decision
                    break


def _question(approved: Approved, purpose: str, kind: str, operation: str, record: str) -> Evaluation:
    # A data subject's own client asks about itself: the promise to it is what it would see of itself.
    known = {"person": SOMEONE, "acting_user": SOMEONE}
    return Evaluation(
        subject=Subject(type="organisation", id=approved.organisation.id, properties=known),
        action=Action(name=operation),
        resource=Resource(type=kind, id=record),
        context={"purpose": purpose, "case": SOMEONE, "justification": REASON},
    )
