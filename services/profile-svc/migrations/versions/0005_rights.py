"""Corrections, restrictions, objections; and what of a note its person may read."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE TABLE corrections (
    person_id uuid,
    correction_id uuid,
    attribute text NOT NULL,
    sealed text NOT NULL,
    proposed_at timestamptz NOT NULL,
    proposed_by text NOT NULL,
    state text NOT NULL,
    decided_at timestamptz,
    decided_by text,
    sealed_decision text,
    PRIMARY KEY (person_id, correction_id)
);
CREATE INDEX corrections_open ON corrections (correction_id) WHERE state = 'open';

CREATE TABLE restrictions (
    person_id uuid,
    restriction_id uuid,
    ground text NOT NULL,
    sealed text,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    until timestamptz,
    announced_at timestamptz,
    announced_by text,
    sealed_announcement text,
    lifted_at timestamptz,
    lifted_by text,
    PRIMARY KEY (person_id, restriction_id)
);
CREATE INDEX restrictions_until ON restrictions (until) WHERE lifted_at IS NULL AND until IS NOT NULL;

CREATE TABLE objections (
    person_id uuid,
    objection_id uuid,
    purpose text NOT NULL,
    recipient text,
    covers text[] NOT NULL,
    sealed text NOT NULL,
    made_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (person_id, objection_id)
);
CREATE INDEX objections_by_purpose ON objections (purpose, objection_id);

CREATE TABLE objection_decisions (
    person_id uuid,
    objection_id uuid,
    decision_id uuid,
    organisation text NOT NULL,
    outcome text NOT NULL,
    sealed text NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, objection_id, decision_id)
);

ALTER TABLE persons ADD COLUMN objections text[] NOT NULL DEFAULT '{}';
ALTER TABLE notes ADD COLUMN about_others text, ADD COLUMN masked text, ADD COLUMN released_at timestamptz;
"""

# A fact that is missing is unknown, and by it nobody in the log would have been visible before: no tombstone for them.
BACKFILL = """
UPDATE changes SET
    facts_before = facts_before || '{"objections": []}',
    facts_after = facts_after || '{"objections": []}';
INSERT INTO restrictions (person_id, restriction_id, ground, recorded_at, recorded_by)
SELECT person_id, gen_random_uuid(), 'protected-address', updated_at, created_by FROM persons WHERE restricted;
"""

# What was said stays as it was; only what became of it is added.
RIGHTS = """
GRANT SELECT, INSERT, DELETE, UPDATE (state, decided_at, decided_by, sealed_decision) ON corrections TO profile_app;
GRANT SELECT, INSERT, DELETE,
    UPDATE (until, announced_at, announced_by, sealed_announcement, lifted_at, lifted_by) ON restrictions TO profile_app;
GRANT SELECT, INSERT, DELETE, UPDATE (withdrawn_at) ON objections TO profile_app;
GRANT SELECT, INSERT, DELETE ON objection_decisions TO profile_app;
GRANT UPDATE (about_others, masked, released_at) ON notes TO profile_app;
"""


def upgrade() -> None:
    for statement in (TABLES + BACKFILL + RIGHTS).strip().removesuffix(";").split(";"):
        op.execute(statement)
