"""People, their history, consents, notes, and the log of changes that followers read."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE persons (
    person_id uuid PRIMARY KEY,
    region_path text[] NOT NULL,
    assigned text[] NOT NULL,
    consents text[] NOT NULL,
    restricted boolean NOT NULL,
    minor boolean NOT NULL,
    created_by text NOT NULL,
    attributes jsonb NOT NULL,
    sealed jsonb NOT NULL,
    provenance jsonb NOT NULL,
    external_ref bytea UNIQUE,
    consent_ends_at timestamptz,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX persons_region_path ON persons USING gin (region_path);
CREATE INDEX persons_assigned ON persons USING gin (assigned);
CREATE INDEX persons_attributes ON persons USING gin (attributes jsonb_path_ops);
CREATE INDEX persons_consent_ends_at ON persons (consent_ends_at) WHERE consent_ends_at IS NOT NULL;
CREATE INDEX persons_minor ON persons (person_id) WHERE minor;

CREATE TABLE person_history (
    person_id uuid,
    version integer,
    attribute text,
    value jsonb,
    sealed text,
    provenance jsonb NOT NULL,
    replaced_at timestamptz NOT NULL,
    replaced_by text NOT NULL,
    PRIMARY KEY (person_id, version, attribute)
);

CREATE TABLE consents (
    person_id uuid,
    consent_id uuid,
    purpose text NOT NULL,
    recipient text,
    state text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    expires_at timestamptz,
    text_version text,
    language text,
    method text,
    PRIMARY KEY (person_id, consent_id)
);

CREATE TABLE notes (
    person_id uuid,
    note_id uuid,
    written_at timestamptz NOT NULL,
    written_by text NOT NULL,
    acting_user text,
    language text,
    sealed text NOT NULL,
    PRIMARY KEY (person_id, note_id)
);

CREATE TABLE changes (
    person_id uuid,
    change_id uuid,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    attributes text[] NOT NULL,
    facts_before jsonb,
    facts_after jsonb,
    at timestamptz NOT NULL,
    PRIMARY KEY (person_id, change_id)
);
CREATE INDEX changes_in_order ON changes (xid, change_id);

CREATE TABLE idempotency (
    organisation text,
    key text,
    fingerprint bytea NOT NULL,
    person_id uuid NOT NULL,
    resource_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (organisation, key)
);
CREATE INDEX idempotency_person ON idempotency (person_id);
"""

# What is written once is never updated, and the log of changes never loses a line; only an erasure deletes.
RIGHTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON persons TO profile_app;
GRANT SELECT, INSERT, DELETE ON person_history, consents, notes, idempotency TO profile_app;
GRANT SELECT, INSERT ON changes TO profile_app;
"""


def upgrade() -> None:
    for statement in (TABLES + RIGHTS).strip().removesuffix(";").split(";"):
        op.execute(statement)
