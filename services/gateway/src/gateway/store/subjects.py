"""The pseudonyms by which the ledger knows people, made at random when somebody is first written of."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from stena.database import single_statements, transaction

# In one order, so that two who make pseudonyms of the same people do not wait for each other in turn.
_MAKE = text("""
    WITH wanted AS (SELECT unnest(CAST(:people AS uuid[])) AS person_id),
    made AS (
        INSERT INTO ledger_subjects (person_id) SELECT person_id FROM wanted ORDER BY person_id
        ON CONFLICT DO NOTHING RETURNING person_id, subject
    )
    SELECT person_id, subject FROM made
    UNION ALL SELECT person_id, subject FROM ledger_subjects JOIN wanted USING (person_id)
""")


async def made_of(engine: AsyncEngine, people: Collection[UUID]) -> dict[UUID, UUID]:
    """Person → pseudonym, made for those who have none."""
    found = dict[UUID, UUID]()
    async with transaction(single_statements(engine)) as connection:
        while missing := [person for person in people if person not in found]:
            # Whom somebody else makes at this very moment is seen by the next look.
            made = await connection.execute(_MAKE, {"people": missing})
            found |= {row.person_id: row.subject for row in made}
    return found
