"""The key of each person, wrapped by the master key; in a database of its own, whose backups live for days."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE person_keys (
    person_id uuid PRIMARY KEY,
    wrapped bytea NOT NULL,
    master_key_id text NOT NULL
);
CREATE TABLE master_keys (
    master_key_id text PRIMARY KEY,
    first_used_at timestamptz NOT NULL
);
"""

RIGHTS = """
GRANT SELECT, INSERT, DELETE ON person_keys TO profile_keys_app;
GRANT SELECT, INSERT ON master_keys TO profile_keys_app;
"""


def upgrade() -> None:
    for statement in (TABLES + RIGHTS).strip().removesuffix(";").split(";"):
        op.execute(statement)
