"""Emergency accesses and their reviews. INVARIANT: the role that serves may add to both and read them, and nothing else."""

from alembic import op

revision = "0002"
down_revision = "0001"

ACCESSES = """
CREATE TABLE emergency_accesses (
    person_id uuid,
    access_id uuid,
    organisation text NOT NULL,
    client text NOT NULL,
    acting_user text NOT NULL,
    purpose text NOT NULL,
    justification text NOT NULL,
    statement bytea NOT NULL CHECK (octet_length(statement) = 32),
    decision text NOT NULL,
    opened_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > opened_at),
    PRIMARY KEY (person_id, access_id),
    UNIQUE (person_id, organisation, purpose, acting_user, statement)
)
"""

REVIEWS = """
CREATE TABLE emergency_reviews (
    person_id uuid,
    access_id uuid,
    outcome text NOT NULL CHECK (outcome IN ('justified', 'unjustified', 'needs-follow-up')),
    comment text NOT NULL,
    reviewed_at timestamptz NOT NULL,
    reviewed_by text NOT NULL,
    acting_user text,
    decision text NOT NULL,
    idempotency_key text,
    PRIMARY KEY (person_id, access_id),
    FOREIGN KEY (person_id, access_id) REFERENCES emergency_accesses
)
"""


def upgrade() -> None:
    op.execute(ACCESSES)
    op.execute(REVIEWS)
    op.execute("CREATE INDEX emergency_accesses_in_order ON emergency_accesses (access_id)")
    op.execute("ALTER TABLE ledger_people ADD COLUMN access_id uuid")
    op.execute("GRANT SELECT, INSERT ON emergency_accesses, emergency_reviews TO gateway_app")
