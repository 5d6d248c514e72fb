"""Opportunities, features of people by purpose, positions in the feeds, idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _opportunities()
    _features()
    # Opportunities are closed, never deleted: answers of the past must stay explainable.
    op.execute("GRANT SELECT, INSERT, UPDATE ON opportunities TO matching_app")
    op.execute("GRANT SELECT, INSERT ON idempotency TO matching_app")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON features TO matching_app")
    op.execute("GRANT SELECT, INSERT, UPDATE ON feeds TO matching_app")


def _opportunities() -> None:
    op.create_table(
        "opportunities",
        sa.Column("opportunity_id", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("region", sa.Text),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("doc", JSONB, nullable=False),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        _moment("created_at"),
        _moment("updated_at"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="opportunities_state"),
    )
    op.create_index("opportunities_by_kind", "opportunities", ["kind", "state", "opportunity_id"])
    op.create_index("opportunities_by_owner", "opportunities", ["owner", "opportunity_id"])
    op.create_table(
        "idempotency",
        sa.Column("organisation", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column(
            "resource",
            sa.Text,
            sa.ForeignKey("opportunities.opportunity_id", deferrable=True, initially="DEFERRED"),
            nullable=False,
        ),
        _moment("created_at"),
        sa.PrimaryKeyConstraint("organisation", "key"),
    )


def _features() -> None:
    op.create_table(
        "features",
        sa.Column("person_id", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("features", JSONB, nullable=False),
        _moment("updated_at"),
        sa.PrimaryKeyConstraint("person_id", "purpose"),
    )
    op.create_index("features_by_purpose", "features", ["purpose"])
    op.create_table(
        "feeds",
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("cursor", sa.Text),
        sa.Column("complete", sa.Boolean, nullable=False),
        _moment("updated_at"),
    )


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now())
