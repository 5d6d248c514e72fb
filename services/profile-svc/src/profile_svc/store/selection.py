"""A selection as SQL. INVARIANT: nothing of a person is selected but what is built here, and nothing is built that the
selection does not name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
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
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB, array

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

_NOTHING: Final[ColumnElement[str | None]] = cast(null(), Text)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def people_seen(selection: Selection) -> Select[Any]:
    """Everybody in the grant's rows, as ``read`` reads them: the id, for each group with a condition whether it is true, and
    what the three documents hold under the names of the selection, as JSON text."""
    return _seen(selection).where(condition(selection.rows))


def named_people_seen(selection: Selection, ids: ColumnElement[Any]) -> Select[Any]:
    """The same for those of an array of ids. Each is looked up by itself, and the grant's rows are looked at in whom was found:
    nobody walks through an index of all people, or through all of whom the rows are true."""
    wanted = func.unnest(ids).column_valued("wanted")
    return _seen(selection).where(persons.c.person_id == wanted, case((condition(selection.rows), true())))


def _seen(selection: Selection) -> Select[Any]:
    groups = [(group, None if group.when is True else condition(group.when)) for group in selection.groups]
    holds = [func.coalesce(when, false()) for _, when in groups if when is not None]
    plain = _values("attributes", _wanted([(when, group.plain) for group, when in groups]))
    sealed = _values("sealed", _wanted([(when, group.sealed) for group, when in groups]))
    said = _said(_wanted([(when, group.disclosed) for group, when in groups]), selection.full_provenance)
    return select(persons.c.person_id, *holds, plain, sealed, said)


def read(selection: Selection, rows: Iterable[Sequence[Any]]) -> list[Selected]:
    """Rows of ``people_seen``."""
    always = [group.when is True for group in selection.groups]
    found = []
    for row in rows:
        asked, (plain, sealed, said) = iter(row[1:-3]), row[-3:]
        holds = tuple([known or next(asked) for known in always])
        at, _, entries = ("", "", "[]") if said is None else said.partition(" ")
        found.append(
            Selected(row[0], holds, _named(selection.plain, plain), _named(selection.sealed, sealed), entries, at or None)
        )
    return found


def condition(residual: Residual, facts: Mapping[str, ColumnElement[Any]] = FACTS) -> ColumnElement[bool]:
    """A condition of the grant over columns; one that cannot be enforced makes the whole grant worthless."""
    try:
        return sql_condition(residual, facts)
    except KeyError as error:
        raise grants.refused("The grant speaks of a record fact that is not known here.") from error


def member(column: str, name: str) -> ColumnElement[Any]:
    """``column -> 'name'`` of ``persons``, as JSON."""
    return literal_column(f"(persons.{column} -> {_quoted(name)})", JSONB())


_Wanted = Mapping[str, ColumnElement[bool] | None]
"""Members of a document, and the condition under which each is wanted, if there is one."""


def _wanted(groups: Sequence[tuple[ColumnElement[bool] | None, Sequence[str]]]) -> _Wanted:
    """What is in several groups is wanted where any of their conditions is true."""
    conditions: dict[str, list[ColumnElement[bool] | None]] = {}
    for when, names in groups:
        for name in names:
            conditions.setdefault(name, []).append(when)
    return {
        name: None if any(when is None for when in whens) else or_(*(when for when in whens if when is not None))
        for name, whens in conditions.items()
    }


def _values(column: str, wanted: _Wanted) -> ColumnElement[str | None]:
    """The wanted members of a document in their order, null for those that it has not."""
    return _of_document(column, _as_json(_members(wanted))) if wanted else _NOTHING


def _said(wanted: _Wanted, in_full: bool) -> ColumnElement[str | None]:
    """When the last of the wanted members was said; and behind a blank of each whether it is verified, or in full who said it
    and when."""
    members = _members(wanted)
    if not wanted:
        return _NOTHING
    # Moments are written in one form, so that as text they have the same order.
    last = func.greatest(
        *(collate(each.op("->>", return_type=Text())(literal_column("'at'")), "C") for each in members), type_=Text
    )
    entries = members if in_full else [each.op("->", return_type=JSONB())(literal_column("'verified'")) for each in members]
    return _of_document("provenance", func.coalesce(last, literal_column("''")) + literal_column("' '") + _as_json(entries))


def _members(wanted: _Wanted) -> list[ColumnElement[Any]]:
    found = {name: literal_column(f"(document -> {_quoted(name)})", JSONB()) for name in wanted}
    return [found[name] if when is None else case((when, found[name])) for name, when in wanted.items()]


def _as_json(values: Sequence[ColumnElement[Any]]) -> ColumnElement[str]:
    return cast(func.to_json(array[Any](values, type_=JSONB())), Text)


def _of_document(column: str, value: ColumnElement[str]) -> ColumnElement[str | None]:
    """``value`` over the ``document`` in a column, which is fetched and unpacked once and not for each of its members: it is
    large enough to be stored apart and compressed. (To add nothing to it gives it whole; ``OFFSET`` keeps that from being done
    where a member is asked for.)"""
    opened = text(f"(SELECT persons.{column} || '{{}}'::jsonb AS document OFFSET 0) AS opened")
    return select(value).select_from(opened).correlate(persons).scalar_subquery()


def _named(names: Sequence[str], values: str | None) -> dict[str, Any]:
    return {} if values is None else dict(zip(names, orjson.loads(values), strict=True))


def _quoted(name: str) -> str:
    """An attribute's name as an SQL literal. Names come from the rulebook; anything but a plain identifier is refused."""
    if not _NAME.fullmatch(name):
        raise ValueError("An attribute's name is not an identifier.")
    return f"'{name}'"
