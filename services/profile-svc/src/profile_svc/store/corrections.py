"""Corrections that people propose, and what was decided about them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.rights_tables import corrections
from profile_svc.store.selection import condition
from profile_svc.tables import persons
from stena.contracts.access import Grant
from stena.contracts.condition import Residual
from stena.contracts.rights import CorrectionState, RightsQuery


@dataclass(frozen=True, slots=True)
class StoredCorrection:
    """A row of ``corrections``; ``sealed`` holds value and reason, ``sealed_decision`` the reason of the decision."""

    person_id: UUID
    correction_id: UUID
    attribute: str
    sealed: str
    proposed_at: datetime
    proposed_by: str
    state: CorrectionState = "open"
    decided_at: datetime | None = None
    decided_by: str | None = None
    sealed_decision: str | None = None


async def add(connection: AsyncConnection, correction: StoredCorrection) -> None:
    await connection.execute(insert(corrections).values(asdict(correction)))


async def close(connection: AsyncConnection, correction: StoredCorrection, **columns: Any) -> None:
    """Write down what became of a correction."""
    one = (corrections.c.person_id == correction.person_id, corrections.c.correction_id == correction.correction_id)
    await connection.execute(update(corrections).where(*one).values(**columns))


async def of_person(connection: AsyncConnection, person_id: UUID) -> Sequence[StoredCorrection]:
    """Everything that a person proposed, newest first."""
    return await _fetch(connection, _newest_first(select(corrections).where(corrections.c.person_id == person_id)))


async def decidable(connection: AsyncConnection, grant: Grant, person_id: UUID) -> Sequence[StoredCorrection]:
    """Those of a person, decided ones too, that the caller may decide; newest first."""
    return await _fetch(connection, _newest_first(_decidable(grant).where(corrections.c.person_id == person_id)))


async def waiting(
    connection: AsyncConnection, grant: Grant, query: RightsQuery, after: UUID | None
) -> Sequence[StoredCorrection]:
    """A page, and one more, of those that wait for the caller's decision, oldest first."""
    wanted = _decidable(grant).where(corrections.c.state == "open")
    later = wanted if after is None else wanted.where(corrections.c.correction_id > after)
    return await _fetch(connection, later.order_by(corrections.c.correction_id).limit(query.limit + 1))


def _decidable(grant: Grant) -> Select[Any]:
    """INVARIANT: who decides about an attribute may both see and write it, of this very person."""
    by_conditions: dict[tuple[Residual, Residual], list[str]] = {}
    for name, write in grant.write.items():
        if name in grant.disclose:
            by_conditions.setdefault((write.when, grant.disclose[name].when), []).append(name)
    possible = or_(false(), *(_of_attributes(names, conditions) for conditions, names in by_conditions.items()))
    joined = select(corrections).join(persons, persons.c.person_id == corrections.c.person_id)
    return joined.where(condition(grant.rows), possible)


def _of_attributes(names: Iterable[str], conditions: Iterable[Residual]) -> ColumnElement[bool]:
    return and_(corrections.c.attribute.in_(list(names)), *map(condition, conditions))


def _newest_first(wanted: Select[Any]) -> Select[Any]:
    return wanted.order_by(corrections.c.proposed_at.desc(), corrections.c.correction_id.desc())


async def _fetch(connection: AsyncConnection, wanted: Select[Any]) -> list[StoredCorrection]:
    return [StoredCorrection(**row) for row in (await connection.execute(wanted)).mappings()]
