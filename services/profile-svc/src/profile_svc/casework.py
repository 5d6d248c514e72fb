"""Cases under a grant: seen, opened by the person, closed by those who have them or who opened them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.blurring import day_of
from profile_svc.referrals import NotYourStep
from profile_svc.store import cases, referrals
from profile_svc.store.cases import StoredCase
from profile_svc.store.idempotency import Claim, claim
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import Made, NotThere, locked
from stena.contracts.access import Grant
from stena.contracts.casework import NewCase

View = dict[str, Any]
"""A ``stena.contracts.casework.Case`` as JSON."""


async def read(vault: Vault, grant: Grant, person_id: UUID) -> list[View]:
    """The cases of a person that the caller may see. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        if not await cases.may_have(connection, person_id, grant.rows, grant.organisation):
            raise NotThere("There is no such person for this caller.")
        return [_view(case, grant) for case in await cases.find(connection, person_id, grant.rows)]


async def open_case(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, wanted: NewCase, key: str | None
) -> Made:
    """Give an organisation the case. As long as it has it from the person, once more is as good as once.

    Raises ``InvalidValues``, ``NotThere``, ``KeyReused``."""
    if wanted.organisation not in attributes.organisations - {grant.organisation}:
        raise InvalidValues([Fault(("organisation",), "is not another organisation of the rulebook")])
    now = datetime.now(UTC)
    fingerprint = vault.blind("request", "case", str(person_id), wanted.model_dump())
    async with vault.transaction() as connection:
        person = await _lock(connection, person_id)
        if not await cases.may_have(connection, person_id, grant.rows, grant.organisation):
            raise NotThere("There is no such person for this caller.")
        known = await cases.open_of(connection, person_id, wanted.organisation, "person")
        if known is not None:
            return Made(_view(known, grant), new=False)
        case = cases.opened(person_id, wanted.organisation, "person", grant.organisation, now)
        earlier = await claim(connection, Claim(grant.organisation, key, fingerprint, person_id, case.case_id))
        if earlier is not None:
            return Made(_view(await _found(connection, person_id, earlier), grant), new=False)
        await cases.add(connection, [case])
        await cases.refresh(connection, person, now)
    return Made(_view(case, grant), new=True)


async def close(vault: Vault, grant: Grant, person_id: UUID, case_id: UUID) -> View:
    """Close a case, and with it the referral that it rests on; again is as good as once.

    Raises ``NotThere``, ``NotYourStep``."""
    now = datetime.now(UTC)
    async with vault.transaction() as connection:
        person = await _lock(connection, person_id)
        case = await cases.get(connection, person_id, case_id, grant.rows)
        if case is None:
            raise NotThere("There is no such case for this caller.")
        if grant.organisation not in (case.organisation, case.opened_by):
            raise NotYourStep("A case is closed by the organisation that has it, or by whoever gave it.")
        if case.closed_at is None:
            await cases.close(connection, case, grant.organisation, now)
            if case.referral_id is not None:
                await referrals.set_state(connection, person_id, case.referral_id, "done", now)
            await cases.refresh(connection, person, now)
        return _view(await _found(connection, person_id, case_id), grant)


async def _found(connection: Connection, person_id: UUID, case_id: UUID) -> StoredCase:
    case = await cases.get(connection, person_id, case_id)
    if case is None:
        raise NotThere("There is no such case for this caller.")
    return case


async def _lock(connection: Connection, person_id: UUID) -> StoredPerson:
    """Facts change below, so nobody else changes them meanwhile. What the caller may see is asked of each case."""
    return await locked(connection, person_id, True)


def _view(case: StoredCase, grant: Grant) -> View:
    """Whom somebody else gave the case learns the day of it: one import gives it to several in one moment, by which they could
    join what pairwise ids keep apart. Ids of cases tell no time for the same reason."""
    return {
        "id": str(case.case_id),
        "organisation": case.organisation,
        "basis": case.basis,
        "opened_at": case.opened_at if case.opened_by == grant.organisation else day_of(case.opened_at),
        "opened_by": case.opened_by,
        "closed_at": case.closed_at,
        "closed_by": case.closed_by,
    }
