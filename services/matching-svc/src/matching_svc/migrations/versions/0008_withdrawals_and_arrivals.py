"""Approvals that are taken back; wishes and arrivals of allocations; decisions that are kept by their code alone."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

WITHDRAWN = """
ALTER TABLE eligibility_approvals
    ADD COLUMN withdrawing_organisation text,
    ADD COLUMN withdrawn_by text,
    ADD COLUMN withdrawn_at timestamptz
"""

# The few opportunities that carry a condition on what only the source knows are found without reading all.
CONDITIONED = """
CREATE INDEX opportunities_by_condition ON opportunities (kind)
    WHERE state = 'open' AND doc @? '$.eligibility[*].approval ? (@ != null)'
"""

# People's words about people were free text in the clear. What they said is gone; that they gave another reason stays.
CODED = """
UPDATE allocation_people SET confirmed = jsonb_set(confirmed, '{reason}', '"other"')
    WHERE jsonb_typeof(confirmed -> 'reason') = 'string'
"""


def upgrade() -> None:
    op.execute(WITHDRAWN)
    op.execute("GRANT UPDATE (withdrawing_organisation, withdrawn_by, withdrawn_at) ON eligibility_approvals TO matching_app")
    op.execute(CONDITIONED)
    op.execute("ALTER TABLE allocation_people ADD COLUMN wishes jsonb, ADD COLUMN arrived_at timestamptz")
    op.execute(CODED)
    op.execute("ALTER TABLE selections DROP COLUMN words, ALTER COLUMN rank DROP NOT NULL, ADD COLUMN allocation_id text")
