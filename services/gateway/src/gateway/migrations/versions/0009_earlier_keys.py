"""The keys that a client had before it was given others are good for a while beside them, as a secret is."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE clients ADD COLUMN earlier_jwks text")
    op.execute("GRANT UPDATE (earlier_jwks) ON clients TO gateway_app")
