"""Which merges are being taken back: nobody takes their records for one again meanwhile."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE TABLE separated_people (merge uuid PRIMARY KEY, at timestamptz NOT NULL)")
    op.execute("CREATE INDEX separated_people_at ON separated_people (at)")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON separated_people TO gateway_app")
