"""A selection as SQL. INVARIANT: nothing of a person is selected but what is built here, and nothing is built that the
selection does not name."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    Select,
    Text,
    and_,
    case,
    cast,
    collate,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from profile_svc.disclosure import Selected, Selection
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
    """Everybody in the grant's rows, as ``read`` reads them: the id, for each group with a condition whether it is true, and
    the named members of the three documents, each of them as JSON text and NULL where it has none."""
    groups = [(group, None if group.when is True else condition(group.when)) for group in selection.groups]
    holds = [func.coalesce(when, false()) for _, when in groups if when is not None]
    plain = _picked("attributes", [(when, group.plain) for group, when in groups])
    sealed = _picked("sealed", [(when, group.sealed) for group, when in groups])
    said = _said([(when, group.disclosed) for group, when in groups], selection.full_provenance)
    return select(persons.c.person_id, *holds, plain, sealed, said).where(condition(selection.rows))


def read(selection: Selection, row: Sequence[Any]) -> Selected:
    """A row of ``people_seen``."""
    asked = iter(row[1:-3])
    holds = [group.when is True or next(asked) for group in selection.groups]
    plain, sealed, said = (None if text is None else orjson.loads(text) for text in row[-3:])
    entries, at = said or (None, None)
    return Selected(row[0], holds, plain or {}, sealed or {}, entries or {}, at)


def condition(residual: Residual, facts: Mapping[str, ColumnElement[Any]] = FACTS) -> ColumnElement[bool]:
    """A condition of the grant over columns; one that cannot be enforced makes the whole grant worthless."""
    try:
        return sql_condition(residual, facts)
    except KeyError as error:
        raise grants.refused("The grant speaks of a record fact that is not known here.") from error


def member(column: str, name: str) -> ColumnElement[Any]:
    """``column -> 'name'`` of ``persons``, as JSON."""
    return literal_column(f"(persons.{column} -> {_quoted(name)})", JSONB())


_Wanted = Sequence[tuple[ColumnElement[bool] | None, Sequence[str]]]
"""Names of members, and the condition under which they are wanted, if there is one."""


def _picked(column: str, wanted: _Wanted) -> ColumnElement[str | None]:
    """The wanted members of a document, those that it has.

    Going through the document once is many times as fast as asking it for each member: it is large enough to be stored apart
    and compressed, and would be fetched and opened for each of them.
    """
    members = _members(column)
    return _those(members, wanted, func.json_object_agg(members.c.key, members.c.value))


def _said(wanted: _Wanted, in_full: bool) -> ColumnElement[str | None]:
    """Whether each attribute is verified, or in full who said it and when; and when the last of them was said."""
    members = _members("provenance")
    entry = members.c.value if in_full else members.c.value.op("->")("verified")
    # Moments are written in one form, so that as text they have the same order.
    last = func.max(collate(members.c.value.op("->>")("at"), "C"))
    return _those(members, wanted, func.json_build_array(func.json_object_agg(members.c.key, entry), last))


def _members(column: str) -> Any:
    return func.jsonb_each(persons.c[column]).table_valued("key", "value")


def _those(members: Any, wanted: _Wanted, gathered: ColumnElement[Any]) -> ColumnElement[str | None]:
    named = [
        and_(literal_column(f"key IN ({', '.join(map(_quoted, names))})", Boolean()), *([] if when is None else [when]))
        for when, names in wanted
        if names
    ]
    if not named:
        return cast(null(), Text)
    return select(cast(gathered, Text)).select_from(members).where(or_(*named)).correlate(persons).scalar_subquery()


def _quoted(name: str) -> str:
    """An attribute's name as an SQL literal. Names come from the rulebook; anything but a plain identifier is refused."""
    if not _NAME.fullmatch(name):
        raise ValueError("An attribute's name is not an identifier.")
    return f"'{name}'"
