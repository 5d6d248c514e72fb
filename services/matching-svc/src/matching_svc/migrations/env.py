"""Alembic's entry point."""

from matching_svc.vocabulary_tables import concepts
from stena.migrations import run

run(concepts.metadata)
