"""Every rulebook that ever decided, so that a revision named in the ledger can be read back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rulebook_revisions",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("content", JSONB, nullable=False),
        sa.Column("first_loaded_at", sa.DateTime(timezone=True), nullable=False),
    )
    # A revision is immutable: the service may add one and read all, and change none.
    op.execute("GRANT SELECT, INSERT ON rulebook_revisions TO policy_app")


def downgrade() -> None:
    op.drop_table("rulebook_revisions")
