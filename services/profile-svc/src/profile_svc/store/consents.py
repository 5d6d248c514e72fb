"""Consents: a row for everything that was ever said, the newest of a purpose and recipient being what holds."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.said import Said, live_consents
from profile_svc.store.records import StoredPerson, log, set_facts
from profile_svc.store.selection import condition
from profile_svc.tables import consents, persons
from stena.contracts.condition import Residual

_SAID = [column for column in consents.c if column is not consents.c.person_id]


async def minority(connection: AsyncConnection, person_id: UUID, rows: Residual) -> bool | None:
    """Whether the person is under age; ``None``: not there, or ``rows`` does not hold."""
    wanted = select(persons.c.minor).where(persons.c.person_id == person_id, condition(rows))
    minor: bool | None = await connection.scalar(wanted)
    return minor


async def newest(connection: AsyncConnection, person_id: UUID) -> tuple[Said, ...]:
    """The newest word for each purpose and recipient, in their order."""
    return tuple(map(_said, await connection.execute(_newest().where(consents.c.person_id == person_id))))


async def all_of(connection: AsyncConnection, person_id: UUID) -> Sequence[Said]:
    """Everything that was ever said, newest first."""
    wanted = select(*_SAID).where(consents.c.person_id == person_id)
    ordered = wanted.order_by(consents.c.recorded_at.desc(), consents.c.consent_id.desc())
    return list(map(_said, await connection.execute(ordered)))


async def history(connection: AsyncConnection, person_id: UUID, purpose: str, most: int) -> Sequence[Said]:
    """What was said for a purpose, newest first."""
    wanted = select(*_SAID).where(consents.c.person_id == person_id, consents.c.purpose == purpose)
    newest_first = wanted.order_by(consents.c.recorded_at.desc(), consents.c.consent_id.desc())
    return list(map(_said, await connection.execute(newest_first.limit(most))))


async def record(connection: AsyncConnection, person: StoredPerson, words: Sequence[Said], at: datetime) -> None:
    """Add what was said, and bring the locked person's fact ``consents`` in line in the same transaction."""
    await add(connection, [(person.person_id, said) for said in words])
    await refresh(connection, person, at)


async def add(connection: AsyncConnection, words: Iterable[tuple[UUID, Said]]) -> None:
    """Add what was said; the caller has seen to the facts."""
    rows = [{"person_id": person_id, **asdict(said)} for person_id, said in words]
    if rows:
        await connection.execute(insert(consents), rows)


def moment_after(known: Iterable[Said], now: datetime) -> datetime:
    """When something is said that comes after all that is ``known``, whatever the clocks of those who recorded it showed.

    INVARIANT: under the person's lock, what is recorded last is the newest. A withdrawal never loses to a clock.
    """
    return max([now, *(said.recorded_at + timedelta(microseconds=1) for said in known)])


async def refresh(connection: AsyncConnection, person: StoredPerson, at: datetime) -> StoredPerson:
    """Make the locked person's fact ``consents`` what their consents say at this moment."""
    live = live_consents(await newest(connection, person.person_id), person.facts.minor, at)
    return await set_facts(connection, person, person.facts.with_consents(live.tokens), at, consent_ends_at=live.next_end)


async def refreshed(connection: AsyncConnection, person: StoredPerson, at: datetime) -> StoredPerson:
    """The locked person, without consents that have ended and that the sweep has not come to yet."""
    ended = person.consent_ends_at is not None and person.consent_ends_at <= at
    return await refresh(connection, person, at) if ended else person


async def refresh_many(connection: AsyncConnection, people: Sequence[StoredPerson], at: datetime) -> None:
    """``refresh`` for many locked people: at midnight a great many consents end at once."""
    words = await _newest_of(connection, [person.person_id for person in people])
    changed, rows = [], []
    for person in people:
        live = live_consents(words[person.person_id], person.facts.minor, at)
        facts = person.facts.with_consents(live.tokens)
        rows.append({"id": person.person_id, "tokens": list(facts.consents), "ends": live.next_end})
        if facts != person.facts:
            changed.append((person.person_id, (), person.facts, facts))
    row = update(persons).where(persons.c.person_id == bindparam("id"))
    await connection.execute(row.values(consents=bindparam("tokens"), consent_ends_at=bindparam("ends")), rows)
    if changed:
        await log(connection, changed, at)


async def _newest_of(connection: AsyncConnection, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Said]]:
    words: defaultdict[UUID, list[Said]] = defaultdict(list)
    statement = _newest(consents.c.person_id).where(consents.c.person_id.in_(ids))
    for person_id, *rest in await connection.execute(statement):
        words[person_id].append(_said(rest))
    return words


def _newest(*keys: Any) -> Select[Any]:
    matter = (*keys, consents.c.purpose, consents.c.recipient)
    return (
        select(*keys, *_SAID)
        .ext(distinct_on(*matter))
        .order_by(*matter, consents.c.recorded_at.desc(), consents.c.consent_id.desc())
    )


def _said(row: Iterable[Any]) -> Said:
    said = Said(**dict(zip((column.name for column in _SAID), row, strict=True)))
    return replace(said, covers=tuple(said.covers))
