"""Likely duplicates that were turned down, and records that were merged. People who were there before meet nobody until
``stena lookups rebuild`` has run."""

from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = """
CREATE TABLE distinctions (
    person_id uuid,
    other_id uuid,
    organisation text,
    acting_user text,
    at timestamptz NOT NULL,
    PRIMARY KEY (person_id, other_id, organisation),
    CHECK (person_id < other_id)
);
CREATE INDEX distinctions_other ON distinctions (other_id);

CREATE TABLE merges (
    person_id uuid,
    merge_id uuid,
    merged_id uuid NOT NULL,
    external_ref bytea,
    organisation text NOT NULL,
    acting_user text NOT NULL,
    merged_at timestamptz NOT NULL,
    kept jsonb,
    undone_at timestamptz,
    undone_by text,
    PRIMARY KEY (person_id, merge_id)
);
CREATE UNIQUE INDEX merges_merged ON merges (merged_id) WHERE undone_at IS NULL;
CREATE INDEX merges_reference ON merges (external_ref) WHERE undone_at IS NULL AND external_ref IS NOT NULL;
CREATE INDEX merges_undoable ON merges (merged_at) WHERE kept IS NOT NULL;

ALTER TABLE changes ADD COLUMN successor uuid;
"""

RIGHTS = """
GRANT SELECT, INSERT, DELETE ON distinctions TO profile_app;
GRANT SELECT, INSERT, DELETE, UPDATE (kept, undone_at, undone_by) ON merges TO profile_app;
"""


def upgrade() -> None:
    for statement in (TABLES + RIGHTS).strip().removesuffix(";").split(";"):
        op.execute(statement)
