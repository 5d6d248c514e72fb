"""Matters that a person raises and organisations decide about, as each caller finds them and by the names that each knows.

INVARIANT: an organisation finds what it may decide about, and nothing else of what the person raised.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from profile_svc.blurring import name_for
from profile_svc.noting import key_of
from profile_svc.restricting import by_person
from profile_svc.sealing import PersonKey
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import NotThere, require_seen
from stena.contracts.access import Grant
from stena.contracts.rights import RightsQuery

View = dict[str, Any]


class OfPerson(Protocol):
    @property
    def person_id(self) -> UUID: ...


Matter = TypeVar("Matter", bound=OfPerson)


@dataclass(frozen=True, slots=True)
class Matters(Generic[Matter]):
    """One ``kind`` of them. ``raised``: everything of a person; ``addressed``: what of it the caller may decide about, both
    newest first; ``waiting``: what of everybody the caller has yet to decide about, a page and one more, oldest first."""

    kind: str
    id_of: Callable[[Matter], UUID]
    raised: Callable[[Connection, UUID], Awaitable[Sequence[Matter]]]
    addressed: Callable[[Connection, Grant, UUID], Awaitable[Sequence[Matter]]]
    waiting: Callable[[Connection, Grant, RightsQuery, UUID | None], Awaitable[Sequence[Matter]]]
    view_of: Callable[[Vault, Grant, PersonKey, Matter], View]

    async def read(self, vault: Vault, grant: Grant, person_id: UUID) -> list[View]:
        """Of the person all, of an organisation those that concern it; newest first. Raises ``NotThere``."""
        async with vault.transaction() as connection:
            await require_seen(connection, person_id, grant.rows)
            found = await self._of(connection, grant, person_id)
        key = await key_of(vault, person_id)
        return [self.view_of(vault, grant, key, each) for each in found]

    async def page(self, vault: Vault, grant: Grant, query: RightsQuery, after: UUID | None) -> tuple[list[View], UUID | None]:
        """A page of those that wait for the caller's decision; the last one's id, if there are more."""
        async with vault.transaction() as connection:
            found = await self.waiting(connection, grant, query, after)
        page = found[: query.limit]
        keys = await vault.person_keys.fetch({each.person_id for each in page})
        views = [self.view_of(vault, grant, keys[each.person_id], each) for each in page if each.person_id in keys]
        return views, self.id_of(page[-1]) if len(found) > query.limit else None

    async def find(self, vault: Vault, connection: Connection, grant: Grant, person_id: UUID, name: str) -> Matter:
        """The one that the caller knows as ``name``. Raises ``NotThere``."""
        for each in await self._of(connection, grant, person_id):
            if self.name(vault, grant, self.id_of(each)) == name:
                return each
        raise NotThere(f"There is no such {self.kind} for this caller.")

    def name(self, vault: Vault, grant: Grant, matter_id: UUID) -> str:
        """What the caller knows it by."""
        return name_for(vault, self.kind, grant.organisation, matter_id)

    async def _of(self, connection: Connection, grant: Grant, person_id: UUID) -> Sequence[Matter]:
        if by_person(grant):
            return await self.raised(connection, person_id)
        return await self.addressed(connection, grant, person_id)
