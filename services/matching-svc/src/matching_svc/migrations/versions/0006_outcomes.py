"""What became of rankings: who was shown, what people decided, whom audits have looked at."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SHOWN = """
CREATE TABLE shown (
    person_id text,
    purpose text,
    opportunity_id text REFERENCES opportunities,
    organisation text,
    day date,
    rank integer NOT NULL CHECK (rank > 0),
    model text NOT NULL,
    PRIMARY KEY (person_id, purpose, opportunity_id, organisation, day)
)
"""

SELECTIONS = """
CREATE TABLE selections (
    person_id text,
    purpose text,
    selection_id text,
    opportunity_id text NOT NULL REFERENCES opportunities,
    organisation text NOT NULL,
    acting_user text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('selected', 'rejected', 'moved')),
    reason text NOT NULL,
    words text NOT NULL,
    rank integer NOT NULL,
    to_rank integer CHECK ((outcome = 'moved') = (to_rank IS NOT NULL)),
    model text NOT NULL,
    decided_at timestamptz NOT NULL,
    idempotency_key text,
    PRIMARY KEY (person_id, purpose, selection_id),
    UNIQUE (organisation, idempotency_key)
)
"""

AUDITED = """
CREATE TABLE audited (
    person_id text,
    purpose text,
    audit_id text,
    stage text,
    at timestamptz NOT NULL,
    PRIMARY KEY (person_id, purpose, audit_id, stage)
)
"""


def upgrade() -> None:
    for table in (SHOWN, SELECTIONS, AUDITED):
        op.execute(table)
    op.execute("CREATE INDEX shown_by_opportunity ON shown (opportunity_id, day)")
    op.execute("CREATE INDEX shown_by_day ON shown (day)")
    op.execute("CREATE INDEX selections_by_opportunity ON selections (opportunity_id, organisation, selection_id)")
    op.execute("CREATE INDEX audited_by_purpose ON audited (purpose, audit_id)")
    # UPDATE is for people who get a new id; what was shown and decided is not rewritten.
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON shown, selections, audited TO matching_app")
