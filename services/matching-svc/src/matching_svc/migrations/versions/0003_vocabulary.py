"""The ESCO vocabulary: its concepts, labels and relations, and which parts of it were imported."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = ("vocabulary_parts", "concepts", "concept_labels", "concept_relations")


def upgrade() -> None:
    op.create_table(
        "vocabulary_parts",
        sa.Column("part", sa.Text, primary_key=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("imported_at", sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_table(
        "concepts",
        sa.Column("uri", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("isco", sa.Text),
        sa.Column("reuse", sa.Text),
        sa.Column("regulated", sa.Boolean),
        sa.Column("rarity", sa.Float(53)),
    )
    op.create_table(
        "concept_labels",
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("language", "place"),
    )
    op.create_table(
        "concept_relations",
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "target"),
    )
    # The running service reads. Importing is the owner's: `stena esco import`.
    for table in TABLES:
        op.execute(f"GRANT SELECT ON {table} TO matching_app")
