"""Corrections under a grant (GDPR Art 16): proposed by the person, accepted or rejected by who may write the attribute.

An accepted one is a correction like any other: the earlier value goes to the history, and followers are told (Art 19).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.blurring import day_of
from profile_svc.matters import Matters, View
from profile_svc.noting import key_of
from profile_svc.persons import Statement, require_writable
from profile_svc.restricting import by_person
from profile_svc.sealing import PersonKey
from profile_svc.store import consents, corrections
from profile_svc.store.corrections import StoredCorrection
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.vault import Vault
from profile_svc.writing import Made, correct, locked
from stena.contracts.access import Grant
from stena.contracts.rights import CorrectionDecision, CorrectionState, NewCorrection

MOST_OPEN: Final = 100
"""So many proposals of one person wait at most: who decides has to be able to read them."""


class AlreadyDecided(Exception):
    """The correction was accepted, rejected or withdrawn; ``state`` says which."""

    def __init__(self, state: CorrectionState) -> None:
        self.state = state
        super().__init__(f"The correction is {state} already. A new one can be proposed.")


class TooManyOpen(Exception):
    """So many proposals wait for a decision that no more are taken."""


async def propose(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, wanted: NewCorrection, key: str | None
) -> Made:
    """Propose a value. Raises ``InvalidValues``, ``UnknownAttributes``, ``NotThere``, ``TooManyOpen``, ``KeyReused``."""
    _check(wanted, attributes)
    now, correction_id = datetime.now(UTC), uuid7()
    fingerprint = vault.blind("request", "correction", str(person_id), wanted.model_dump())
    async with vault.transaction() as connection:
        await locked(connection, person_id, grant.rows)
        opener = await key_of(vault, person_id)
        earlier = await claim(connection, Claim(grant.organisation, key, fingerprint, person_id, correction_id))
        if earlier is None:
            _require_room(await corrections.of_person(connection, person_id))
            sealed = opener.seal(_name(correction_id), [wanted.value, wanted.reason])
            new = StoredCorrection(person_id, correction_id, wanted.attribute, sealed, now, grant.organisation)
            await corrections.add(connection, new)
        name = CORRECTIONS.name(vault, grant, earlier or correction_id)
        made = await CORRECTIONS.find(vault, connection, grant, person_id, name)
    return Made(view_of(vault, grant, opener, made), earlier is None)


async def withdraw(vault: Vault, grant: Grant, person_id: UUID, name: str) -> View:
    """Take a proposal back; again is as good as once. Raises ``NotThere``, ``AlreadyDecided``."""
    async with vault.transaction() as connection:
        await locked(connection, person_id, grant.rows)
        correction = await CORRECTIONS.find(vault, connection, grant, person_id, name)
        if correction.state not in ("open", "withdrawn"):
            raise AlreadyDecided(correction.state)
        if correction.state == "open":
            now = datetime.now(UTC)
            await corrections.close(connection, correction, state="withdrawn", decided_at=now, decided_by=grant.organisation)
        withdrawn = await CORRECTIONS.find(vault, connection, grant, person_id, name)
    return view_of(vault, grant, await key_of(vault, person_id), withdrawn)


async def decide(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, name: str, decision: CorrectionDecision
) -> View:
    """Accept or reject. Raises ``InvalidValues``, ``NotThere``, ``NotWritable``, ``AlreadyDecided``."""
    if decision.outcome == "rejected" and decision.reason is None:
        raise InvalidValues([Fault(("reason",), "is missing: the person is told why it is not corrected")])
    now = datetime.now(UTC)
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        correction = await CORRECTIONS.find(vault, connection, grant, person_id, name)
        if correction.state != "open":
            raise AlreadyDecided(correction.state)
        opener = await key_of(vault, person_id)
        if decision.outcome == "accepted":
            value, _ = opener.unseal(_name(correction.correction_id), correction.sealed)
            # The rulebook may have changed since it was proposed.
            attributes.check_values({correction.attribute: value})
            person = await consents.refreshed(connection, person, now)
            require_writable(grant.write, [correction.attribute], person.facts)
            await correct(vault, connection, person, _statement(correction, value, decision, grant, now), attributes)
        await corrections.close(connection, correction, **_decided(correction, decision, grant, opener, now))
    decided = {
        "state": decision.outcome,
        "decided_at": now,
        "decided_by": grant.organisation,
        "decision_reason": decision.reason,
    }
    return view_of(vault, grant, opener, correction) | decided


def view_of(vault: Vault, grant: Grant, key: PersonKey, correction: StoredCorrection) -> View:
    """A ``stena.contracts.rights.Correction`` as JSON: to an organisation with the day for the moment, and no reason of
    another's decision."""
    own = by_person(grant)
    value, reason = key.unseal(_name(correction.correction_id), correction.sealed)
    why = correction.sealed_decision if own or correction.decided_by == grant.organisation else None
    return {
        "id": CORRECTIONS.name(vault, grant, correction.correction_id),
        "person": str(correction.person_id),
        "attribute": correction.attribute,
        "value": value,
        "reason": reason,
        "state": correction.state,
        "proposed_at": correction.proposed_at if own else day_of(correction.proposed_at),
        "decided_at": correction.decided_at and (correction.decided_at if own else day_of(correction.decided_at)),
        "decided_by": correction.decided_by,
        "decision_reason": None if why is None else key.unseal(_decision(correction.correction_id), why),
    }


def _check(wanted: NewCorrection, attributes: Attributes) -> None:
    """As a value that is written, with what is wrong pointed at where it stands in this body."""
    try:
        attributes.check_values({wanted.attribute: wanted.value})
    except InvalidValues as error:
        raise InvalidValues(Fault(("value", *fault.path[2:]), fault.detail) for fault in error.faults) from error


def _require_room(known: Sequence[StoredCorrection]) -> None:
    if sum(each.state == "open" for each in known) >= MOST_OPEN:
        raise TooManyOpen(f"{MOST_OPEN} corrections wait for a decision. More are taken once some of them are decided.")


def _statement(correction: StoredCorrection, value: Any, decision: CorrectionDecision, grant: Grant, at: datetime) -> Statement:
    verified_by = {correction.attribute: grant.organisation} if decision.verified and value is not None else {}
    return Statement({correction.attribute: value}, by=correction.proposed_by, at=at, verified_by=verified_by)


def _decided(
    correction: StoredCorrection, decision: CorrectionDecision, grant: Grant, key: PersonKey, at: datetime
) -> dict[str, Any]:
    sealed = None if decision.reason is None else key.seal(_decision(correction.correction_id), decision.reason)
    return {"state": decision.outcome, "decided_at": at, "decided_by": grant.organisation, "sealed_decision": sealed}


def _name(correction_id: UUID) -> str:
    """What value and reason are sealed as; no attribute has such a name."""
    return f"correction {correction_id}"


def _decision(correction_id: UUID) -> str:
    return f"decision about correction {correction_id}"


CORRECTIONS: Final = Matters(
    kind="correction",
    id_of=lambda correction: correction.correction_id,
    raised=corrections.of_person,
    addressed=corrections.decidable,
    waiting=corrections.waiting,
    view_of=view_of,
)
