"""Consents under a grant: recorded and withdrawn under the person's lock, so that the fact that rules rest on never lags."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.store import consents, records
from profile_svc.store.records import StoredPerson
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import NotThere
from stena.contracts.access import Grant
from stena.contracts.condition import Residual
from stena.contracts.profile import Consent, ConsentRecord


@dataclass(frozen=True, slots=True)
class About:
    """What a consent is for: a purpose, and one recipient or all that are approved."""

    purpose: str
    recipient: str | None


async def read(vault: Vault, grant: Grant, person_id: UUID) -> tuple[Consent, ...]:
    """What holds for each purpose and recipient. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        if not await records.is_seen(connection, person_id, grant.rows):
            raise NotThere("There is no such person for this caller.")
        return await consents.newest(connection, person_id)


async def record(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, purpose: str, said: ConsentRecord
) -> Consent:
    """Record what a person decided. Raises ``InvalidValues``, ``NotThere``."""
    now = datetime.now(UTC)
    _require_possible(said, About(purpose, said.recipient), attributes, now)
    consent = Consent(purpose=purpose, recorded_at=now, recorded_by=grant.organisation, **said.model_dump())
    async with vault.transaction() as connection:
        person = await _lock(connection, person_id, grant.rows)
        await consents.record(connection, person, [consent], now)
    return consent


async def withdraw(vault: Vault, grant: Grant, person_id: UUID, about: About) -> Consent:
    """Withdraw a consent that was given; again is as good as once. Raises ``NotThere``."""
    now = datetime.now(UTC)
    async with vault.transaction() as connection:
        person = await _lock(connection, person_id, grant.rows)
        known = await consents.newest_for(connection, person_id, about.purpose, about.recipient)
        if known is None or known.state == "refused":
            raise NotThere("There is no such consent for this caller.")
        if known.state == "withdrawn":
            return known
        withdrawn = known.model_copy(
            update={"state": "withdrawn", "recorded_at": now, "recorded_by": grant.organisation, "expires_at": None}
        )
        await consents.record(connection, person, [withdrawn], now)
    return withdrawn


async def _lock(connection: Connection, person_id: UUID, rows: Residual) -> StoredPerson:
    person = await records.lock(connection, person_id, rows)
    if person is None:
        raise NotThere("There is no such person for this caller.")
    return person


def _require_possible(said: ConsentRecord, about: About, attributes: Attributes, now: datetime) -> None:
    faults = []
    if about.purpose not in attributes.purposes:
        faults.append(Fault(("purpose",), "is not a purpose of the rulebook"))
    if about.recipient is not None and about.recipient not in attributes.organisations:
        faults.append(Fault(("recipient",), "is not an organisation of the rulebook"))
    if said.expires_at is not None and (said.expires_at.tzinfo is None or said.expires_at <= now):
        faults.append(Fault(("expires_at",), "has to be a moment to come, with its offset from UTC"))
    if faults:
        raise InvalidValues(faults)
