"""Revisions of the rulebook and their activations. Rows are added and read, never changed, and no decision waits for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_leave
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from policy_svc.rulebook import Rulebook
from policy_svc.tables import rulebook_activations, rulebook_revisions
from stena.database import create_engine, transaction
from stena.statements import spoken, statements

ACTIVATED: Final = "rulebook_activated"
"""The channel of NOTIFY on which every replica hears of an activation."""

_ONE_AT_A_TIME: Final = 8_154_207_331  # the advisory lock of activations; any number, the same for every replica


@dataclass(frozen=True, slots=True)
class Intended:
    """Which revision shall decide. ``widened``: it opens something. ``returns_to``: for a rollback, the number of the
    activation whose state it restores."""

    revision: str
    by: str
    widened: bool = False
    comment: str | None = None
    returns_to: int | None = None


@dataclass(frozen=True, slots=True)
class Activation:
    """What was intended, done: it decides from ``at`` on, until the activation with the next ``number``."""

    number: int
    at: datetime
    revision: str
    by: str
    widened: bool
    comment: str | None
    returns_to: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A revision that can be activated."""

    revision: str
    first_loaded_at: datetime


class Overtaken(Exception):
    """Somebody else activated something in the meantime: what was compared is not what would change."""


_table = rulebook_activations.c
_newest_first: Final = select(
    _table.number, _table.activated_at, _table.sha256, _table.activated_by, _table.widened, _table.comment, _table.returns_to
).order_by(_table.number.desc())
_active_now: Final = _newest_first.limit(1)
_ACTIVE: Final = spoken(_active_now)


class Archive:
    """Each call is one transaction, and raises ``Unavailable`` where the database does not answer."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, rulebook: Rulebook) -> None:
        """Keep a checked rulebook, unless it is kept already."""
        async with transaction(self._engine) as connection:
            await _add(connection, rulebook)

    async def files_of(self, revision: str) -> dict[str, str] | None:
        """The texts of a revision's files, as they were when it was first loaded; ``None`` if it is not kept here."""
        query = select(rulebook_revisions.c.content).where(rulebook_revisions.c.sha256 == revision)
        async with transaction(self._engine) as connection:
            content = await connection.scalar(query)
        return None if content is None else dict(content)

    async def revisions(self) -> tuple[Kept, ...]:
        """Newest first."""
        query = select(rulebook_revisions.c.sha256, rulebook_revisions.c.first_loaded_at)
        query = query.order_by(rulebook_revisions.c.first_loaded_at.desc(), rulebook_revisions.c.sha256)
        async with transaction(self._engine) as connection:
            return tuple(Kept(*row) for row in await connection.execute(query))

    async def activations(self) -> tuple[Activation, ...]:
        """The whole history, newest first."""
        async with transaction(self._engine) as connection:
            return tuple(Activation(*row) for row in await connection.execute(_newest_first))

    async def active(self) -> Activation | None:
        """What decides now; ``None`` before the first activation. Asked for again and again, by every replica."""
        rows = await statements(self._engine).ask(_ACTIVE)
        return Activation(*rows[0]) if rows else None

    async def activate(self, intended: Intended, *, instead_of: Activation | None) -> Activation:
        """Let a kept revision decide, and tell every replica. Raises ``Overtaken`` if ``instead_of`` is not what decides."""
        async with transaction(self._engine) as connection:
            await _hold(connection)
            if await _active(connection) != instead_of:
                raise Overtaken
            return await _activate(connection, intended)

    async def activate_first(self, rulebook: Rulebook, by: str) -> Activation:
        """Let ``rulebook`` decide where none ever did. Where one does, that is what comes back."""
        async with transaction(self._engine) as connection:
            await _hold(connection)
            active = await _active(connection)
            if active is not None:
                return active
            await _add(connection, rulebook)
            return await _activate(connection, Intended(rulebook.revision, by))


@asynccontextmanager
async def open_archive(database: URL) -> AsyncIterator[Archive]:
    """For commands, which have no engine of their own."""
    engine = create_engine(database, pool_size=1, timeout=5)
    try:
        yield Archive(engine)
    finally:
        await engine.dispose()


async def _hold(connection: AsyncConnection) -> None:
    """Until the transaction ends nobody else activates anything."""
    await connection.execute(select(func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))


async def _add(connection: AsyncConnection, rulebook: Rulebook) -> None:
    row = {"sha256": rulebook.revision, "content": dict(rulebook.files), "first_loaded_at": datetime.now(UTC)}
    await connection.execute(insert_or_leave(rulebook_revisions).values(row).on_conflict_do_nothing(index_elements=["sha256"]))


async def _active(connection: AsyncConnection) -> Activation | None:
    row = (await connection.execute(_active_now)).one_or_none()
    return None if row is None else Activation(*row)


async def _activate(connection: AsyncConnection, intended: Intended) -> Activation:
    now = datetime.now(UTC)
    row: dict[str, Any] = {
        "sha256": intended.revision,
        "activated_at": now,
        "activated_by": intended.by,
        "widened": intended.widened,
        "comment": intended.comment,
        "returns_to": intended.returns_to,
    }
    inserted = await connection.execute(insert(rulebook_activations).values(row).returning(_table.number))
    # Heard when the transaction commits, and not if it does not.
    await connection.execute(select(func.pg_notify(ACTIVATED, intended.revision)))
    number: int = inserted.scalar_one()
    return Activation(number, now, *astuple(intended))
