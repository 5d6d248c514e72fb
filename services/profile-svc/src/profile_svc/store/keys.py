"""The keys of people, in a database of their own. Without its row there a person cannot be read any more: that is erasure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from profile_svc.erasure_tables import key_journal_mark
from profile_svc.metrics import PERSON_KEYS
from profile_svc.sealing import CannotOpen, MasterKey, MasterKeys, PersonKey
from profile_svc.store import journal_marks
from profile_svc.tables import master_keys, person_keys
from stena.database import PLANNED_ONCE, transaction
from stena.erasure_journal import Line, Mark
from stena.statements import statements

_OF_PEOPLE = "SELECT person_id, wrapped, master_key_id FROM person_keys WHERE person_id = ANY($1::uuid[])"


class WrongMasterKey(Exception):
    """The master keys are not those that the people in this database were sealed under, or one of them is missing."""


class PersonKeys:
    def __init__(self, engine: AsyncEngine, masters: MasterKeys) -> None:
        self.engine = engine
        self.masters = masters

    async def require_master_keys(self) -> None:
        """Refuse to start without every master key that is in use here, before anything is sealed under another."""
        async with transaction(self.engine) as connection:
            in_use = set(
                await connection.scalars(select(master_keys.c.master_key_id).where(master_keys.c.retired_at.is_(None)))
            )
            if missing := in_use - self.masters.ids:
                raise WrongMasterKey(_refusal(missing, in_use))
            await _remember(connection, self.masters.making.id)

    async def remember(self, master: MasterKey) -> None:
        """From now on nothing starts here without this master key."""
        async with transaction(self.engine) as connection:
            await _remember(connection, master.id)

    async def answers(self) -> None:
        async with transaction(self.engine) as connection:
            await connection.execute(select(literal(1)))

    async def make(self, person_ids: Iterable[UUID]) -> dict[UUID, PersonKey]:
        """Fresh keys, committed before anything is sealed with them: a value without its key would be lost."""
        master = self.masters.making
        made = {person_id: master.make_person_key(person_id) for person_id in person_ids}
        rows = [
            {"person_id": person_id, "wrapped": wrapped, "master_key_id": master.id} for person_id, (_, wrapped) in made.items()
        ]
        async with transaction(self.engine) as connection:
            await connection.execute(insert(person_keys), rows)
        return {person_id: key for person_id, (key, _) in made.items()}

    async def fetch(self, person_ids: Iterable[UUID]) -> dict[UUID, PersonKey]:
        """The keys of those people who have one. Who has none was erased. Raises ``CannotOpen``."""
        wanted = list(person_ids)
        rows = await statements(self.engine, PLANNED_ONCE).fetch(_OF_PEOPLE, wanted)
        try:
            keys = {person_id: self.masters.unwrap(person_id, wrapped, master_key) for person_id, wrapped, master_key in rows}
        except CannotOpen:
            PERSON_KEYS.add("refused")
            raise
        PERSON_KEYS.add_many(len(keys), "opened")
        if len(keys) < len(wanted):
            PERSON_KEYS.add_many(len(wanted) - len(keys), "missing")
        return keys

    async def journal_mark(self) -> Mark:
        """How far the journal of erasures was followed here."""
        async with transaction(self.engine) as connection:
            return await journal_marks.read(connection, key_journal_mark)

    async def destroy(self, behind: Callable[[Mark], Sequence[Line]]) -> int:
        """Destroy the keys of everybody whom the journal names ``behind`` the place that was reached here; how many lines.

        INVARIANT: once this is committed, no copy of the people's database gives their sealed values back.
        """
        async with transaction(self.engine) as connection:
            lines = behind(await journal_marks.lock(connection, key_journal_mark))
            if lines:
                erased = [line.person for line in lines if line.person]
                await connection.execute(delete(person_keys).where(person_keys.c.person_id.in_(erased)))
                await journal_marks.move(connection, key_journal_mark, lines[-1].mark)
        return len(lines)


async def _remember(connection: AsyncConnection, master_key_id: str) -> None:
    known = postgresql.insert(master_keys).values(master_key_id=master_key_id, first_used_at=datetime.now(UTC))
    await connection.execute(known.on_conflict_do_update(index_elements=["master_key_id"], set_={"retired_at": None}))


def _refusal(missing: set[str], in_use: set[str]) -> str:
    if missing == in_use:
        return (
            "PROFILE_MASTER_KEYS_DIR holds other keys than those that the people here were sealed under. "
            "Mount the folder that belongs to this database."
        )
    return (
        f"PROFILE_MASTER_KEYS_DIR lacks {len(missing)} of the {len(in_use)} master keys that are in use here "
        f"({', '.join(sorted(missing))}). Put the missing file back: without it the people under it cannot be read."
    )
