"""What can be consented to, and who can do it: refused here before anything is stored. Pure.

INVARIANT: consent is never asked for where the law is the basis: its withdrawal would promise what does not happen.
"""

from datetime import datetime, timedelta
from typing import Final

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.said import decides
from stena.contracts.catalogue import CONSENT_BASES
from stena.contracts.consents import ConsentRecord, GivenBy

LONGEST: Final = timedelta(days=100 * 366)
"""Nobody consents for longer than they live. What has no end has none, and is no far day."""


class NotABasis(Exception):
    """Nothing of the purpose rests on consent. ``legal_bases`` are those that it does rest on."""

    def __init__(self, purpose: str, legal_bases: tuple[str, ...]) -> None:
        self.legal_bases = legal_bases
        because = f"it rests on law ({', '.join(legal_bases)}) and goes on without it" if legal_bases else "no rule asks for it"
        super().__init__(
            f"Nothing of {purpose} rests on consent: {because}. To record one would promise that its withdrawal ends something."
        )


class GuardianNeeded(Exception):
    """The person is under age; what they say for themselves can be a no, and not a yes."""


class GuardianNotEntitled(Exception):
    """The person is of age and decides alone."""


class ChildDisagrees(Exception):
    """A guardian consents against the child's will, and nobody says how that was weighed."""


def require_possible(record: ConsentRecord, purpose: str, attributes: Attributes, now: datetime) -> None:
    """That the rulebook has something to consent to here. Raises ``InvalidValues``, ``NotABasis``."""
    if purpose not in attributes.purposes:
        raise InvalidValues([Fault(("purpose",), "is not a purpose of the rulebook")])
    if purpose not in attributes.consents:
        raise NotABasis(purpose, tuple(basis for basis in attributes.legal_bases[purpose] if basis not in CONSENT_BASES))
    faults = []
    if record.recipient is not None and record.recipient not in recipients(purpose, attributes, now):
        faults.append(Fault(("recipient",), "is not an organisation that is approved for this purpose"))
    if record.expires_at is not None and not now < record.expires_at <= now + LONGEST:
        faults.append(
            Fault(("expires_at",), "has to be a moment to come within a hundred years; absent: until it is withdrawn")
        )
    if faults:
        raise InvalidValues(faults)


def recipients(purpose: str, attributes: Attributes, now: datetime) -> tuple[str, ...]:
    """Who is approved for the purpose, today or from a later day on."""
    day = now.date().isoformat()
    approved = attributes.consents[purpose].recipients if purpose in attributes.consents else ()
    return tuple(sorted({each.organisation for each in approved if each.valid_until >= day}))


def require_competent(record: ConsentRecord, minor: bool) -> None:
    """That whoever decided can: raises ``GuardianNeeded``, ``GuardianNotEntitled``, ``ChildDisagrees``.

    A child's own no needs nobody's leave. Its disagreement with a guardian's yes is no veto but has to be given weight
    (CRC Art 12): without a word of how it was weighed the consent is not recorded.
    """
    require_entitled(record.given_by, minor)
    if record.state == "given" and record.given_by != decides(minor):
        raise GuardianNeeded("This person is under age: their guardian gives consent, and their own view stands beside it.")
    if record.state == "given" and record.child_view == "disagrees" and record.child_view_reason is None:
        raise ChildDisagrees(
            "The child disagrees. Record a refusal; or say in child_view_reason how its view was weighed, if the consent is to "
            "stand nonetheless."
        )


def require_entitled(given_by: GivenBy, minor: bool) -> None:
    if given_by == "guardian" and not minor:
        raise GuardianNotEntitled("This person is of age: nobody decides about consent for them.")
