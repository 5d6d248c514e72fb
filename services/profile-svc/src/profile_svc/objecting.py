"""Objections under a grant: made and taken back by the person, decided by each organisation that they are against.

INVARIANT: an organisation sees the objections that concern itself for the purpose of its grant, and of others' decisions none.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from profile_svc.attributes import Attributes
from profile_svc.blurring import day_of
from profile_svc.matters import Matters, View
from profile_svc.noting import key_of
from profile_svc.objections import Decided, Objected, covered
from profile_svc.restricting import by_person
from profile_svc.sealing import PersonKey
from profile_svc.store import objections
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.vault import Vault
from profile_svc.writing import Made, locked
from stena.contracts.access import Grant
from stena.contracts.rights import NewObjection, ObjectionRuling


async def object_to(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, wanted: NewObjection, key: str | None
) -> Made:
    """Record an objection; it takes effect with the transaction.

    Raises ``NothingToObjectTo``, ``NotThere``, ``KeyReused``."""
    now, objection_id = datetime.now(UTC), uuid7()
    others = [each for each in attributes.recipients.get(wanted.purpose, ()) if each.organisation not in attributes.services]
    covers = covered(others, wanted.recipient, now.date())
    fingerprint = vault.blind("request", "objection", str(person_id), wanted.model_dump())
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        opener = await key_of(vault, person_id)
        earlier = await claim(connection, Claim(grant.organisation, key, fingerprint, person_id, objection_id))
        if earlier is None:
            sealed = opener.seal(_name(objection_id), wanted.reason)
            await objections.add(
                connection, Objected(person_id, objection_id, wanted.purpose, wanted.recipient, covers, sealed, now)
            )
            await objections.refresh(connection, person, now)
        name = OBJECTIONS.name(vault, grant, earlier or objection_id)
        made = await OBJECTIONS.find(vault, connection, grant, person_id, name)
    return Made(view_of(vault, grant, opener, made), earlier is None)


async def withdraw(vault: Vault, grant: Grant, person_id: UUID, name: str) -> View:
    """Take an objection back; again is as good as once. Raises ``NotThere``."""
    now = datetime.now(UTC)
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        await objections.withdraw(connection, await OBJECTIONS.find(vault, connection, grant, person_id, name), now)
        await objections.refresh(connection, person, now)
        taken_back = await OBJECTIONS.find(vault, connection, grant, person_id, name)
    return view_of(vault, grant, await key_of(vault, person_id), taken_back)


async def decide(vault: Vault, grant: Grant, person_id: UUID, name: str, ruling: ObjectionRuling) -> View:
    """Say whether the own processing goes on; a later decision takes the place of the one before. Raises ``NotThere``."""
    now, decision_id = datetime.now(UTC), uuid7()
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        objection = await OBJECTIONS.find(vault, connection, grant, person_id, name)
        opener = await key_of(vault, person_id)
        sealed = opener.seal(_decision(decision_id), ruling.reason)
        await objections.decide(connection, objection, Decided(decision_id, grant.organisation, ruling.outcome, sealed, now))
        await objections.refresh(connection, person, now)
        decided = await OBJECTIONS.find(vault, connection, grant, person_id, name)
    return view_of(vault, grant, opener, decided)


def view_of(vault: Vault, grant: Grant, key: PersonKey, objection: Objected) -> View:
    """A ``stena.contracts.rights.Objection`` as JSON: to an organisation with days for moments, and its own decisions alone."""
    own = by_person(grant)
    told = [each for each in objection.decisions if own or each.organisation == grant.organisation]
    return {
        "id": OBJECTIONS.name(vault, grant, objection.objection_id),
        "person": str(objection.person_id),
        "purpose": objection.purpose,
        "recipient": objection.recipient,
        "covers": objection.covers if own else (grant.organisation,),
        "reason": key.unseal(_name(objection.objection_id), objection.sealed),
        "made_at": objection.made_at if own else day_of(objection.made_at),
        "withdrawn_at": objection.withdrawn_at and (objection.withdrawn_at if own else day_of(objection.withdrawn_at)),
        "decisions": [_decided(key, each) for each in told],
    }


def _decided(key: PersonKey, decided: Decided) -> View:
    return {
        "organisation": decided.organisation,
        "outcome": decided.outcome,
        "reason": key.unseal(_decision(decided.decision_id), decided.sealed),
        "decided_at": decided.decided_at,
    }


def _name(objection_id: UUID) -> str:
    """What a reason is sealed as; no attribute has such a name."""
    return f"objection {objection_id}"


def _decision(decision_id: UUID) -> str:
    return f"decision {decision_id}"


OBJECTIONS: Final = Matters(
    kind="objection",
    id_of=lambda objection: objection.objection_id,
    raised=objections.of_person,
    addressed=objections.addressed,
    waiting=objections.waiting,
    view_of=view_of,
)
