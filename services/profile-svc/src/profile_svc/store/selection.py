"""A selection as SQL. INVARIANT: nothing of a person is selected but what is built here, and nothing is built that the
selection does not name."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, Select, Text, case, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from profile_svc.disclosure import ATTRIBUTES, PROVENANCE, SEALED, Group, Selection
from profile_svc.tables import persons
from stena import grants
from stena.contracts.condition import Residual, facts_of_people
from stena.database import sql_condition

# INVARIANT: a consent is without effect from the moment on which it ends. Until the sweep has taken it out of the fact, this
# person has none at all.
_ENDED: Final = persons.c.consent_ends_at <= func.statement_timestamp()
_CONSENTS: Final = case((_ENDED, literal([], ARRAY(Text))), else_=persons.c.consents)

FACTS: Final[Mapping[str, ColumnElement[Any]]] = {name: persons.c[name] for name in facts_of_people} | {"consents": _CONSENTS}

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


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
    return literal_column(f"(persons.{column} -> {_quoted(name)})", JSONB())


def _group(group: Group, full_provenance: bool) -> ColumnElement[Any]:
    parts = {
        ATTRIBUTES: _picked("attributes", group.plain),
        SEALED: _picked("sealed", group.sealed),
        PROVENANCE: _picked("provenance", group.disclosed, value="value" if full_provenance else "value - 'by'"),
    }
    whole = literal_column(
        f"jsonb_build_object({', '.join(f'{_quoted(name)}, {part}' for name, part in parts.items())})", JSONB()
    )
    return whole if group.when is True else case((condition(group.when), whole))


def _picked(column: str, names: Iterable[str], value: str = "value") -> str:
    """The named members of a document, those that it has, as SQL text.

    Going through the document once is three times as fast as asking it for each member: it is large enough to be stored
    apart and compressed, and would be fetched and opened for each of them.
    """
    wanted = ", ".join(map(_quoted, names))
    if not wanted:
        return "'{}'::jsonb"
    # The only text here that is not ours is names of attributes, and those are identifiers.
    picked = f"SELECT jsonb_object_agg(key, {value}) FROM jsonb_each(persons.{column}) WHERE key IN ({wanted})"  # noqa: S608
    return f"coalesce(({picked}), '{{}}'::jsonb)"


def _quoted(name: str) -> str:
    """An attribute's name as an SQL literal. Names come from the rulebook; anything but a plain identifier is refused."""
    if not _NAME.fullmatch(name):
        raise ValueError("An attribute's name is not an identifier.")
    return f"'{name}'"
