"""Who stands in the journal of erasures is forgotten in every table of the gateway, and nobody else is."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway import erasures
from stena.erasure_journal import START, Journal

ROWS = """
INSERT INTO clients (client_id, name, organisation, person_id, secret_hash, created_at)
    VALUES (:text, 'own', 'self-service', :person, :hash, now());
INSERT INTO ledger_subjects (person_id) VALUES (:person);
INSERT INTO merged_people (part, person, merge) VALUES (:person, :other, :access), (:access, :person, :other);
INSERT INTO sign_in_codes VALUES (:person, :access, :hash, 'x', NULL, 'x', now(), now());
INSERT INTO sign_ins VALUES (:person, :access, 'issuer', :hash, 'x', 'x', now());
INSERT INTO emergency_accesses VALUES (:person, :access, 'x', 'x', 'x', 'x', 'x', :hash, 'x', now(), now() + interval '1 h');
INSERT INTO emergency_reviews VALUES (:person, :access, 'justified', 'x', now(), 'x', NULL, 'x', NULL);
"""
TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1
"""


async def known(owner: AsyncEngine, person: UUID) -> list[str]:
    """The tables that hold the id of the person anywhere."""
    async with owner.connect() as connection:
        found = []
        for table in list(await connection.scalars(text(TABLES))):
            rows = await connection.execute(text(f"SELECT t::text FROM {table} AS t"))  # noqa: S608
            if any(str(person) in row[0] for row in rows):
                found.append(table)
        return found


async def test_who_is_in_the_journal_is_forgotten_everywhere_and_nobody_else(
    owner: AsyncEngine, engine: AsyncEngine, tmp_path: Path
) -> None:
    erased, stays = uuid4(), uuid4()
    async with owner.begin() as connection:
        for person in (erased, stays):
            values = {"person": person, "other": uuid4(), "access": uuid4(), "text": str(uuid4()), "hash": uuid4().bytes * 2}
            for statement in ROWS.strip().removesuffix(";").split(";\n"):
                await connection.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
    everywhere = await known(owner, stays)
    assert await known(owner, erased) == everywhere
    assert len(everywhere) == 7
    journal = Journal(tmp_path, bytes(32))
    journal.open([], datetime.now(UTC))
    journal.append([erased], "asked", datetime.now(UTC))

    reached = await erasures.follow(engine, journal, START)
    assert reached == journal.last
    assert (await known(owner, erased), await known(owner, stays)) == ([], everywhere)
    async with owner.connect() as connection:
        revoked = await connection.execute(text("SELECT person_id IS NULL, revoked_at IS NULL FROM clients ORDER BY 1"))
        assert [tuple(row) for row in revoked] == [(False, True), (True, False)]
        # What officers did stays, and stays together.
        reviewed = await connection.scalar(
            text("SELECT count(*) FROM emergency_accesses JOIN emergency_reviews USING (person_id)")
        )
        assert reviewed == 2
    assert await erasures.follow(engine, journal, START) == reached, "again, as after a restart"
