"""A selection as SQL. INVARIANT: nothing of a person is selected but what is built here, and nothing is built that the
selection does not name."""

import re
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from profile_svc.disclosure import ATTRIBUTES, PROVENANCE, SEALED, Group, Selection
from profile_svc.tables import persons
from stena import grants
from stena.contracts.condition import Residual, type_of_fact
from stena.database import sql_condition

FACTS: Final[Mapping[str, ColumnElement[Any]]] = {name: persons.c[name] for name in type_of_fact}

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_MOST_PAIRS: Final = 50  # a PostgreSQL function takes 100 arguments


def people_seen(selection: Selection) -> Select[Any]:
    """Everybody in the grant's rows: their id, and one JSON value for each group, NULL where its condition is not true."""
    groups = [_group(group, selection.full_provenance) for group in selection.groups]
    return select(persons.c.person_id, *groups).where(condition(selection.rows))


def condition(residual: Residual, facts: Mapping[str, ColumnElement[Any]] = FACTS) -> ColumnElement[bool]:
    """A condition of the grant over columns; one that cannot be enforced makes the whole grant worthless."""
    try:
        return sql_condition(residual, facts)
    except KeyError as error:
        raise grants.refused("The grant speaks of a record fact that is not known here.") from error


def member(column: str, name: str) -> ColumnElement[Any]:
    """``column -> 'name'`` of ``persons``, as JSON."""
    return literal_column(_member(column, name), JSONB())


def _group(group: Group, full_provenance: bool) -> ColumnElement[Any]:
    without = "" if full_provenance else " - 'by'"
    parts = {
        ATTRIBUTES: _object({name: _member("attributes", name) for name in group.plain}),
        SEALED: _object({name: _member("sealed", name) for name in group.sealed}),
        PROVENANCE: _object({name: _member("provenance", name) + without for name in group.disclosed}),
    }
    # Text, not a tree of expressions: there are a hundred members, and a tree costs ten times the query itself.
    whole = literal_column(_object(parts), JSONB())
    return whole if group.when is True else case((condition(group.when), whole))


def _member(column: str, name: str) -> str:
    return f"(persons.{column} -> {_quoted(name)})"


def _object(members: Mapping[str, str]) -> str:
    pairs = [f"{_quoted(name)}, {value}" for name, value in members.items()]
    chunks = [pairs[start : start + _MOST_PAIRS] for start in range(0, len(pairs), _MOST_PAIRS)] or [[]]
    return " || ".join(f"jsonb_build_object({', '.join(chunk)})" for chunk in chunks)


def _quoted(name: str) -> str:
    """An attribute's name as an SQL literal. Names come from the rulebook; anything but a plain identifier is refused."""
    if not _NAME.fullmatch(name):
        raise ValueError("An attribute's name is not an identifier.")
    return f"'{name}'"
