"""Likely duplicates under a grant: whom the index lets meet, held against each other by what the grant discloses of both.

INVARIANT: a score rests on disclosed values alone, and on both records being in the grant's rows: of a record with which the
caller has nothing to do it is not told that it is there.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from profile_svc.attributes import Attributes
from profile_svc.disclosure import Viewer, is_disclosed
from profile_svc.reading import View, viewer, views_of
from profile_svc.resembling import IDENTIFYING, PROPOSED, resemblance
from profile_svc.store import duplicates, people
from profile_svc.store.duplicates import Pair
from profile_svc.store.vault import Connection, Vault
from profile_svc.writing import NotThere
from stena.contracts.access import Grant
from stena.contracts.duplicates import DuplicateQuery

STEP: Final = 200
MOST_STEPS: Final = 5
"""So many times so many people are looked at for one page: one that finds nothing ends too, and says from where to go on."""

Proposal = dict[str, Any]
"""A ``stena.contracts.duplicates.Duplicate`` as JSON."""


async def propose(
    vault: Vault, grant: Grant, attributes: Attributes, wanted: DuplicateQuery, person: UUID | None, after: UUID | None
) -> tuple[list[Proposal], UUID | None]:
    """A page of proposals, and after whom the next one begins; of one ``person`` the likeliest. Raises ``NotThere``."""
    seen_by = viewer(vault, grant, attributes, [name for name in IDENTIFYING if is_disclosed(grant, name)])
    async with vault.transaction() as connection:
        if person is not None:
            return await _of_one(vault, connection, seen_by, person, wanted.limit), None
        return await _of_all(vault, connection, seen_by, after, wanted.limit)


async def tell_apart(vault: Vault, grant: Grant, person: UUID, other: UUID) -> None:
    """Remember that these are two people; again is as good as once. Raises ``NotThere``."""
    async with vault.transaction() as connection:
        if person == other or not await duplicates.are_there(connection, grant.rows, (person, other)):
            raise NotThere("There is no such person for this caller.")
        await duplicates.tell_apart(connection, (person, other), grant.organisation, grant.acting_user, datetime.now(UTC))


async def _of_one(vault: Vault, connection: Connection, seen_by: Viewer, person: UUID, limit: int) -> list[Proposal]:
    if not await duplicates.are_there(connection, seen_by.selection.rows, [person]):
        raise NotThere("There is no such person for this caller.")
    found = await _meeting(connection, seen_by, [person], later=False)
    proposals = await _likely(vault, connection, seen_by, found)
    return sorted(proposals, key=lambda each: (-each["score"], each["people"][1]["id"]))[:limit]


async def _of_all(
    vault: Vault, connection: Connection, seen_by: Viewer, after: UUID | None, limit: int
) -> tuple[list[Proposal], UUID | None]:
    """In the order of the people. A page may be longer than ``limit`` by what is said of its last person."""
    found: list[Proposal] = []
    for _ in range(MOST_STEPS):
        step = await duplicates.people_after(connection, seen_by.selection.rows, after, STEP)
        for proposal in await _likely(vault, connection, seen_by, await _meeting(connection, seen_by, step, later=True)):
            first = UUID(proposal["people"][0]["id"])
            if len(found) >= limit and first != after:
                return found, after
            found.append(proposal)
            after = first
        if len(step) < STEP:
            return found, None
        after = step[-1]
    return found, after


async def _meeting(connection: Connection, seen_by: Viewer, step: Sequence[UUID], *, later: bool) -> Sequence[Pair]:
    selection = seen_by.selection
    return await duplicates.meeting(connection, selection.rows, step, selection.organisation, later=later) if step else []


async def _likely(vault: Vault, connection: Connection, seen_by: Viewer, pairs: Sequence[Pair]) -> list[Proposal]:
    views = await _views(vault, connection, seen_by, {each for pair in pairs for each in pair})
    proposals = (_proposal(views[one], views[other]) for one, other in pairs if one in views and other in views)
    return [proposal for proposal in proposals if proposal["score"] >= PROPOSED]


async def _views(vault: Vault, connection: Connection, seen_by: Viewer, ids: Iterable[UUID]) -> dict[UUID, View]:
    wanted = list(ids)
    found = await people.find_many(connection, seen_by.selection, wanted) if wanted else []
    return {UUID(view["id"]): view for view in await views_of(vault, seen_by, found)}


def _proposal(one: View, other: View) -> Proposal:
    found = resemblance(one["attributes"], other["attributes"])
    return {"people": [one, other], "score": found.score, "agreement": dict(found.agreement)}
