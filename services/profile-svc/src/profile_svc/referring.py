"""Referrals under a grant: who has a case asks another organisation to take the person on.

INVARIANT: access that rests on a referral ends in the transaction that ends the referral. An accepted one opens a case; with
its end the case closes, and the organisation is assigned no longer unless it has another. For the same reason a case that was
given, by a referral or by the person, is not referred on: what is handed further would outlive what it rests on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.noting import key_of
from profile_svc.referrals import NotYourStep, Side, after, state_at
from profile_svc.sealing import PersonKey
from profile_svc.store import cases, records, referrals, upkeep
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.referrals import StoredReferral
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import Made, NotThere
from stena.contracts.access import Grant
from stena.contracts.casework import NewReferral, ReferralQuery, State, Step

View = dict[str, Any]
"""A ``stena.contracts.casework.Referral`` as JSON."""


async def refer(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, wanted: NewReferral, key: str | None
) -> Made:
    """Ask another organisation. Raises ``InvalidValues``, ``NotThere``, ``NotYourStep``, ``KeyReused``."""
    now, referral_id = datetime.now(UTC), uuid7()
    _require_possible(wanted, grant, attributes, now)
    fingerprint = vault.blind("request", "referral", str(person_id), wanted.model_dump(mode="json"))
    async with vault.transaction() as connection:
        if not await referrals.lock_to_send(connection, person_id, grant.rows, grant.organisation):
            raise NotThere("There is no such person for this caller.")
        if not await cases.has_own(connection, person_id, grant.organisation):
            raise NotYourStep(
                "A case that somebody gave you is theirs to give: who referred it, or the person, can ask another."
            )
        opener = await key_of(vault, person_id)
        earlier = await claim(connection, Claim(grant.organisation, key, fingerprint, person_id, referral_id))
        if earlier is None:
            await referrals.add(connection, _first(person_id, referral_id, wanted, grant, opener, now))
        made = await _found(connection, earlier or referral_id)
    return Made(_view(made, opener, now), earlier is None)


async def read(vault: Vault, grant: Grant, referral_id: UUID) -> View:
    """One referral. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        referral = await referrals.get(connection, referral_id, grant.rows)
    if referral is None:
        raise _not_there()
    return _view(referral, await key_of(vault, referral.person_id), datetime.now(UTC))


async def search(vault: Vault, grant: Grant, query: ReferralQuery, after: UUID | None) -> tuple[list[View], bool]:
    """A page of referrals, and whether there are more."""
    async with vault.transaction() as connection:
        found = await referrals.find(connection, grant, query, after)
    keys = await vault.person_keys.fetch({referral.person_id for referral in found})
    now = datetime.now(UTC)
    page = [_view(each, keys[each.person_id], now) for each in found[: query.limit] if each.person_id in keys]
    return page, len(found) > query.limit


async def take(vault: Vault, grant: Grant, referral_id: UUID, step: Step) -> View:
    """Take a step; again is as good as once. Raises ``NotThere``, ``NotYourStep``, ``NotInThisState``."""
    now = datetime.now(UTC)
    async with vault.transaction() as connection:
        seen = await referrals.get(connection, referral_id, grant.rows)
        # All steps of all referrals of a person wait for each other here: of two that exclude each other one is too late.
        person = None if seen is None else await records.lock(connection, seen.person_id, True)
        referral = await referrals.get(connection, referral_id, grant.rows)
        if person is None or referral is None:
            raise _not_there()
        side: Side = "sender" if referral.sender == grant.organisation else "recipient"
        state = state_at(referral.state, referral.until, now)
        wanted = after(step, state, side)
        if wanted != state:
            await referrals.set_state(connection, referral.person_id, referral_id, wanted, now)
            await _follow(connection, referral, wanted, grant.organisation, now)
            await cases.refresh(connection, person, now)
        return _view(await _found(connection, referral_id), await key_of(vault, referral.person_id), now)


async def _follow(connection: Connection, referral: StoredReferral, state: State, by: str, now: datetime) -> None:
    """What a new state means for the recipient's case."""
    if state == "accepted":
        case = cases.opened(referral.person_id, referral.recipient, "referral", by, now, referral.referral_id)
        await cases.add(connection, [case])
    else:
        await cases.close_of_referral(connection, referral.person_id, referral.referral_id, by, now)


async def end_expired(vault: Vault, now: datetime, most: int) -> int:
    """Let referrals end whose time is up, and the access that rests on them; the number of people concerned.

    ``most`` in one transaction, without a pause until none is left: a great many may end at the same midnight."""
    if not await upkeep.is_over(vault.statements, upkeep.FIRST_REFERRAL, now):
        return 0
    concerned = 0
    while True:
        async with vault.transaction() as connection:
            people = await referrals.people_with_expired(connection, now, most)
            for person in people:
                for referral_id in await referrals.expire(connection, person.person_id, now):
                    await cases.close_of_referral(connection, person.person_id, referral_id, None, now)
                await cases.refresh(connection, person, now)
        concerned += len(people)
        if not people:
            return concerned


async def _found(connection: Connection, referral_id: UUID) -> StoredReferral:
    referral = await referrals.get(connection, referral_id)
    if referral is None:
        raise _not_there()
    return referral


def _first(
    person_id: UUID, referral_id: UUID, wanted: NewReferral, grant: Grant, key: PersonKey, now: datetime
) -> StoredReferral:
    return StoredReferral(
        person_id=person_id,
        referral_id=referral_id,
        sender=grant.organisation,
        recipient=wanted.recipient,
        purpose=wanted.purpose,
        sealed=key.seal(_name(referral_id), wanted.reason),
        state="in-progress",
        created_at=now,
        changed_at=now,
        until=wanted.until,
    )


def _view(referral: StoredReferral, key: PersonKey, now: datetime) -> View:
    return {
        "id": str(referral.referral_id),
        "person": str(referral.person_id),
        "sender": referral.sender,
        "recipient": referral.recipient,
        "purpose": referral.purpose,
        "reason": key.unseal(_name(referral.referral_id), referral.sealed),
        "state": state_at(referral.state, referral.until, now),
        "created_at": referral.created_at,
        "changed_at": referral.changed_at,
        "until": referral.until,
    }


def _name(referral_id: UUID) -> str:
    """What a referral's reason is sealed as; no attribute has such a name."""
    return f"referral {referral_id}"


def _not_there() -> NotThere:
    return NotThere("There is no such referral for this caller.")


def _require_possible(wanted: NewReferral, grant: Grant, attributes: Attributes, now: datetime) -> None:
    faults: Sequence[tuple[bool, Fault]] = (
        (wanted.purpose not in attributes.purposes, Fault(("purpose",), "is not a purpose of the rulebook")),
        (
            wanted.recipient not in attributes.organisations - {grant.organisation},
            Fault(("recipient",), "is not another organisation of the rulebook"),
        ),
        (wanted.until is not None and wanted.until <= now, Fault(("until",), "has to be a moment to come")),
    )
    if found := [fault for is_one, fault in faults if is_one]:
        raise InvalidValues(found)
