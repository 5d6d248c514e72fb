"""The tables of casework: who may read a note besides its writer, who has a case, who was asked to take somebody on.

In the same metadata as the people, under the same rule: ``person_id`` comes first in every primary key.
"""

from sqlalchemy import Column, Index, Table, Text, Uuid, text

from profile_svc.tables import Moment, metadata

note_shares = Table(
    "note_shares",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("note_id", Uuid, primary_key=True),
    Column("share_id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text),
    Column("shared_at", Moment, nullable=False),
    Column("until", Moment, nullable=False),
    Column("ended_at", Moment),
)

# The fact ``assigned`` names the organisations whose case here is open.
cases = Table(
    "cases",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("case_id", Uuid, primary_key=True),
    Column("organisation", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("referral_id", Uuid),
    Column("opened_at", Moment, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("closed_at", Moment),
    # Nobody, where time closed it.
    Column("closed_by", Text),
)

referrals = Table(
    "referrals",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("referral_id", Uuid, primary_key=True),
    Column("sender", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("until", Moment),
    Index("referrals_by_id", "referral_id"),
    Index("referrals_sent", "sender", "referral_id"),
    Index("referrals_received", "recipient", "referral_id"),
    Index("referrals_until", "until", postgresql_where=text("state IN ('in-progress', 'accepted')")),
)
