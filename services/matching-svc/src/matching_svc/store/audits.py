"""What an audit of rankings looks at, and whom earlier ones have looked at. Ids alone: of groups nothing is known here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on, insert
from uuid_utils import uuid7

from matching_svc.features import MatchFeatures
from matching_svc.outcome_tables import audited, selections, shown
from matching_svc.store import Connection
from matching_svc.tables import features, opportunities

Sets = Mapping[str, frozenset[str]]
"""Stage → people."""


async def lock(connection: Connection) -> None:
    """One audit at a time, to the end of the transaction: two at once could each pass for the first."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('stena-audits'))"))


async def shown_in(connection: Connection, scope: ColumnElement[bool], since: date, until: date) -> Sequence[Any]:
    """``(person_id, opportunity_id, purpose, rank, model, day)``: each person's best place for each opportunity."""
    statement = (
        select(
            shown.c.person_id,
            shown.c.opportunity_id,
            shown.c.purpose,
            func.min(shown.c.rank).label("rank"),
            func.max(shown.c.model).label("model"),
            func.max(shown.c.day).label("day"),
        )
        .join(opportunities, opportunities.c.opportunity_id == shown.c.opportunity_id)
        .where(scope, shown.c.day.between(since, until))
        .group_by(shown.c.person_id, shown.c.opportunity_id, shown.c.purpose)
    )
    return (await connection.execute(statement)).all()


async def decided_in(connection: Connection, scope: ColumnElement[bool], since: date, until: date) -> Sequence[Any]:
    """``(person_id, opportunity_id, outcome, reason)``: the last word of each organisation on each person."""
    last = (selections.c.person_id, selections.c.opportunity_id, selections.c.organisation)
    begin, end = (datetime.combine(day, time(), UTC) for day in (since, until + timedelta(days=1)))
    statement = (
        select(selections.c.person_id, selections.c.opportunity_id, selections.c.outcome, selections.c.reason)
        .join(opportunities, opportunities.c.opportunity_id == selections.c.opportunity_id)
        .where(scope, selections.c.decided_at >= begin, selections.c.decided_at < end)
        .ext(distinct_on(*last))
        .order_by(*last, selections.c.selection_id.desc())
    )
    return (await connection.execute(statement)).all()


def of_opportunity(opportunity_id: str) -> ColumnElement[bool]:
    return opportunities.c.opportunity_id == opportunity_id


def of_kind(kind: str) -> ColumnElement[bool]:
    return opportunities.c.kind == kind


async def people(connection: Connection, purpose: str) -> Mapping[str, MatchFeatures]:
    """Everybody whom matching may rank under ``purpose``."""
    rows = await connection.execute(select(features.c.person_id, features.c.features).where(features.c.purpose == purpose))
    return {row.person_id: MatchFeatures.model_validate(row.features) for row in rows}


async def earlier(connection: Connection, purpose: str) -> Iterable[Sets]:
    """Whom each audit of people under ``purpose`` counted."""
    rows = await connection.execute(select(audited).where(audited.c.purpose == purpose))
    audits: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        audits[row.audit_id][row.stage].add(row.person_id)
    return [{stage: frozenset(ids) for stage, ids in stages.items()} for stages in audits.values()]


async def remember(connection: Connection, purpose: str, sets: Sets) -> None:
    fixed = {"purpose": purpose, "audit_id": f"aud_{uuid7().hex}", "at": datetime.now(UTC)}
    rows = [{"person_id": person, "stage": stage, **fixed} for stage, ids in sets.items() for person in ids]
    if rows:
        await connection.execute(insert(audited), rows)
