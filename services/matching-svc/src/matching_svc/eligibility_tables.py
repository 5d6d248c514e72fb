"""Approvals of conditions on protected attributes. About opportunities, never about people."""

from sqlalchemy import TIMESTAMP, Column, Index, Table, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB

from matching_svc.tables import metadata

approvals = Table(
    "eligibility_approvals",
    metadata,
    Column("approval_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("doc", JSONB, nullable=False),  # a whole NewApproval; never changed
    Column("proposed_by", Text, nullable=False),
    Column("idempotency_key", Text),
    UniqueConstraint("owner", "idempotency_key", name="eligibility_approvals_once"),
    Column("proposed_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Column("approving_organisation", Text),
    Column("approved_by", Text),
    Column("approved_at", TIMESTAMP(timezone=True)),
    Column("withdrawing_organisation", Text),
    Column("withdrawn_by", Text),
    Column("withdrawn_at", TIMESTAMP(timezone=True)),
)
Index("eligibility_approvals_by_owner", approvals.c.owner, approvals.c.approval_id)
