"""The tables of what became of rankings: who was shown, what people decided, and whom audits have looked at.

Logs of a high-risk system (AI Act Arts 12, 19 and 26(6)). Whoever leaves the feed leaves these with all that stands here.
"""

from typing import Final

from sqlalchemy import TIMESTAMP, Column, Date, Integer, Table, Text

from matching_svc.tables import metadata

KEPT_DAYS: Final = 730
"""How long: the Act wants six months at least, and who was passed over has to have time to complain."""

shown = Table(
    "shown",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("opportunity_id", Text, primary_key=True),
    Column("organisation", Text, primary_key=True),
    # One row a day: a list that is looked at ten times is one ranking.
    Column("day", Date, primary_key=True),
    Column("rank", Integer, nullable=False),  # the best of the day, from 1
    Column("model", Text, nullable=False),
)

selections = Table(
    "selections",
    metadata,
    Column("person_id", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("selection_id", Text, primary_key=True),
    Column("opportunity_id", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("acting_user", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rank", Integer),  # where the machine had shown the person last; none where it had not
    Column("to_rank", Integer),
    Column("model", Text, nullable=False),
    Column("decided_at", TIMESTAMP(timezone=True), nullable=False),
    Column("idempotency_key", Text),
    Column("allocation_id", Text),  # the proposal that was decided about, where it was one
)

audited = Table(
    "audited",
    metadata,
    # Whom each audit counted at which stage, so that no later one differs from it by a few people. Never which group.
    Column("person_id", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("audit_id", Text, primary_key=True),
    Column("stage", Text, primary_key=True),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
)
