"""Allocations: jobs that survive a restart, and what each proposes for whom."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _jobs()
    _people()
    # Proposals are kept for a month and then deleted, with whom they were about.
    for table in ("allocations", "allocation_people"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO matching_app")


def _jobs() -> None:
    op.create_table(
        "allocations",
        sa.Column("allocation_id", sa.Text, primary_key=True),
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("asked", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="queued"),
        sa.Column("stage", sa.Text, nullable=False, server_default="waiting"),
        sa.Column("progress", sa.Float, nullable=False, server_default="0"),
        sa.Column("reason", sa.Text),
        sa.Column("result", JSONB),
        sa.Column("runner", sa.Text),
        sa.Column("lease_until", sa.TIMESTAMP(timezone=True)),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("idempotency_key", sa.Text),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint("organisation", "idempotency_key", name="allocations_once"),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="allocations_state"),
    )
    op.create_index("allocations_by_state", "allocations", ["state", "created_at"])


def _people() -> None:
    op.create_table(
        "allocation_people",
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("allocation_id", sa.Text, sa.ForeignKey("allocations.allocation_id", ondelete="CASCADE"), nullable=False),
        sa.Column("party", sa.Integer, nullable=False),
        sa.Column("required", sa.Boolean, nullable=False),
        sa.Column("proposal", JSONB),
        sa.Column("confirmed", JSONB),
        sa.PrimaryKeyConstraint("person_id", "allocation_id"),
    )
    op.create_index("allocation_people_by_allocation", "allocation_people", ["allocation_id", "person_id"])
