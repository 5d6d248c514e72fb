"""Which revision decided from when on, and who wanted it so."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rulebook_activations",
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("sha256", sa.Text, sa.ForeignKey("rulebook_revisions.sha256"), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_by", sa.Text, nullable=False),
        sa.Column("widened", sa.Boolean, nullable=False),
        sa.Column("comment", sa.Text),
        sa.Column("returns_to", sa.BigInteger, sa.ForeignKey("rulebook_activations.number")),
    )
    # Append-only: a rollback is one more row, and the service can rewrite no history.
    op.execute("GRANT SELECT, INSERT ON rulebook_activations TO policy_app")


def downgrade() -> None:
    op.drop_table("rulebook_activations")
