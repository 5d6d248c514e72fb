"""A master key can be renewed; and how far the journal of erasures was followed here."""

from alembic import op

revision = "0002"
down_revision = "0001"

CHANGES = """
ALTER TABLE master_keys ADD COLUMN retired_at timestamptz;
CREATE TABLE journal_mark (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    number bigint NOT NULL,
    mac text NOT NULL
);
INSERT INTO journal_mark (number, mac) VALUES (-1, '');
GRANT UPDATE (retired_at) ON master_keys TO profile_keys_app;
GRANT UPDATE (wrapped, master_key_id) ON person_keys TO profile_keys_app;
GRANT SELECT, UPDATE ON journal_mark TO profile_keys_app;
"""


def upgrade() -> None:
    for statement in CHANGES.strip().removesuffix(";").split(";"):
        op.execute(statement)
