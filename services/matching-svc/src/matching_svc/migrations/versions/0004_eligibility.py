"""Approvals of conditions on protected attributes; and everybody is read anew, since matching knows two attributes more."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "eligibility_approvals",
        sa.Column("approval_id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("doc", JSONB, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text),
        sa.UniqueConstraint("owner", "idempotency_key", name="eligibility_approvals_once"),
        sa.Column("proposed_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("approving_organisation", sa.Text),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", sa.TIMESTAMP(timezone=True)),
    )
    op.create_index("eligibility_approvals_by_owner", "eligibility_approvals", ["owner", "approval_id"])
    # What was proposed is never rewritten, and an approval stays on record.
    op.execute("GRANT SELECT, INSERT ON eligibility_approvals TO matching_app")
    op.execute("GRANT UPDATE (approving_organisation, approved_by, approved_at) ON eligibility_approvals TO matching_app")
    op.execute("DELETE FROM feeds")
