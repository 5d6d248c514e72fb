"""Sign-ins of people through providers outside."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = """
CREATE TABLE sign_in_codes (
    person_id uuid,
    code_id uuid,
    code_hash bytea NOT NULL UNIQUE,
    organisation text NOT NULL,
    acting_user text,
    verified_by text NOT NULL,
    issued_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (person_id, code_id)
);

CREATE TABLE sign_ins (
    person_id uuid,
    sign_in_id uuid,
    issuer text NOT NULL,
    subject bytea NOT NULL,
    organisation text NOT NULL,
    verified_by text NOT NULL,
    linked_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    PRIMARY KEY (person_id, sign_in_id)
);
CREATE UNIQUE INDEX sign_ins_live ON sign_ins (subject) WHERE ended_at IS NULL;

GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON sign_in_codes TO gateway_app;
GRANT SELECT, INSERT, DELETE, UPDATE (ended_at, ended_by) ON sign_ins TO gateway_app;
"""


def upgrade() -> None:
    for statement in TABLES.strip().removesuffix(";").split(";"):
        op.execute(statement)
