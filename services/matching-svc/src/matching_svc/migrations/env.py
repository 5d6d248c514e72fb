"""Alembic's entry point."""

from matching_svc.tables import metadata
from stena.migrations import run

run(metadata)
