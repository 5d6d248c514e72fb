"""Consents under a grant: recorded and withdrawn under the person's lock, so that the fact that rules rest on never lags."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from profile_svc.agreeing import recipients, require_competent, require_entitled, require_possible
from profile_svc.attributes import Attributes
from profile_svc.consent_views import Views, heard, name_of
from profile_svc.said import Said, following
from profile_svc.sealing import PersonKey
from profile_svc.store import consents
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import NotThere, locked
from stena.contracts.access import Grant
from stena.contracts.condition import Residual
from stena.contracts.consents import Consent, ConsentRecord, Consents, GivenBy

MOST: Final = 200
"""So much of a history is answered."""


@dataclass(frozen=True, slots=True)
class About:
    """What a consent is for: a purpose, and one recipient or all that are approved."""

    purpose: str
    recipient: str | None


async def read(vault: Vault, grant: Grant, person_id: UUID) -> Consents:
    """How it stands for each purpose and recipient. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        minor = await _visible(connection, person_id, grant.rows)
        said = await consents.newest(connection, person_id)
    views = Views(vault, grant, await _key(vault, person_id), minor, datetime.now(UTC))
    return Consents(consents=tuple(map(views.standing, said)))


async def history(vault: Vault, grant: Grant, person_id: UUID, purpose: str) -> Consents:
    """What was said for a purpose, newest first. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        minor = await _visible(connection, person_id, grant.rows)
        said = await consents.history(connection, person_id, purpose, MOST + 1)
    views = Views(vault, grant, await _key(vault, person_id), minor, datetime.now(UTC))
    return Consents(consents=tuple(views.history(said[:MOST])), more=len(said) > MOST)


async def record(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, purpose: str, words: ConsentRecord
) -> Consent:
    """Record what a person or their guardian decided; the same words again change nothing.

    Raises ``InvalidValues``, ``NotABasis``, ``NotThere``, and what ``require_competent`` raises.
    """
    require_possible(words, purpose, attributes, datetime.now(UTC))
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        require_competent(words, person.facts.minor)
        key = await _key(vault, person_id)
        known = await consents.newest(connection, person_id)
        at = consents.moment_after(known, datetime.now(UTC))
        said = _said(words, purpose, grant.organisation, at, key)
        if words.recipient is None:
            said = replace(said, covers=recipients(purpose, attributes, at))
        words_to_add = following(known, said)
        already = next((one for one in known if _same(one, said, key)), None)
        if already is not None and len(words_to_add) == 1:
            said = already
        else:
            await consents.record(connection, person, words_to_add, at)
    return Views(vault, grant, key, person.facts.minor, at).standing(said)


async def withdraw(
    vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, about: About, given_by: GivenBy
) -> Consent:
    """Withdraw a consent that was given; again is as good as once. Raises ``NotThere``, ``GuardianNotEntitled``."""
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        require_entitled(given_by, person.facts.minor)
        known = await consents.newest(connection, person_id)
        at = consents.moment_after(known, datetime.now(UTC))
        views = Views(vault, grant, await _key(vault, person_id), person.facts.minor, at)
        given = _given(known, about, attributes)
        if given is None:
            return views.standing(_withdrawn(known, about))
        word = replace(
            given,
            consent_id=uuid7(),
            recipient=about.recipient,
            state="withdrawn",
            recorded_at=at,
            recorded_by=grant.organisation,
            expires_at=None,
            given_by=given_by,
            child_view=None,
            sealed=None,
            covers=(),
        )
        await consents.record(connection, person, following(known, word), at)
    return views.standing(word)


def _given(known: Sequence[Said], about: About, attributes: Attributes) -> Said | None:
    """What a withdrawal would end: the consent itself, for one recipient also the one for all, for all also single ones."""
    given = {one.recipient: one for one in known if one.purpose == about.purpose and one.state == "given"}
    if about.recipient is None:
        return given.get(None) or next(iter(given.values()), None)
    if about.recipient in given:
        return given[about.recipient]
    # Once said no, the consent for all does not reach this recipient any more.
    spoken_of = any(one.purpose == about.purpose and one.recipient == about.recipient for one in known)
    return None if spoken_of or about.recipient not in attributes.organisations else given.get(None)


def _withdrawn(known: Sequence[Said], about: About) -> Said:
    """What was withdrawn before. Raises ``NotThere``."""
    for one in known:
        if (one.purpose, one.recipient, one.state) == (about.purpose, about.recipient, "withdrawn"):
            return one
    raise NotThere("There is no such consent for this caller.")


def _said(words: ConsentRecord, purpose: str, organisation: str, at: datetime, key: PersonKey) -> Said:
    consent_id = uuid7()
    told = words.model_dump(exclude={"child_view_reason", "child_words"})
    texts = (words.child_view_reason, words.child_words)
    sealed = key.seal(name_of(consent_id), texts) if any(texts) else None
    return Said(consent_id, purpose, recorded_at=at, recorded_by=organisation, sealed=sealed, **told)


def _same(known: Said, said: Said, key: PersonKey) -> bool:
    """Whether the same organisation has recorded the same words, and nobody anything else since."""
    if heard(known, key) != heard(said, key):
        return False
    alike = replace(known, consent_id=said.consent_id, recorded_at=said.recorded_at, sealed=said.sealed)
    return alike == said


async def _visible(connection: Connection, person_id: UUID, rows: Residual) -> bool:
    """Whether the person is under age. Raises ``NotThere``."""
    minor = await consents.minority(connection, person_id, rows)
    if minor is None:
        raise NotThere("There is no such person for this caller.")
    return minor


async def _key(vault: Vault, person_id: UUID) -> PersonKey:
    keys = await vault.person_keys.fetch([person_id])
    if person_id not in keys:
        raise NotThere("There is no such person for this caller.")
    return keys[person_id]
