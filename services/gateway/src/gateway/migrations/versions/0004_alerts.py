"""Alerts, and which ids of people stand for others since their records were merged.

INVARIANT: what organisations did is counted once, in the order in which the ledger was written.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE activity_reached (one smallint PRIMARY KEY CHECK (one = 1), position bigint NOT NULL);
CREATE TABLE activity (
    organisation text,
    hour timestamptz,
    entries bigint NOT NULL,
    people bigint NOT NULL,
    denied bigint NOT NULL,
    forbidden bigint NOT NULL,
    emergencies bigint NOT NULL,
    breadth bigint,
    PRIMARY KEY (organisation, hour)
);
CREATE INDEX activity_uncounted ON activity (hour) WHERE breadth IS NULL;

CREATE TABLE alerts (
    alert_id uuid PRIMARY KEY,
    rule text NOT NULL,
    severity text NOT NULL,
    organisation text NOT NULL,
    hour timestamptz NOT NULL,
    measure text NOT NULL,
    measured bigint NOT NULL,
    threshold bigint NOT NULL,
    raised_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by text,
    acting_user text,
    comment text,
    try_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    UNIQUE (rule, organisation, hour)
);
CREATE INDEX alerts_to_deliver ON alerts (try_at) WHERE try_at IS NOT NULL;

CREATE TABLE merged_people (part uuid PRIMARY KEY, person uuid NOT NULL, merge uuid NOT NULL);
CREATE INDEX merged_people_person ON merged_people (person);
CREATE TABLE merged_people_version (one smallint PRIMARY KEY CHECK (one = 1), version bigint NOT NULL);
"""

RIGHTS = """
GRANT SELECT, INSERT, UPDATE ON activity_reached, merged_people_version TO gateway_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON activity TO gateway_app;
GRANT SELECT, INSERT, UPDATE (acknowledged_at, acknowledged_by, acting_user, comment, try_at, tries, delivered_at)
    ON alerts TO gateway_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON merged_people TO gateway_app;
"""


def upgrade() -> None:
    for statement in (TABLES + RIGHTS).strip().removesuffix(";").split(";"):
        op.execute(statement)
