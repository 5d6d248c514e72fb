"""Migrations since the previous release only add: what that release asks for is still there while it goes on serving.

A second net: what really happens is shown in ``test_rolling``.
"""

import re
from collections.abc import Iterator

import pytest

from .previous import CHECKOUT, NoHistory, names_below

VERSIONS = "services/*/src/*/migrations/versions/*.py"
TAKES_AWAY = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|FUNCTION|VIEW|TYPE|SCHEMA)\b|\bRENAME\b|\bREVOKE\b|\bSET\s+NOT\s+NULL\b"
    r"|\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b"
    r"|\bADD\s+COLUMN\s+(IF\s+NOT\s+EXISTS\s+)?\w+\s+(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT\s+NULL\b"
    r"|\bop\.(drop_table|drop_column|rename_table|alter_column)\b",
    re.IGNORECASE,
)
NOT_OURS = re.compile(r"^def downgrade\b.*?(?=^\S|\Z)|#[^\n]*", re.MULTILINE | re.DOTALL)


def taken_away(migration: str) -> Iterator[str]:
    """The statements on the way up that the previous release might miss something by."""
    yield from (found.group() for found in TAKES_AWAY.finditer(NOT_OURS.sub("", migration)))


def test_what_is_new_only_adds() -> None:
    try:
        before = names_below("services")
    except NoHistory as absent:
        pytest.skip(str(absent))
    new = {str(file.relative_to(CHECKOUT)): file for file in CHECKOUT.glob(VERSIONS)}
    assert before.intersection(new), "they lie somewhere else now"
    lost = {name: list(taken_away(file.read_text())) for name, file in new.items() if name not in before}
    assert {name: what for name, what in lost.items() if what} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "op.execute('DROP TABLE clients')",
        "ALTER TABLE clients DROP COLUMN name",
        "ALTER TABLE clients RENAME TO callers",
        "ALTER TABLE clients ALTER COLUMN name TYPE bytea",
        "ALTER TABLE clients ALTER COLUMN name SET NOT NULL",
        "ALTER TABLE clients ADD COLUMN colour text NOT NULL,",
        "REVOKE SELECT ON clients FROM gateway_app",
        "op.drop_column('clients', 'name')",
    ],
)
def test_what_takes_away_is_noticed(statement: str) -> None:
    assert list(taken_away(f"def upgrade() -> None:\n    {statement}\n"))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE clients ADD COLUMN colour text",
        "ALTER TABLE clients ADD COLUMN colour text NOT NULL DEFAULT 'red'",
        "ALTER TABLE clients DROP CONSTRAINT clients_one_way",
        "CREATE TABLE proposals (kind text NOT NULL)",
        "pass\n\n\ndef downgrade() -> None:\n    op.drop_table('clients')",
    ],
)
def test_what_adds_is_let_be(statement: str) -> None:
    assert not list(taken_away(f"def upgrade() -> None:\n    {statement}\n"))
