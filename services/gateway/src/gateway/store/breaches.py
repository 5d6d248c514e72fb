"""What the ledger says was disclosed, of whom: by organisation, client and time. It reads, and nothing else."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from stena.database import transaction

CHUNK: Final = 500
"""People who are read, and told of, together."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Disclosures to one organisation or client, or to all, from ``since`` on and before ``until``."""

    since: datetime
    until: datetime
    organisation: str | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Extent:
    """How much was disclosed. Each mapping counts people, and nobody twice under one name.

    ``unended``: calls that were begun and of which it is not known how they ended. ``forgotten``: those among ``people`` who
    have been erased since.
    """

    people: int
    forgotten: int
    entries: int
    unended: int
    first: datetime | None
    last: datetime | None
    categories: Mapping[str, int]
    attributes: Mapping[str, int]
    resources: Mapping[str, int]
    purposes: Mapping[str, int]
    organisations: Mapping[str, int]


KINDS: Final = ("categories", "attributes", "resources", "purposes", "organisations")
"""By what an extent counts people."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One person, and what was disclosed of them in all; ``person`` is ``None`` of somebody who has been erased since."""

    subject: UUID
    person: UUID | None
    entries: int
    first: datetime
    last: datetime
    attributes: tuple[str, ...]
    resources: tuple[str, ...]
    purposes: tuple[str, ...]
    organisations: tuple[str, ...]


# What left: answers, and changes that were done and answered.
_TOLD: Final = """
    FROM ledger JOIN ledger_people AS listed ON listed.entry_id = ledger.entry_id AND listed.at = ledger.at
    WHERE ledger.at >= :since AND ledger.at < :until AND ledger.outcome IN ('answered', 'done')
        AND (CAST(:organisation AS text) IS NULL OR ledger.organisation = :organisation)
        AND (CAST(:client AS text) IS NULL OR ledger.client = :client)
"""
_ATTRIBUTES: Final = "ledger.attributes || coalesce(listed.besides, '{}'::text[])"

# Nothing in these but constants of this module and bound values.
_EXTENT: Final = text(f"""
    WITH told AS MATERIALIZED (
        SELECT listed.subject, ledger.entry_id, ledger.at, ledger.resource, ledger.purpose, ledger.organisation,
            {_ATTRIBUTES} AS attributes {_TOLD}
    ), named AS (
        SELECT 'attributes' AS kind, name, subject FROM told, unnest(attributes) AS name
        UNION ALL SELECT 'categories', coalesce(catalogue.category, 'other'), subject FROM told, unnest(attributes) AS name
            LEFT JOIN unnest(CAST(:names AS text[]), CAST(:categories AS text[])) AS catalogue (name, category) USING (name)
        UNION ALL SELECT 'resources', resource, subject FROM told
        UNION ALL SELECT 'purposes', purpose, subject FROM told
        UNION ALL SELECT 'organisations', organisation, subject FROM told
    )
    SELECT 'all' AS kind, NULL AS name, count(DISTINCT subject) AS people, count(DISTINCT entry_id) AS entries,
        min(at) AS first, max(at) AS last,
        (SELECT count(*) FROM (SELECT DISTINCT subject FROM told) AS one
            WHERE NOT EXISTS (SELECT FROM ledger_subjects AS known WHERE known.subject = one.subject)) AS forgotten
    FROM told
    UNION ALL SELECT kind, name, count(DISTINCT subject), NULL, NULL, NULL, NULL FROM named GROUP BY kind, name
""")  # noqa: S608
_UNENDED: Final = text("""
    SELECT count(*) FROM ledger AS begun
    WHERE begun.at >= :since AND begun.at < :until AND begun.outcome = 'intent'
        AND (CAST(:organisation AS text) IS NULL OR begun.organisation = :organisation)
        AND (CAST(:client AS text) IS NULL OR begun.client = :client)
        AND NOT EXISTS (SELECT FROM ledger AS later WHERE later.decision = begun.decision AND later.outcome <> 'intent'
            AND later.at >= begun.at AND later.at < begun.at + interval '1 day')
""")
_PEOPLE: Final = text(f"""
    WITH people AS (
        SELECT DISTINCT listed.subject {_TOLD} AND (CAST(:after AS uuid) IS NULL OR listed.subject > :after)
        ORDER BY listed.subject LIMIT :most
    ), told AS MATERIALIZED (
        SELECT listed.subject, ledger.at, ledger.resource, ledger.purpose, ledger.organisation, {_ATTRIBUTES} AS attributes
        {_TOLD} AND listed.subject IN (SELECT subject FROM people)
    ), named AS (
        SELECT subject, array_agg(DISTINCT name ORDER BY name) AS attributes
        FROM told, unnest(attributes) AS name GROUP BY subject
    )
    SELECT told.subject, known.person_id, count(*), min(told.at), max(told.at), coalesce(named.attributes, '{{}}'),
        array_agg(DISTINCT resource), array_agg(DISTINCT purpose), array_agg(DISTINCT organisation)
    FROM told LEFT JOIN named ON named.subject = told.subject LEFT JOIN ledger_subjects AS known ON known.subject = told.subject
    GROUP BY told.subject, known.person_id, named.attributes ORDER BY told.subject
""")  # noqa: S608


async def extent(engine: AsyncEngine, scope: Scope, category_of: Mapping[str, str]) -> Extent:
    """How much was disclosed in ``scope``; ``category_of`` says how attributes are grouped, as far as that is known."""
    grouped = {"names": list(category_of), "categories": list(category_of.values())}
    async with transaction(engine) as connection:
        rows = (await connection.execute(_EXTENT, {**asdict(scope), **grouped})).all()
        unended = await connection.scalar(_UNENDED, asdict(scope)) or 0
    whole = next(row for row in rows if row.kind == "all")
    counted: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
    for row in sorted((row for row in rows if row.kind != "all"), key=lambda row: (-row.people, row.name)):
        counted[row.kind][row.name] = row.people
    return Extent(whole.people, whole.forgotten, whole.entries, unended, whole.first, whole.last, **counted)


async def people_after(engine: AsyncEngine, scope: Scope, after: UUID | None, most: int = CHUNK) -> Sequence[Affected]:
    """So many of the people concerned, in the order of their pseudonyms."""
    async with transaction(engine) as connection:
        rows = await connection.execute(_PEOPLE, {**asdict(scope), "after": after, "most": most})
        return [_affected(row) for row in rows]


async def people(engine: AsyncEngine, scope: Scope) -> AsyncIterator[Sequence[Affected]]:
    """All of them, chunk by chunk."""
    after: UUID | None = None
    while chunk := await people_after(engine, scope, after):
        yield chunk
        after = chunk[-1].subject


def _affected(row: Any) -> Affected:
    return Affected(*row[:5], *(tuple(names) for names in row[5:]))
