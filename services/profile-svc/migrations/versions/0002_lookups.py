"""Blind indexes by which people are looked up. Filled by ``stena lookups rebuild`` for people who were there before."""

from alembic import op

revision = "0002"
down_revision = "0001"

LOOKUPS = """
CREATE TABLE lookups (
    person_id uuid,
    attribute text,
    token bytea CHECK (octet_length(token) = 32),
    PRIMARY KEY (person_id, attribute, token)
)
"""


def upgrade() -> None:
    op.execute(LOOKUPS)
    op.execute("CREATE INDEX lookups_token ON lookups (attribute, token)")
    # A token is written and removed with its value; there is nothing in it to change.
    op.execute("GRANT SELECT, INSERT, DELETE ON lookups TO profile_app")
