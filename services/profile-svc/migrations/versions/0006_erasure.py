"""Erasures that a journal outside keeps, a log that is cut in time, and people who are told that their record ends."""

from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = """
CREATE TABLE journal_mark (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    number bigint NOT NULL,
    mac text NOT NULL
);
INSERT INTO journal_mark (number, mac) VALUES (-1, '');

CREATE TABLE erased_changes (
    change_id uuid PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    sealed text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX erased_changes_in_order ON erased_changes (xid, change_id);

CREATE TABLE pruned (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    xid xid8 NOT NULL,
    change_id uuid NOT NULL
);

CREATE TABLE retention_notices (
    person_id uuid PRIMARY KEY,
    told_at timestamptz NOT NULL,
    erased_from timestamptz NOT NULL
);
CREATE INDEX retention_notices_in_time ON retention_notices (erased_from, person_id);
CREATE INDEX persons_updated_at ON persons (updated_at, person_id);
CREATE INDEX idempotency_created_at ON idempotency (created_at);
"""

# The log of changes loses lines now: those of people who are erased, and those that are older than any follower may be.
RIGHTS = """
GRANT SELECT, UPDATE ON journal_mark TO profile_app;
GRANT DELETE ON changes TO profile_app;
GRANT SELECT, INSERT, DELETE ON erased_changes TO profile_app;
GRANT SELECT, INSERT, UPDATE ON pruned TO profile_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON retention_notices TO profile_app;
"""


def upgrade() -> None:
    for statement in (TABLES + RIGHTS).strip().removesuffix(";").split(";"):
        op.execute(statement)
