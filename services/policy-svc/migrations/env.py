"""Alembic's entry into the migrations of the database `policy`."""

from policy_svc import tables
from stena.migrations import run

run(tables.metadata)
