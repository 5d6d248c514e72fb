"""Restrictions under a grant: recorded at the person's wish and effective at once; ended by them, or after they were told."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from profile_svc.attributes import Fault, InvalidValues
from profile_svc.blurring import day_of, name_for
from profile_svc.noting import key_of
from profile_svc.referrals import NotYourStep
from profile_svc.sealing import PersonKey
from profile_svc.store import restrictions
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.restrictions import StoredRestriction
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import Made, NotThere, locked, require_seen
from stena.contracts.access import Grant
from stena.contracts.rights import NOTICE_DAYS, Lifting, NewRestriction

View = dict[str, Any]
"""A ``stena.contracts.rights.Restriction`` as JSON."""

NOTICE: Final = timedelta(days=NOTICE_DAYS)


async def read(vault: Vault, grant: Grant, person_id: UUID) -> list[View]:
    """Every restriction of the person, ended ones too, newest first. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        await require_seen(connection, person_id, grant.rows)
        found = await restrictions.of_person(connection, person_id)
    key = await key_of(vault, person_id)
    return [view_of(vault, grant, key, each, datetime.now(UTC)) for each in found]


async def restrict(vault: Vault, grant: Grant, person_id: UUID, wanted: NewRestriction, key: str | None) -> Made:
    """Record a restriction. Raises ``InvalidValues``, ``NotThere``, ``KeyReused``."""
    now, restriction_id = datetime.now(UTC), uuid4()
    if wanted.until is not None and wanted.until <= now:
        raise InvalidValues([Fault(("until",), "has to be a moment to come")])
    fingerprint = vault.blind("request", "restriction", str(person_id), wanted.model_dump(mode="json"))
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        opener = await key_of(vault, person_id)
        earlier = await claim(connection, Claim(grant.organisation, key, fingerprint, person_id, restriction_id))
        if earlier is None:
            sealed = None if wanted.reason is None else opener.seal(_name(restriction_id), wanted.reason)
            new = StoredRestriction(
                person_id, restriction_id, wanted.ground, now, grant.organisation, sealed=sealed, until=wanted.until
            )
            await restrictions.add(connection, new)
            await restrictions.refresh(connection, person, now)
        name = name_for(vault, "restriction", grant.organisation, earlier or restriction_id)
        made = await _found(vault, connection, grant, person_id, name)
    return Made(view_of(vault, grant, opener, made, now), earlier is None)


async def lift(vault: Vault, grant: Grant, person_id: UUID, name: str, lifting: Lifting) -> View:
    """End a restriction: at once by the person; by an organisation after a notice.

    Raises ``InvalidValues``, ``NotThere``, ``NotYourStep``."""
    now = datetime.now(UTC)
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        opener = await key_of(vault, person_id)
        restriction = await _found(vault, connection, grant, person_id, name)
        if not by_person(grant) and restriction.recorded_by != grant.organisation:
            raise NotYourStep("A restriction is ended by the person, or by the organisation that recorded it.")
        if restriction.lifted_at is None and by_person(grant):
            await restrictions.announce(connection, restriction, lifted_at=now, lifted_by=grant.organisation)
            await restrictions.refresh(connection, person, now)
        elif restriction.lifted_at is None:
            await restrictions.announce(connection, restriction, **_announced(restriction, lifting, grant, opener, now))
        return view_of(vault, grant, opener, await _found(vault, connection, grant, person_id, name), now)


def by_person(grant: Grant) -> bool:
    """Whether the person asks for themselves: what is shown to nobody else in full is, to them."""
    return grant.provenance == "full"


def view_of(vault: Vault, grant: Grant, key: PersonKey, restriction: StoredRestriction, now: datetime) -> View:
    """Others than the person and whoever recorded it learn days for moments, and no reason."""
    close = by_person(grant) or restriction.recorded_by == grant.organisation
    name = _name(restriction.restriction_id)
    return {
        "id": name_for(vault, "restriction", grant.organisation, restriction.restriction_id),
        "ground": restriction.ground,
        "reason": key.unseal(name, restriction.sealed) if close and restriction.sealed else None,
        "recorded_at": restriction.recorded_at if close else day_of(restriction.recorded_at),
        "recorded_by": restriction.recorded_by,
        "until": restriction.until if close or restriction.until is None else day_of(restriction.until),
        "announced_at": restriction.announced_at and (restriction.announced_at if close else day_of(restriction.announced_at)),
        "announced_by": restriction.announced_by,
        "announcement": (
            key.unseal(_announcement(restriction.restriction_id), restriction.sealed_announcement)
            if close and restriction.sealed_announcement
            else None
        ),
        "lifted_at": restriction.lifted_at and (restriction.lifted_at if close else day_of(restriction.lifted_at)),
        "lifted_by": restriction.lifted_by,
        "live": restriction.lifted_at is None,
    }


def _announced(restriction: StoredRestriction, lifting: Lifting, grant: Grant, key: PersonKey, now: datetime) -> dict[str, Any]:
    """INVARIANT: who has had processing restricted is told before it is lifted (GDPR Art 18(3))."""
    if lifting.reason is None:
        raise InvalidValues([Fault(("reason",), "is missing: the person is told why the restriction ends")])
    until = lifting.until or now + NOTICE
    if until < now + NOTICE:
        raise InvalidValues([Fault(("until",), f"has to leave the person {NOTICE.days} days in which they can read of it")])
    return {
        "until": until,
        "announced_at": now,
        "announced_by": grant.organisation,
        "sealed_announcement": key.seal(_announcement(restriction.restriction_id), lifting.reason),
    }


async def _found(vault: Vault, connection: Connection, grant: Grant, person_id: UUID, name: str) -> StoredRestriction:
    for each in await restrictions.of_person(connection, person_id):
        if name_for(vault, "restriction", grant.organisation, each.restriction_id) == name:
            return each
    raise NotThere("There is no such restriction for this caller.")


def _name(restriction_id: UUID) -> str:
    """What a reason is sealed as; no attribute has such a name."""
    return f"restriction {restriction_id}"


def _announcement(restriction_id: UUID) -> str:
    return f"end of restriction {restriction_id}"
