"""Clients that show who they are by keys or by tokens of another issuer, and proposals that want a second person."""

from alembic import op

revision = "0007"
down_revision = "0006"

# A client without a secret keeps a hash that no secret is of: a gateway of before refuses it, and works on.
TABLES = """
ALTER TABLE clients
    ADD COLUMN jwks text,
    ADD COLUMN jwks_uri text,
    ADD COLUMN issuer text,
    ADD COLUMN earlier_secret_hash bytea,
    ADD COLUMN earlier_until timestamptz,
    ADD CONSTRAINT clients_one_way CHECK (num_nonnulls(jwks, jwks_uri, issuer) <= 1);

CREATE TABLE client_assertions (
    client_id text,
    name bytea,
    ends_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, name)
);
CREATE INDEX client_assertions_ended ON client_assertions (ends_at);

CREATE TABLE proposals (
    proposal_id uuid PRIMARY KEY,
    kind text NOT NULL,
    organisation text NOT NULL,
    client text NOT NULL,
    acting_user text NOT NULL,
    vouched boolean NOT NULL,
    decision text NOT NULL,
    proposed_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    wanted jsonb NOT NULL,
    comment text,
    idempotency_key text,
    settled_at timestamptz,
    settled_by text,
    settled_decision text,
    outcome text,
    UNIQUE (organisation, idempotency_key)
);

GRANT UPDATE (secret_hash, jwks, jwks_uri, issuer, earlier_secret_hash, earlier_until) ON clients TO gateway_app;
GRANT SELECT, INSERT, DELETE ON client_assertions TO gateway_app;
GRANT UPDATE (ends_at) ON client_assertions TO gateway_app;
GRANT SELECT, INSERT, UPDATE (settled_at, settled_by, settled_decision, outcome) ON proposals TO gateway_app;
"""


def upgrade() -> None:
    for statement in TABLES.strip().removesuffix(";").split(";"):
        op.execute(statement)
