"""The ledger as a Merkle tree, by month, under pseudonyms.

INVARIANT: an entry, the people that it lists and its leaf are there together or not at all, and leaves are numbered without a
gap in the order in which they are committed. The role that serves adds to the ledger and reads it; of pseudonyms it may forget.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from alembic import op
from sqlalchemy import Connection, text

from gateway.record import leaves as ledger_leaves

revision = "0003"
down_revision = "0002"

TABLES = """
ALTER TABLE ledger RENAME TO ledger_before;
ALTER TABLE ledger_people RENAME TO ledger_people_before;
ALTER INDEX ledger_at RENAME TO ledger_before_at;

CREATE TABLE ledger (
    entry_id uuid,
    at timestamptz,
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
    people bigint NOT NULL,
    salt text NOT NULL,
    PRIMARY KEY (entry_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX ledger_at ON ledger (at);
CREATE INDEX ledger_decision ON ledger (decision);
CREATE TABLE ledger_rest PARTITION OF ledger DEFAULT;

CREATE TABLE ledger_subjects (
    person_id uuid PRIMARY KEY,
    subject uuid NOT NULL UNIQUE DEFAULT gen_random_uuid()
);

CREATE TABLE ledger_people (
    subject uuid,
    entry_id uuid,
    at timestamptz,
    besides text[],
    access_id uuid,
    PRIMARY KEY (subject, entry_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX ledger_people_entry ON ledger_people (entry_id);
CREATE TABLE ledger_people_rest PARTITION OF ledger_people DEFAULT;

CREATE TABLE ledger_leaves (
    position bigint PRIMARY KEY CHECK (position >= 0),
    entry_id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32)
);

CREATE TABLE ledger_nodes (
    level smallint,
    position bigint,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, position)
);

CREATE TABLE ledger_heads (
    number bigint PRIMARY KEY,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    at timestamptz NOT NULL,
    peaks bytea[] NOT NULL,
    jws text NOT NULL
);
CREATE INDEX ledger_heads_size ON ledger_heads (size);

CREATE TABLE ledger_keys (
    key_id text PRIMARY KEY,
    jwk text NOT NULL,
    since timestamptz NOT NULL
);
"""

APPEND = """
CREATE FUNCTION ledger_append(entries json, leaves bytea[], forgotten uuid[]) RETURNS bigint
LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
DECLARE
    first bigint;
BEGIN
    INSERT INTO ledger (entry_id, at, decision, organisation, client, acting_user, purpose, case_reference, justification,
        operation, resource, outcome, reason, rulebook, rules, attributes, withheld, trace_id, people, salt)
    SELECT entry_id, at, decision, organisation, client, acting_user, purpose, case_reference, justification,
        operation, resource, outcome, reason, rulebook, rules, attributes, withheld, trace_id, json_array_length(people), salt
    FROM json_to_recordset(entries) AS entry (entry_id uuid, at timestamptz, decision text, organisation text, client text,
        acting_user text, purpose text, case_reference text, justification text, operation text, resource text, outcome text,
        reason text, rulebook text, rules text[], attributes text[], withheld integer, trace_id text, people json, salt text);

    INSERT INTO ledger_people (subject, entry_id, at, besides, access_id)
    SELECT listed.subject, entry.entry_id, entry.at, listed.besides, listed.access_id
    FROM json_to_recordset(entries) AS entry (entry_id uuid, at timestamptz, people json),
        json_to_recordset(entry.people) AS listed (subject uuid, besides text[], access_id uuid);

    -- The last that is written of these people by the pseudonyms that they had.
    DELETE FROM ledger_subjects WHERE person_id = ANY (forgotten);

    -- Held until the commit: whoever comes next sees these leaves, or they never were.
    PERFORM pg_advisory_xact_lock(hashtext('ledger_leaves'));
    SELECT coalesce(max(position) + 1, 0) INTO first FROM ledger_leaves;
    INSERT INTO ledger_leaves (position, entry_id, at, leaf)
    SELECT first + entry.number - 1, (entry.value ->> 'entry_id')::uuid, (entry.value ->> 'at')::timestamptz,
        leaves[entry.number::int]
    FROM json_array_elements(entries) WITH ORDINALITY AS entry (value, number);
    RETURN first;
END
$$
"""

MONTH = """
CREATE FUNCTION ledger_add_month(month date) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    name text;
    part text;
    starts timestamptz := date_trunc('month', month)::timestamp AT TIME ZONE 'UTC';
    ends timestamptz := (date_trunc('month', month) + interval '1 month')::timestamp AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass('ledger_' || to_char(month, 'YYYY_MM')) IS NOT NULL THEN
        RETURN false;
    END IF;
    FOREACH name IN ARRAY ARRAY['ledger', 'ledger_people'] LOOP
        part := name || '_' || to_char(month, 'YYYY_MM');
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, name);
        -- What came while the month was missing is moved out of the rest.
        EXECUTE format('WITH late AS (DELETE FROM %I WHERE at >= $1 AND at < $2 RETURNING *) INSERT INTO %I SELECT * FROM late',
            name || '_rest', part) USING starts, ends;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, part, starts, ends);
    END LOOP;
    RETURN true;
END
$$
"""

MONTHS = "SELECT ledger_add_month(generate_series(date_trunc('month', now()), now() + interval '2 months', '1 month')::date)"

GRANTS = """
GRANT SELECT, INSERT ON ledger, ledger_people, ledger_leaves, ledger_nodes, ledger_heads, ledger_keys TO gateway_app;
GRANT SELECT, INSERT, DELETE ON ledger_subjects TO gateway_app;
REVOKE EXECUTE ON FUNCTION ledger_add_month FROM PUBLIC;
"""


def upgrade() -> None:
    for statement in (*_statements(TABLES), APPEND, MONTH, MONTHS):
        op.execute(statement)
    _move(op.get_bind())
    for statement in ("DROP TABLE ledger_before, ledger_people_before", *_statements(GRANTS)):
        op.execute(statement)


def _statements(script: str) -> list[str]:
    return [statement for statement in script.split(";\n") if statement.strip()]


def _move(connection: Connection) -> None:
    """What was written before becomes the first leaves of the tree, in the order in which it was written."""
    connection.execute(text("INSERT INTO ledger_subjects (person_id) SELECT DISTINCT person_id FROM ledger_people_before"))
    people: dict[UUID, list[Mapping[str, Any]]] = {}
    listed = text(
        "SELECT subject, entry_id, besides, access_id FROM ledger_people_before JOIN ledger_subjects USING (person_id)"
    )
    for row in connection.execute(listed).mappings():
        people.setdefault(row["entry_id"], []).append(dict(row))
    append = text("SELECT ledger_append(CAST(:entries AS json), CAST(:leaves AS bytea[]), '{}')")
    for row in connection.execute(text("SELECT * FROM ledger_before ORDER BY entry_id")).mappings().all():
        leaf = ledger_leaves.read({**row, "salt": ledger_leaves.new_salt()}, people.get(row["entry_id"], []))
        connection.execute(append, {"entries": ledger_leaves.stored([leaf]), "leaves": [leaf.hash()]})
