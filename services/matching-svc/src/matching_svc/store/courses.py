"""Courses on offer by what they teach. Knows no person: whether one fits somebody is asked elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import ARRAY, Date, Integer, Text, bindparam, column, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from matching_svc.store.opportunities import by_ids, visible
from matching_svc.tables import opportunities
from stena.contracts.condition import Residual
from stena.contracts.matching import Opportunity

EACH: Final = 3
"""Courses that are told of one skill."""


async def teaching(
    connection: AsyncConnection, skills: Sequence[str], rows: Residual, today: date
) -> Mapping[str, Sequence[Opportunity]]:
    """For each of ``skills`` the courses that begin first, of those that can be joined today and that ``rows`` lets through."""
    asked = bindparam("skills", list(skills), type_=ARRAY(Text))
    wanted = func.unnest(asked).table_valued(column("skill", Text), name="wanted").render_derived()
    teaches = literal_column("(opportunities.doc -> 'teaches')", JSONB)  # the words of the index ``opportunities_by_lesson``
    doc = opportunities.c.doc
    over = func.least(doc["apply_until"].astext.cast(Date), doc["ends_on"].astext.cast(Date))  # NULL if it has neither
    fitting = (
        select(opportunities.c.opportunity_id)
        .where(opportunities.c.state == "open", teaches.has_key(wanted.c.skill), visible(rows, opportunities.c.owner))
        .where(func.coalesce(over, today) >= today)
        .where(func.coalesce(doc["filled"].astext.cast(Integer), 0) < doc["capacity"].astext.cast(Integer))
        .order_by(doc["starts_on"].astext.cast(Date).nulls_last(), opportunities.c.opportunity_id)
        .limit(EACH)
        .lateral("fitting")
    )
    statement = select(wanted.c.skill, fitting.c.opportunity_id).select_from(wanted.join(fitting, true()))
    found = [(row.skill, row.opportunity_id) for row in await connection.execute(statement)]
    courses = sorted(
        await by_ids(connection, [id_ for _, id_ in found]), key=lambda each: (each.starts_on or date.max, each.id)
    )
    return {skill: [each for each in courses if (skill, each.id) in found] for skill in skills}
