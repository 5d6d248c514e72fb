"""Looks at the databases as the services see them, with the services' own roles. What it means, ``judging`` says.

INVARIANT: only catalogues and marks are read, never a row about anybody.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from stena.database import create_engine, transaction
from stena.keys import KeyFileError
from stena.problems import Unavailable
from stena.settings import database_url
from stena_local.doctor.finding import Told
from stena_local.doctor.judging import SETTINGS, Seen, Silent

NAMES: Final = ("gateway", "policy", "profile", "profile_keys", "matching")
_SERVER: Final = text("""
SELECT clock_timestamp() AS now, current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS number, current_setting('max_connections')::int AS most,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       current_setting('archive_mode') <> 'off' AS archives, last_archived_time AS archived, last_failed_time AS failed,
       (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name = ANY(:names)) AS settings
FROM pg_stat_archiver
""")
_ROLE: Final = text("""
SELECT rolname AS name, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS mighty,
       EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid) AS member,
       has_database_privilege(current_database(), 'CREATE') OR has_schema_privilege('public', 'CREATE') AS creates,
       EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) AS owns,
       ARRAY(SELECT datname::text FROM pg_database WHERE datallowconn AND datname <> current_database()
             AND has_database_privilege(pg_database.oid, 'CONNECT') ORDER BY 1) AS elsewhere
FROM pg_roles WHERE rolname = current_user
""")
_RIGHTS: Final = text("""
SELECT relname::text AS name, has_table_privilege(oid, 'TRUNCATE') AS truncates,
       has_table_privilege(oid, 'DELETE') OR has_any_column_privilege(oid, 'UPDATE') AS changes
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname
""")
_REVISIONS: Final = text("SELECT version_num FROM alembic_version")
_MARK: Final = text("SELECT number FROM journal_mark")
_ACTIVE: Final = text("SELECT sha256 FROM rulebook_activations ORDER BY number DESC LIMIT 1")
_MONTHS: Final = text("""
SELECT right(relname, 7)::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'ledger'::regclass
""")
_HEAD: Final = text("SELECT max(at) FROM ledger_heads")


def look(told: Told) -> list[Seen | Silent]:
    """Every database that the settings name."""
    return asyncio.run(_look([(name, told) for name in NAMES if f"{name.upper()}_DATABASE_URL" in told]))


async def _look(wanted: Sequence[tuple[str, Told]]) -> list[Seen | Silent]:
    return [await _one(name, told) for name, told in wanted]


async def _one(name: str, told: Told) -> Seen | Silent:
    try:
        engine = create_engine(_url(name, told), pool_size=1, timeout=3)
        try:
            async with transaction(engine) as connection:
                return await _seen(name, connection)
        finally:
            await engine.dispose()
    except (Unavailable, KeyFileError) as error:
        cause = error.__cause__
        return Silent(name, str(error) if isinstance(error, KeyFileError) else type(cause).__name__)
    except DBAPIError as error:
        return Silent(name, f"not what the migrations make ({type(error.orig).__name__})")


def _url(name: str, told: Told) -> URL:
    setting = f"{name.upper()}_DATABASE"
    password = told.get(f"{setting}_PASSWORD_FILE")
    return database_url(told[f"{setting}_URL"], Path(password) if password else None)


async def _seen(name: str, connection: AsyncConnection) -> Seen:
    before = datetime.now(UTC)
    server = (await connection.execute(_SERVER, {"names": list(SETTINGS)})).one()
    middle = before + (datetime.now(UTC) - before) / 2
    return Seen(
        name,
        (server.now - middle).total_seconds(),
        server,
        (await connection.execute(_ROLE)).one(),
        (await connection.execute(_RIGHTS)).all(),
        frozenset((await connection.scalars(_REVISIONS)).all()),
        mark=await connection.scalar(_MARK) if name in ("profile", "profile_keys") else None,
        active=await connection.scalar(_ACTIVE) if name == "policy" else None,
        months=frozenset((await connection.scalars(_MONTHS)).all()) if name == "gateway" else frozenset(),
        head_at=await connection.scalar(_HEAD) if name == "gateway" else None,
    )
