"""Who gave a consent, and what a child said of it."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None: ...
