"""Cases, referrals, and shares of notes."""

from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = """
CREATE TABLE note_shares (
    person_id uuid,
    note_id uuid,
    share_id uuid,
    purpose text NOT NULL,
    recipient text,
    shared_at timestamptz NOT NULL,
    until timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (person_id, note_id, share_id)
);

CREATE TABLE cases (
    person_id uuid,
    case_id uuid,
    organisation text NOT NULL,
    basis text NOT NULL,
    referral_id uuid,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    closed_at timestamptz,
    closed_by text,
    PRIMARY KEY (person_id, case_id)
);

CREATE TABLE referrals (
    person_id uuid,
    referral_id uuid,
    sender text NOT NULL,
    recipient text NOT NULL,
    purpose text NOT NULL,
    sealed text NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    until timestamptz,
    PRIMARY KEY (person_id, referral_id)
);
CREATE INDEX referrals_by_id ON referrals (referral_id);
CREATE INDEX referrals_sent ON referrals (sender, referral_id);
CREATE INDEX referrals_received ON referrals (recipient, referral_id);
CREATE INDEX referrals_until ON referrals (until) WHERE state IN ('in-progress', 'accepted');
"""

# Who was assigned until now has a case from now on. Whether it was entered here or brought by an import is known only of
# those who made the record.
BACKFILL = """
INSERT INTO cases (person_id, case_id, organisation, basis, opened_at, opened_by)
SELECT person_id, gen_random_uuid(), organisation,
    CASE WHEN organisation = created_by AND external_ref IS NULL THEN 'registration' ELSE 'import' END, created_at, created_by
FROM persons, unnest(assigned) AS organisation;
"""

# What was said once stays as it was; only that it ended, or where it stands, is added.
RIGHTS = """
GRANT SELECT, INSERT, DELETE, UPDATE (ended_at) ON note_shares TO profile_app;
GRANT SELECT, INSERT, DELETE, UPDATE (closed_at, closed_by) ON cases TO profile_app;
GRANT SELECT, INSERT, DELETE, UPDATE (state, changed_at) ON referrals TO profile_app;
"""


def upgrade() -> None:
    for statement in (TABLES + BACKFILL + RIGHTS).strip().removesuffix(";").split(";"):
        op.execute(statement)
