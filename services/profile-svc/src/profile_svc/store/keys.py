"""The keys of people, in a database of their own. Without its row there a person cannot be read any more: that is erasure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncEngine

from profile_svc.sealing import MasterKey, PersonKey
from profile_svc.tables import master_keys, person_keys
from stena.database import single_statements, transaction


class WrongMasterKey(Exception):
    """The master key is not the one that the people in this database were sealed under."""


class PersonKeys:
    def __init__(self, engine: AsyncEngine, master: MasterKey) -> None:
        self.engine = engine
        self._master = master

    async def require_master_key(self) -> None:
        """Remember the first master key; refuse to start with any other, before anything is sealed under it."""
        first = postgresql.insert(master_keys).values(master_key_id=self._master.id, first_used_at=datetime.now(UTC))
        async with transaction(self.engine) as connection:
            known = set(await connection.scalars(select(master_keys.c.master_key_id)))
            if not known:
                await connection.execute(first.on_conflict_do_nothing())
            elif self._master.id not in known:
                raise WrongMasterKey(
                    "PROFILE_MASTER_KEY_FILE holds another key than the one that the people here were sealed under. "
                    "Mount the key file that belongs to this database."
                )

    async def answers(self) -> None:
        async with transaction(self.engine) as connection:
            await connection.execute(select(literal(1)))

    async def make(self, person_ids: Iterable[UUID]) -> dict[UUID, PersonKey]:
        """Fresh keys, committed before anything is sealed with them: a value without its key would be lost."""
        made = {person_id: self._master.make_person_key(person_id) for person_id in person_ids}
        rows = [
            {"person_id": person_id, "wrapped": wrapped, "master_key_id": self._master.id}
            for person_id, (_, wrapped) in made.items()
        ]
        async with transaction(self.engine) as connection:
            await connection.execute(insert(person_keys), rows)
        return {person_id: key for person_id, (key, _) in made.items()}

    async def fetch(self, person_ids: Iterable[UUID]) -> dict[UUID, PersonKey]:
        """The keys of those people who have one. Who has none was erased."""
        wanted = select(person_keys.c.person_id, person_keys.c.wrapped).where(person_keys.c.person_id.in_(list(person_ids)))
        async with transaction(single_statements(self.engine)) as connection:
            rows = (await connection.execute(wanted)).all()
        return {person_id: self._master.unwrap(person_id, wrapped) for person_id, wrapped in rows}

    async def destroy(self, person_id: UUID) -> None:
        """INVARIANT: once this is committed, no copy of the people's database gives the person's sealed values back."""
        async with transaction(self.engine) as connection:
            await connection.execute(delete(person_keys).where(person_keys.c.person_id == person_id))
