"""Keys that callers gave their requests are forgotten after some days."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT DELETE ON idempotency TO matching_app")
