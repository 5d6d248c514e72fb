"""Alembic migrations of database ``matching``; ``upgrade`` is what `stena migrate` calls."""

from pathlib import Path

from matching_svc.settings import MigrationSettings
from stena import migrations


def upgrade() -> None:
    """Bring the database that the environment names to the newest revision, as its owner."""
    migrations.upgrade(MigrationSettings().database, Path(__file__).parent)
