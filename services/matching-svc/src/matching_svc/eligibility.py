"""What an approval of a condition on a protected attribute wants: an end, and a second person. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from matching_svc.gates_conditions import ORDINARY
from matching_svc.opportunities import Fault
from stena.contracts.eligibility import Approval, NewApproval
from stena.contracts.matching import Condition, NewOpportunity

LONGEST: Final = timedelta(days=731)
"""After two years the reasons are looked at again."""


def faults(new: NewApproval, today: date) -> list[Fault]:
    """Everything wrong with a proposal whose form is right."""
    found: list[Fault] = []
    if new.attribute in ORDINARY:
        found.append((("attribute",), "A condition on this needs no approval."))
    if not today <= new.expires_on <= today + LONGEST:
        found.append((("expires_on",), "It ends today at the earliest and in two years at the latest."))
    if (new.operator == "in") != isinstance(new.value, tuple) or new.value == ():
        found.append((("value",), "A list that is not empty for in, one value for eq."))
    return found


def is_second_person(approval: Approval, organisation: str, acting_user: str) -> bool:
    """INVARIANT: nobody approves what they proposed, however they write their name."""
    same_user = acting_user.strip().casefold() == approval.proposed_by.strip().casefold()
    return organisation != approval.owner or not same_user


def unapproved(opportunity: NewOpportunity, owner: str, known: Mapping[str, Approval], today: date) -> list[Fault]:
    """Conditions that name an approval which does not carry them."""
    return [
        (("eligibility", at, "approval"), "No live approval of your organisation says exactly this.")
        for at, condition in enumerate(opportunity.eligibility)
        if condition.approval is not None and not rests_on(condition, owner, known.get(condition.approval), today)
    ]


def stands(opportunity: NewOpportunity, owner: str, known: Mapping[str, Approval], today: date) -> bool:
    """Whether people may be found for it today. INVARIANT: an opportunity whose condition rests on no live approval is neither
    asked about nor open to everybody: it is matched with nobody, until somebody approves the condition anew or takes it out."""
    return not unapproved(opportunity, owner, known, today)


def asked(opportunity: NewOpportunity) -> tuple[Condition, ...]:
    """The conditions that only the source can tell."""
    return tuple(condition for condition in opportunity.eligibility if condition.approval is not None)


def rests_on(condition: Condition, owner: str, approval: Approval | None, today: date) -> bool:
    """Whether a condition is exactly what two persons of its owner, or one and the privacy office, approved until today."""
    return (
        approval is not None
        and approval.owner == owner
        and approval.approved is not None
        and approval.withdrawn is None
        and today <= approval.expires_on
        and (approval.attribute, approval.operator, approval.value)
        == (condition.attribute, condition.operator, condition.value)
    )
