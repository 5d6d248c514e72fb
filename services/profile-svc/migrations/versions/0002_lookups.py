"""Blind indexes by which people are looked up."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None: ...
