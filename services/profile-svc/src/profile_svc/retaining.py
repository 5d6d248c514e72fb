"""Ending records whose time is over: people are told first, and erased when the notice is over and nothing keeps them still."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from profile_svc import erasing
from profile_svc.attributes import Attributes
from profile_svc.keeping import Held, Keeping, ends_at
from profile_svc.store import retention
from profile_svc.store.records import StoredPerson
from profile_svc.store.retention import Place
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import locked, opened, require_seen
from stena.contracts.access import Grant
from stena.contracts.retention import Kept, Notice, NoticeOf, NoticeQuery, Notices, Owed, RecordRetention

BATCH: Final = 200
"""People who are looked at, or erased, together: what was done stays done when it breaks off."""


@dataclass
class Report:
    """What a run did, or would have done."""

    told: int = 0
    erased: int = 0
    withdrawn: int = 0
    owed: int = 0
    """People whose record nothing keeps but a duty of the law."""

    def counts(self) -> dict[str, int]:
        return {
            "people told that their record ends": self.told,
            "people erased": self.erased,
            "notices withdrawn, since something keeps the record again": self.withdrawn,
            "people kept because the law wants it": self.owed,
        }


@dataclass(frozen=True, slots=True)
class Standing:
    """What keeps a record at a moment, and what forbids to erase it."""

    kept: Sequence[Kept]
    owed: Sequence[Owed]

    @property
    def ends_at(self) -> datetime | None:
        return ends_at(self.kept, self.owed)

    def is_over(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now

    def is_owed_alone(self, now: datetime) -> bool:
        kept = ends_at(self.kept, ())
        return bool(self.owed) and kept is not None and kept <= now


async def read(vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID, now: datetime) -> dict[str, Any]:
    """What keeps a person's record, as a ``RecordRetention`` in JSON; raises ``NotThere``."""
    async with vault.transaction() as connection:
        person = await locked(connection, person_id, grant.rows)
        standing = (await look(vault, connection, attributes.keeping, [person], now))[person_id]
        notices = await retention.notices_of(connection, [person_id])
    found = RecordRetention(
        kept=tuple(standing.kept), duties=tuple(standing.owed), ends_at=standing.ends_at, notice=notices.get(person_id)
    )
    return found.model_dump(mode="json")


async def notices(vault: Vault, grant: Grant, query: NoticeQuery, after: UUID | None) -> dict[str, Any]:
    """A page of those who were told, as ``Notices`` in JSON."""
    async with vault.reading() as connection:
        found = await retention.seen_notices(connection, grant.rows, after, query.limit + 1)
    page = [NoticeOf(person=str(person), **notice.model_dump()) for person, notice in found[: query.limit]]
    following = page[-1].person if len(found) > query.limit else None
    return Notices(notices=tuple(page), next=following).model_dump(mode="json")


async def erase(vault: Vault, grant: Grant, attributes: Attributes, person_id: UUID) -> None:
    """Erase a person at their own wish.

    Raises ``NotThere``, ``ErasureRefused`` with the duties of the law that forbid it now, and ``Unavailable``.
    """

    async def wished(connection: Connection) -> list[UUID]:
        person = await locked(connection, person_id, grant.rows)
        standing = await look(vault, connection, attributes.keeping, [person], datetime.now(UTC))
        if person_id in standing and standing[person_id].owed:
            raise erasing.ErasureRefused(standing[person_id].owed)
        return [person_id]

    async with vault.reading() as connection:
        await require_seen(connection, person_id, grant.rows)
    await erasing.erase_people(vault, wished, "asked")


async def look(
    vault: Vault, connection: Connection, keeping: Keeping, people: Sequence[StoredPerson], now: datetime
) -> Mapping[UUID, Standing]:
    """How it stands with the records of these people. Whoever has no key any more was erased, and is left out."""
    ids = [person.person_id for person in people]
    keys = await vault.person_keys.fetch(ids)
    changed = await retention.changed_at(connection, ids)
    cases, done = await retention.cases_of(connection, ids), await retention.done_for(connection, ids)
    standing: dict[UUID, Standing] = {}
    for person in people:
        if person.person_id in keys:
            values = opened(person, keys[person.person_id], keeping.attributes)
            id_ = person.person_id
            held = Held(changed[id_], cases.get(id_, ()), done.get(id_, ()), values)
            standing[id_] = Standing(keeping.kept(held, now), keeping.owed(held, now))
    return standing


async def run(vault: Vault, keeping: Keeping, now: datetime, looked: Callable[[int], None], *, dry_run: bool) -> Report:
    """One run through everybody. Several may run at once, and one that broke off is begun again."""
    report = Report()
    if keeping.is_in_force:
        await _withdraw(vault, keeping, now, report, dry_run=dry_run)
        await _erase(vault, keeping, now, report, dry_run=dry_run)
        await _tell(vault, keeping, now, looked, report, dry_run=dry_run)
    return report


async def to_look_at(vault: Vault, keeping: Keeping, now: datetime) -> int:
    """How many people a run looks at who have not been told."""
    until = keeping.earliest_change(now)
    if until is None:
        return 0
    async with vault.reading() as connection:
        return await retention.count_resting(connection, until)


async def _withdraw(vault: Vault, keeping: Keeping, now: datetime, report: Report, *, dry_run: bool) -> None:
    after: UUID | None = None
    while True:
        async with vault.transaction() as connection:
            people = await retention.told(connection, after, BATCH)
            if not people:
                return
            standing = await look(vault, connection, keeping, people, now)
            notices = await retention.notices_of(connection, list(standing))
            kept = [person for person, each in standing.items() if not each.is_over(notices[person].erased_from)]
            report.withdrawn += len(kept)
            if not dry_run:
                await retention.withdraw(connection, kept)
        after = people[-1].person_id


async def _erase(vault: Vault, keeping: Keeping, now: datetime, report: Report, *, dry_run: bool) -> None:
    """Looked at once more under their locks: what came up since the notice keeps them after all."""

    async def over(connection: Connection) -> list[UUID]:
        people = await retention.lock_over(connection, now, BATCH)
        standing = await look(vault, connection, keeping, people, now)
        kept = [person for person, each in standing.items() if not each.is_over(now)]
        if not dry_run:
            await retention.withdraw(connection, kept)
        return [person for person in standing if person not in kept]

    while True:
        if dry_run:
            async with vault.transaction() as connection:
                report.erased += len(await over(connection))
            return
        erased = await erasing.erase_people(vault, over, "retention")
        report.erased += len(erased)
        if not erased:
            return


async def _tell(
    vault: Vault, keeping: Keeping, now: datetime, looked: Callable[[int], None], report: Report, *, dry_run: bool
) -> None:
    until, after = keeping.earliest_change(now), None
    while until is not None:
        async with vault.transaction() as connection:
            people = await retention.resting(connection, until, after, BATCH)
            if not people:
                return
            after = await _place(connection, people[-1].person_id)
            standing = await look(vault, connection, keeping, people, now)
            known = await retention.notices_of(connection, list(standing))
            over = {
                person: Notice(told_at=now, erased_from=keeping.erased_from(now, now))
                for person, each in standing.items()
                if each.is_over(now) and person not in known
            }
            report.told += len(over)
            report.owed += sum(each.is_owed_alone(now) for each in standing.values())
            if not dry_run:
                await retention.tell(connection, over)
        looked(len(people))


async def _place(connection: Connection, person: UUID) -> Place:
    return (await retention.changed_at(connection, [person]))[person], person
