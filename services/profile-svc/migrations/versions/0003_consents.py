"""Who gave a consent, what a child said of it, and whom a consent to everybody meant."""

from alembic import op

revision = "0003"
down_revision = "0002"

COLUMNS = """
ALTER TABLE consents
    ADD COLUMN given_by text NOT NULL DEFAULT 'person',
    ADD COLUMN child_view text,
    ADD COLUMN sealed text,
    ADD COLUMN covers text[] NOT NULL DEFAULT '{}'
"""

# Of minors nobody else could give it.
GUARDIANS = """
UPDATE consents SET given_by = 'guardian' FROM persons
WHERE persons.person_id = consents.person_id AND persons.minor
"""


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(GUARDIANS)
