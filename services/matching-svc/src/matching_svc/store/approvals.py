"""Approvals of conditions on protected attributes in PostgreSQL."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils import uuid7

from matching_svc.eligibility import asked
from matching_svc.eligibility_tables import approvals
from matching_svc.store.opportunities import visible
from stena.contracts.condition import Residual
from stena.contracts.eligibility import Acted, Approval, NewApproval
from stena.contracts.matching import NewOpportunity
from stena.problems import Conflict


async def propose(
    connection: AsyncConnection, new: NewApproval, owner: str, acting_user: str, key: str | None
) -> tuple[Approval, bool]:
    """Store ``new``, or find what the same ``key`` stored before; the second value says whether it is new.

    Raises ``Conflict`` when the key came with another body, or from another person, before.
    """
    values = {
        "approval_id": f"eli_{uuid7().hex}",
        "owner": owner,
        "doc": new.model_dump(mode="json"),
        "proposed_by": acting_user,
        "idempotency_key": key,
    }
    # Two calls at once with one key: the second waits here for the first one's transaction.
    statement = insert(approvals).values(values).on_conflict_do_nothing(constraint="eligibility_approvals_once")
    made = (await connection.execute(statement.returning(approvals))).mappings().one_or_none()
    if made is not None:
        return _approval(made), True
    before = select(approvals).where(approvals.c.owner == owner, approvals.c.idempotency_key == key)
    earlier = (await connection.execute(before)).mappings().one()
    if (earlier["doc"], earlier["proposed_by"]) != (values["doc"], acting_user):
        raise Conflict("This Idempotency-Key came with another body before.", slug="idempotency-key-reused")
    return _approval(earlier), False


async def find(connection: AsyncConnection, approval_id: str, rows: Residual) -> Approval | None:
    """Locked: two who approve at once come one after the other."""
    statement = select(approvals).where(approvals.c.approval_id == approval_id, visible(rows, approvals.c.owner))
    found = (await connection.execute(statement.with_for_update())).mappings().one_or_none()
    return None if found is None else _approval(found)


async def approve(connection: AsyncConnection, approval_id: str, organisation: str, acting_user: str) -> Approval:
    values = {"approving_organisation": organisation, "approved_by": acting_user, "approved_at": func.clock_timestamp()}
    statement = update(approvals).where(approvals.c.approval_id == approval_id).values(values).returning(approvals)
    return _approval((await connection.execute(statement)).mappings().one())


async def withdraw(connection: AsyncConnection, approval_id: str, organisation: str, acting_user: str) -> Approval:
    values = {"withdrawing_organisation": organisation, "withdrawn_by": acting_user, "withdrawn_at": func.clock_timestamp()}
    statement = update(approvals).where(approvals.c.approval_id == approval_id).values(values).returning(approvals)
    return _approval((await connection.execute(statement)).mappings().one())


async def newest(connection: AsyncConnection, rows: Residual, most: int) -> Sequence[Approval]:
    statement = select(approvals).where(visible(rows, approvals.c.owner)).order_by(approvals.c.approval_id.desc()).limit(most)
    return [_approval(row) for row in (await connection.execute(statement)).mappings()]


async def named(connection: AsyncConnection, *several: NewOpportunity) -> dict[str, Approval]:
    """Those that opportunities name, whoever owns them: for checking, never for showing."""
    ids = {condition.approval for each in several for condition in asked(each)}
    if not ids:
        return {}
    statement = select(approvals).where(approvals.c.approval_id.in_(ids))
    return {row["approval_id"]: _approval(row) for row in (await connection.execute(statement)).mappings()}


def _approval(row: RowMapping) -> Approval:
    approved = withdrawn = None
    if row["approved_at"] is not None:
        approved = Acted(organisation=row["approving_organisation"], acting_user=row["approved_by"], at=row["approved_at"])
    if row["withdrawn_at"] is not None:
        withdrawn = Acted(organisation=row["withdrawing_organisation"], acting_user=row["withdrawn_by"], at=row["withdrawn_at"])
    return Approval(
        **row["doc"],
        id=row["approval_id"],
        owner=row["owner"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        approved=approved,
        withdrawn=withdrawn,
    )
