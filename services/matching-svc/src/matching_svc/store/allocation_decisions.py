"""What people were shown of proposals and decided about them, beside what is kept of candidates: so that audits count both.

INVARIANT: whoever is proposed for a place is shown there at rank 1; a person's word against it is a rejection with its reason.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from uuid_utils import uuid7

from matching_svc.allocation_tables import allocation_people
from matching_svc.outcome_tables import selections, shown
from matching_svc.store import Connection
from stena.contracts.allocation import Allocation, Confirmed, Placement
from stena.contracts.matching import KIND_PURPOSE
from stena.contracts.selections import Reason

AS_PROPOSED: Reason = "as-proposed"
UNKNOWN_MODEL = "unknown"
"""Of proposals that were made before models were kept with them."""


async def record_shown(
    connection: Connection, allocation: Allocation, people: Sequence[str], organisation: str, day: date
) -> None:
    """Once a day for each person, at the place that is proposed. Whoever is proposed nothing is shown nowhere."""
    place = allocation_people.c.proposal["opportunity"].astext
    mine = (allocation_people.c.allocation_id == allocation.id) & allocation_people.c.person_id.in_(people)
    rows = await connection.execute(
        select(allocation_people.c.person_id, place.label("place")).where(mine, place.is_not(None)).order_by("person_id")
    )
    fixed = {"purpose": KIND_PURPOSE[allocation.kind], "organisation": organisation, "day": day, "rank": 1}
    fixed["model"] = allocation.model or UNKNOWN_MODEL
    told = [{"person_id": row.person_id, "opportunity_id": row.place, **fixed} for row in rows]
    if told:
        statement = upsert(shown)
        best = {"rank": 1, "model": statement.excluded.model}
        await connection.execute(statement.on_conflict_do_update(index_elements=list(shown.primary_key), set_=best), told)


async def record(
    connection: Connection, allocation: Allocation, proposed: Placement, confirmed: Confirmed, organisation: str
) -> None:
    """One line for each place that the decision is about; none where the same was decided before."""
    fixed = {
        "person_id": proposed.person,
        "purpose": KIND_PURPOSE[allocation.kind],
        "organisation": organisation,
        "acting_user": confirmed.acting_user,
        "reason": confirmed.reason or AS_PROPOSED,
        "model": allocation.model or UNKNOWN_MODEL,
        "decided_at": confirmed.at,
        "allocation_id": allocation.id,
    }
    lines = [
        {**fixed, "selection_id": f"sel_{uuid7().hex}", "opportunity_id": place, "outcome": outcome, "rank": rank}
        for place, outcome, rank in _said(proposed, confirmed)
    ]
    if lines:
        await connection.execute(insert(selections), lines)


def _said(proposed: Placement, confirmed: Confirmed) -> Iterator[tuple[str, str, int | None]]:
    """Place, outcome, and the rank that the machine had given it."""
    before: Any = proposed.confirmed
    if before is not None and (before.opportunity, before.reason) == (confirmed.opportunity, confirmed.reason):
        return
    left = {proposed.opportunity, None if before is None else before.opportunity} - {None, confirmed.opportunity}
    for place in sorted(str(each) for each in left):
        yield place, "rejected", 1 if place == proposed.opportunity else None
    if confirmed.opportunity is not None:
        yield confirmed.opportunity, "selected", 1 if confirmed.opportunity == proposed.opportunity else None
