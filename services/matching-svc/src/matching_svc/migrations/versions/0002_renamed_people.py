"""People whom the wall names anew."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None: ...
