"""Opportunities in PostgreSQL, and the keys that make their creation repeatable. Knows no person."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, RowMapping, Select, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from matching_svc.tables import idempotency, opportunities
from stena.contracts.condition import Residual
from stena.contracts.matching import NewOpportunity, Opportunity, OpportunityQuery
from stena.database import sql_condition
from stena.grants import refused
from stena.problems import Conflict


async def create(connection: AsyncConnection, new: NewOpportunity, owner: str, key: str | None) -> tuple[Opportunity, bool]:
    """Store ``new``, or find what the same ``key`` stored before; the second value says whether it is new.

    Raises ``Conflict`` when the key came with another body before.
    """
    opportunity_id = f"opp_{uuid7().hex}"
    if key is not None and (earlier := await _claim(connection, owner, key, _fingerprint(new), opportunity_id)) is not None:
        return _opportunity((await connection.execute(_by_id(earlier))).mappings().one()), False
    values = {"opportunity_id": opportunity_id, "owner": owner, **_columns(new)}
    statement = insert(opportunities).values(values).returning(opportunities)
    return _opportunity((await connection.execute(statement)).mappings().one()), True


async def find(connection: AsyncConnection, opportunity_id: str, rows: Residual, *, lock: bool = False) -> Opportunity | None:
    """The opportunity, unless there is none or ``rows`` hides it: the two look the same."""
    statement = _by_id(opportunity_id).where(_visible(rows))
    if lock:
        statement = statement.with_for_update()
    found = (await connection.execute(statement)).mappings().one_or_none()
    return None if found is None else _opportunity(found)


async def search(
    connection: AsyncConnection, query: OpportunityQuery, rows: Residual, organisation: str
) -> Sequence[Opportunity]:
    """The newest first, one more than ``query.limit`` if there are more. Closed ones only for an owner who asks for its own."""
    statement = select(opportunities).where(_visible(rows))
    if query.own:
        statement = statement.where(opportunities.c.owner == organisation)
    else:
        statement = statement.where(opportunities.c.state == "open")
    if query.kind is not None:
        statement = statement.where(opportunities.c.kind == query.kind)
    if query.region is not None:
        statement = statement.where(opportunities.c.region.startswith(query.region, autoescape=True))  # NUTS codes nest
    if query.after is not None:
        statement = statement.where(opportunities.c.opportunity_id < query.after)
    statement = statement.order_by(opportunities.c.opportunity_id.desc()).limit(query.limit + 1)
    return [_opportunity(row) for row in (await connection.execute(statement)).mappings()]


async def by_ids(connection: AsyncConnection, ids: Sequence[str]) -> Sequence[Opportunity]:
    """Those of ``ids`` that there are, in the order of their ids, whoever owns them."""
    statement = select(opportunities).where(opportunities.c.opportunity_id.in_(ids)).order_by(opportunities.c.opportunity_id)
    return [_opportunity(row) for row in (await connection.execute(statement)).mappings()]


async def among(connection: AsyncConnection, ids: Sequence[str], rows: Residual) -> Sequence[Opportunity]:
    """Those of ``ids`` that ``rows`` lets through."""
    statement = select(opportunities).where(opportunities.c.opportunity_id.in_(ids), _visible(rows))
    return [_opportunity(row) for row in (await connection.execute(statement)).mappings()]


async def changed(connection: AsyncConnection, kind: str, since: datetime | None) -> Sequence[Opportunity]:
    """Everything of one kind that changed since then, closed ones too; from the beginning, every open one."""
    statement = select(opportunities).where(opportunities.c.kind == kind)
    if since is None:
        statement = statement.where(opportunities.c.state == "open")
    else:
        statement = statement.where(opportunities.c.updated_at >= since)
    return [_opportunity(row) for row in (await connection.execute(statement)).mappings()]


async def conditioned(connection: AsyncConnection, kind: str) -> Sequence[Opportunity]:
    """Every open one that carries a condition which only the source can tell."""
    # The words of the index ``opportunities_by_condition``, by which these few are found.
    carries = text("doc @? '$.eligibility[*].approval ? (@ != null)'")
    statement = select(opportunities).where(opportunities.c.kind == kind, opportunities.c.state == "open", carries)
    return [_opportunity(row) for row in (await connection.execute(statement)).mappings()]


async def amend(connection: AsyncConnection, opportunity_id: str, new: NewOpportunity) -> Opportunity:
    """Replace the whole document; the caller holds the row's lock."""
    return await _change(connection, opportunity_id, _columns(new))


async def close(connection: AsyncConnection, opportunity_id: str) -> Opportunity:
    return await _change(connection, opportunity_id, {"state": "closed"})


async def _change(connection: AsyncConnection, opportunity_id: str, values: dict[str, Any]) -> Opportunity:
    changed = {**values, "version": opportunities.c.version + 1, "updated_at": func.clock_timestamp()}
    statement = update(opportunities).where(opportunities.c.opportunity_id == opportunity_id).values(changed)
    return _opportunity((await connection.execute(statement.returning(opportunities))).mappings().one())


async def _claim(connection: AsyncConnection, organisation: str, key: str, fingerprint: str, resource: str) -> str | None:
    """Take the key for ``resource``; if it is taken, the opportunity that it stands for.

    Two calls at once with one key: the second waits here for the first one's transaction.
    """
    values = {"organisation": organisation, "key": key, "fingerprint": fingerprint, "resource": resource}
    taken = await connection.execute(insert(idempotency).values(values).on_conflict_do_nothing())
    if taken.rowcount == 1:
        return None
    mine = (idempotency.c.organisation == organisation) & (idempotency.c.key == key)
    earlier = (await connection.execute(select(idempotency).where(mine))).mappings().one()
    if earlier["fingerprint"] != fingerprint:
        raise Conflict("This Idempotency-Key came with another body before.", slug="idempotency-key-reused")
    return str(earlier["resource"])


def _fingerprint(new: NewOpportunity) -> str:
    return hashlib.sha256(orjson.dumps(new.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)).hexdigest()


def _by_id(opportunity_id: str) -> Select[Any]:
    return select(opportunities).where(opportunities.c.opportunity_id == opportunity_id)


def visible(rows: Residual, owner: ColumnElement[str]) -> Any:
    """SQL for ``rows``; ``owner`` is the column of the one record fact that there is. Raises ``Unauthenticated``."""
    try:
        return sql_condition(rows, {"created_by": owner})
    except KeyError as error:
        # INVARIANT: a grant whose rows cannot be enforced here opens nothing.
        raise refused("The grant speaks of facts that an opportunity does not have.") from error


def _visible(rows: Residual) -> Any:
    return visible(rows, opportunities.c.owner)


def _columns(new: NewOpportunity) -> dict[str, Any]:
    return {"kind": new.kind, "region": new.region, "doc": new.model_dump(mode="json")}


def _opportunity(row: RowMapping) -> Opportunity:
    return Opportunity(
        **row["doc"],
        id=row["opportunity_id"],
        owner=row["owner"],
        state=row["state"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        etag=f'"{row["version"]}"',
    )
