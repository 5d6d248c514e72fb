"""The pseudonyms by which the ledger knows people, made at random when somebody is first written of."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from stena.statements import statements

# In one order, so that two who make pseudonyms of the same people do not wait for each other in turn.
_MAKE: Final = """
    WITH wanted AS (SELECT unnest($1::uuid[]) AS person_id),
    made AS (
        INSERT INTO ledger_subjects (person_id) SELECT person_id FROM wanted ORDER BY person_id
        ON CONFLICT DO NOTHING RETURNING person_id, subject
    )
    SELECT person_id, subject FROM made
    UNION ALL SELECT person_id, subject FROM ledger_subjects JOIN wanted USING (person_id)
"""


async def made_of(engine: AsyncEngine, people: Collection[UUID]) -> dict[UUID, UUID]:
    """Person → pseudonym, made for those who have none."""
    found = dict[UUID, UUID]()
    while missing := [person for person in people if person not in found]:
        # Whom somebody else makes at this very moment is seen by the next look.
        found |= dict(await statements(engine).fetch(_MAKE, missing))
    return found
