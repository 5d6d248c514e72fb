"""Clients and the ledger. INVARIANT: the role that serves may add to the ledger and read it, and nothing else."""

from alembic import op

revision = "0001"
down_revision = None

CLIENTS = """
CREATE TABLE clients (
    client_id text PRIMARY KEY,
    name text NOT NULL,
    organisation text NOT NULL,
    person_id uuid,
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    created_at timestamptz NOT NULL,
    revoked_at timestamptz
)
"""

LEDGER = """
CREATE TABLE ledger (
    entry_id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    decision text,
    organisation text NOT NULL,
    client text NOT NULL,
    acting_user text,
    purpose text NOT NULL,
    case_reference text,
    justification text,
    operation text NOT NULL,
    resource text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN
        ('answered', 'denied', 'not-found', 'undecided', 'intent', 'done', 'failed', 'incident')),
    reason text,
    rulebook text,
    rules text[] NOT NULL,
    attributes text[] NOT NULL,
    withheld integer NOT NULL,
    trace_id text NOT NULL,
    people bigint NOT NULL
)
"""

LEDGER_PEOPLE = """
CREATE TABLE ledger_people (
    person_id uuid,
    entry_id uuid,
    at timestamptz NOT NULL,
    besides text[],
    PRIMARY KEY (person_id, entry_id)
)
"""


def upgrade() -> None:
    for statement in (CLIENTS, LEDGER, LEDGER_PEOPLE):
        op.execute(statement)
    # A person's list of disclosures leaves an intent out once it is known how it ended.
    op.execute("CREATE INDEX ledger_ends ON ledger (decision) WHERE outcome IN ('done', 'failed', 'incident')")
    op.execute("CREATE INDEX ledger_at ON ledger (at)")
    op.execute("GRANT SELECT, INSERT ON ledger, ledger_people TO gateway_app")
    op.execute("GRANT SELECT, INSERT, UPDATE (revoked_at) ON clients TO gateway_app")
