"""Proposals in the database. What is wanted is never changed; a proposal is settled once.

INVARIANT: of several who settle a proposal at the same time one does, and what it wants is done in the same transaction.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from gateway.administering.four_eyes import Actor
from gateway.administering.proposals import Proposal, Settled
from gateway.proposal_tables import proposals
from stena.database import transaction

Connection = AsyncConnection
Work = Callable[[Connection], Awaitable[bool]]


async def add_once(engine: AsyncEngine, proposal: Proposal) -> Proposal:
    """The proposal, or the one that came before with its key from the same organisation."""
    async with transaction(engine) as connection:
        return await _added(connection, proposal)


async def at_once(engine: AsyncEngine, done: Proposal, work: Work) -> Proposal | None:
    """Do what lets nobody in, and keep who did: ``done``, or the one that came before with its key; ``None`` if ``work`` found
    nothing to do."""
    async with transaction(engine) as connection:
        kept = await _added(connection, done)
        if kept.proposal_id == done.proposal_id and not await work(connection):
            await connection.rollback()
            return None
    return kept


async def page(
    engine: AsyncEngine, state: Literal["open", "all"], now: datetime, after: UUID | None, most: int
) -> Sequence[Proposal]:
    """So many, newest first, older than ``after``."""
    wanted = select(proposals).order_by(proposals.c.proposal_id.desc()).limit(most)
    if state == "open":
        wanted = wanted.where(proposals.c.settled_at.is_(None), proposals.c.ends_at > now)
    if after is not None:
        wanted = wanted.where(proposals.c.proposal_id < after)
    async with transaction(engine) as connection:
        return [_read(row) for row in (await connection.execute(wanted)).mappings()]


@asynccontextmanager
async def held(engine: AsyncEngine, proposal_id: UUID) -> AsyncIterator[tuple[AsyncConnection, Proposal | None]]:
    """The proposal, if there is one, which nobody else settles until the context ends; then everything is committed."""
    async with transaction(engine) as connection:
        wanted = select(proposals).where(proposals.c.proposal_id == proposal_id).with_for_update()
        row = (await connection.execute(wanted)).mappings().one_or_none()
        yield connection, None if row is None else _read(row)


async def settle(connection: AsyncConnection, proposal: Proposal, settled: Settled) -> None:
    done = update(proposals).where(proposals.c.proposal_id == proposal.proposal_id)
    await connection.execute(done.values(_ending(settled)))


async def _added(connection: AsyncConnection, proposal: Proposal) -> Proposal:
    added = insert(proposals).values(_row(proposal)).on_conflict_do_nothing().returning(proposals.c.proposal_id)
    if (await connection.execute(added)).one_or_none() is not None:
        return proposal
    same = (
        proposals.c.organisation == proposal.by.organisation,
        proposals.c.idempotency_key == proposal.idempotency_key,
    )
    return _read((await connection.execute(select(proposals).where(*same))).mappings().one())


def _row(proposal: Proposal) -> dict[str, Any]:
    told = {name: getattr(proposal, name) for name in _TOLD}
    return told | asdict(proposal.by) | (_ending(proposal.settled) if proposal.settled else {})


_TOLD = ("proposal_id", "kind", "decision", "proposed_at", "ends_at", "wanted", "comment", "idempotency_key")


def _ending(settled: Settled) -> dict[str, Any]:
    return {f"settled_{name}": getattr(settled, name) for name in ("at", "by", "decision")} | {"outcome": settled.outcome}


def _read(row: Any) -> Proposal:
    by = Actor(row["organisation"], row["client"], row["acting_user"], row["vouched"])
    settled = None
    if row["settled_at"] is not None:
        settled = Settled(row["settled_at"], row["settled_by"], row["outcome"], row["settled_decision"])
    return Proposal(**{name: row[name] for name in _TOLD}, by=by, settled=settled)
