"""Who was erased is forgotten in what is otherwise never changed: their own clients, and records of emergencies."""

from alembic import op

revision = "0006"
down_revision = "0005"

REVIEWS_FOLLOW = """
ALTER TABLE emergency_reviews
    DROP CONSTRAINT emergency_reviews_person_id_access_id_fkey,
    ADD CONSTRAINT emergency_reviews_access FOREIGN KEY (person_id, access_id)
        REFERENCES emergency_accesses ON UPDATE CASCADE
"""


def upgrade() -> None:
    op.execute(REVIEWS_FOLLOW)
    op.execute("GRANT UPDATE (person_id) ON clients, emergency_accesses TO gateway_app")
