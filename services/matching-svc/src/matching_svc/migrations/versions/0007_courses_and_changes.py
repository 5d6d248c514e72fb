"""Opportunities are found by when they changed and by what they teach; how far people go is known of them."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every ranking asks for what has changed since the last one.
    op.execute("CREATE INDEX opportunities_by_change ON opportunities (kind, updated_at)")
    op.execute("CREATE INDEX opportunities_by_lesson ON opportunities USING gin ((doc -> 'teaches')) WHERE state = 'open'")
    # Features have grown by an attribute that the feed has told before: it is read anew.
    op.execute("UPDATE feeds SET cursor = NULL, complete = false")
