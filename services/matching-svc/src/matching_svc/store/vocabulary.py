"""The vocabulary in PostgreSQL: replaced part by part by the owner's import, read whole by the running service."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, Literal, cast

from sqlalchemy import Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_svc.esco.edition import Concept, Edition, Label, Relation
from matching_svc.vocabulary_tables import concept_labels, concept_relations, concepts, vocabulary_parts

Row = tuple[Any, ...]
Change = Literal["unchanged", "new", "replaced", "removed"]

BATCH: Final = 20_000
"""Rows sent at once, so that progress can be shown."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part that an import brings: ``rows`` as the table has them, in its order of columns."""

    digest: str
    rows: Sequence[Row]


async def lock(connection: AsyncConnection) -> None:
    """One import at a time; readers see the vocabulary before it until the transaction ends."""
    await connection.execute(text("LOCK TABLE vocabulary_parts IN SHARE ROW EXCLUSIVE MODE"))


async def digests(connection: AsyncConnection) -> dict[str, str]:
    """The digest of every part; empty where nothing was imported yet."""
    rows = await connection.execute(select(vocabulary_parts.c.part, vocabulary_parts.c.digest))
    return {row.part: row.digest for row in rows}


async def version(connection: AsyncConnection) -> str | None:
    found = select(vocabulary_parts.c.version).where(vocabulary_parts.c.part == "concepts")
    return cast(str | None, (await connection.execute(found)).scalar_one_or_none())


async def uris(connection: AsyncConnection) -> frozenset[str]:
    """Every concept that is known."""
    return frozenset((await connection.execute(select(concepts.c.uri))).scalars())


async def replace(
    connection: AsyncConnection, version: str, parts: Mapping[str, Part], advance: Callable[[int], None]
) -> dict[str, Change]:
    """Bring each part to what is given, and say of each what was done. A part that is the same already is not touched.

    New concepts take away whatever else was imported and is not given now: it spoke of the old ones.
    """
    before = await digests(connection)
    changes: dict[str, Change] = {}
    if "concepts" in parts and before.get("concepts") != parts["concepts"].digest:
        changes |= dict.fromkeys(before.keys() - parts.keys(), "removed")
    for name in changes:
        await _remove(connection, name)
    for name, part in parts.items():
        if before.get(name) == part.digest:
            changes[name] = "unchanged"
        else:
            changes[name] = "replaced" if name in before else "new"
            await _remove(connection, name)
            await _fill(connection, name, part.rows, advance)
            entry = {"part": name, "version": version, "digest": part.digest, "entries": len(part.rows)}
            await connection.execute(insert(vocabulary_parts).values(entry))
    return changes


async def load(connection: AsyncConnection) -> Edition | None:
    """The whole vocabulary; ``None`` where nothing was imported yet."""
    told = await version(connection)
    if told is None:
        return None
    rows = await _rows(connection, concepts)
    found = tuple(sorted(Concept(*row) for row in rows))
    relations = tuple(sorted(Relation(*row) for row in await _rows(connection, concept_relations)))
    labels = await _rows(connection, concept_labels)
    by_language = {
        language: tuple(Label(uri, kind, text) for _, _, uri, kind, text in each)
        for language, each in groupby(sorted(labels, key=lambda row: (row[0], row[1])), key=lambda row: row[0])
    }
    return Edition(told, found, relations, by_language)


async def _rows(connection: AsyncConnection, table: Table) -> Iterable[Row]:
    """Straight from asyncpg: half a million rows cost seconds as SQLAlchemy's."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    columns = ", ".join(column.name for column in table.columns)
    return cast(Iterable[Row], await driver.fetch(f"SELECT {columns} FROM {table.name}", timeout=120))  # noqa: S608


async def _remove(connection: AsyncConnection, part: str) -> None:
    table, language = _table(part)
    everything = delete(table) if language is None else delete(table).where(table.c.language == language)
    await connection.execute(everything)
    await connection.execute(delete(vocabulary_parts).where(vocabulary_parts.c.part == part))


async def _fill(connection: AsyncConnection, part: str, rows: Sequence[Row], advance: Callable[[int], None]) -> None:
    table, language = _table(part)
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    columns = [column.name for column in table.columns]
    for start in range(0, len(rows), BATCH):
        batch: Iterable[Row] = rows[start : start + BATCH]
        if language is not None:
            batch = ((language, start + at, *row) for at, row in enumerate(batch))
        await driver.copy_records_to_table(table.name, records=batch, columns=columns, timeout=120)
        advance(min(BATCH, len(rows) - start))


def _table(part: str) -> tuple[Table, str | None]:
    kind, _, language = part.partition(":")
    return {"concepts": concepts, "relations": concept_relations, "labels": concept_labels}[kind], language or None
