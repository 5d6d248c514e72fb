"""Alembic's entry point."""

from matching_svc import allocation_tables, eligibility_tables, outcome_tables  # noqa: F401 -- tables of the same metadata
from matching_svc.vocabulary_tables import concepts
from stena.migrations import run

run(concepts.metadata)
