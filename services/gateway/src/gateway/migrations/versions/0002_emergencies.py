"""Emergency accesses and their reviews."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None: ...
