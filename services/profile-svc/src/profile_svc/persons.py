"""What writing to a person means: which attributes change, what becomes of provenance and facts. Pure.

INVARIANT: an attribute's provenance, and with it every ``updated_at``, moves only when that attribute itself changes; so a
derived attribute that stays the same keeps still when its source is corrected.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from profile_svc import facts
from profile_svc.attributes import Attributes
from profile_svc.facts import RecordFacts
from profile_svc.resembling import IDENTIFYING
from stena.contracts.access import Disclosure
from stena.contracts.condition import holds

Provenance = Mapping[str, Any]
"""``{by, verified, at}``: the organisation that said a value, whether it checked it, and when the value last changed."""


def new_person_id() -> UUID:
    """Random, where ids elsewhere count time: lists are in the order of these, and who came in which year tells from where."""
    return uuid4()


class NotWritable(Exception):
    """The grant does not let the caller write these attributes of this person."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"This purpose does not let you write {', '.join(self.names)}.")


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored of a person, as far as a write needs it: opened values of what it touches and what follows from that."""

    facts: RecordFacts
    values: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Provenance] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says of a person: values by attribute (``None`` removes), and who checked which of them."""

    values: Mapping[str, Any]
    by: str
    at: datetime
    verified_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Revision:
    """What a statement makes of a record. ``values`` and ``provenance`` hold only what changes, derived attributes too;
    ``replaced`` names the stored attributes whose earlier value belongs into the history."""

    values: Mapping[str, Any]
    provenance: Mapping[str, Provenance]
    replaced: tuple[str, ...]
    facts: RecordFacts

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(self.provenance)


def require_writable(write: Mapping[str, Disclosure], names: Iterable[str], record: RecordFacts) -> None:
    """Default deny: only what the grant names, and only where its condition is true of the record."""
    known = record.as_mapping()
    if refused := [name for name in names if name not in write or not holds(write[name].when, known)]:
        raise NotWritable(refused)


def needed_for(names: Iterable[str], attributes: Attributes) -> frozenset[str]:
    """The stored attributes that a write to ``names`` has to know: themselves, the sources of what is derived from them, and
    all that identifies if one of them does, since duplicates meet by several together."""
    touched = set(names)
    if not touched.isdisjoint(IDENTIFYING):
        touched |= attributes.by_name.keys() & set(IDENTIFYING)
    return frozenset(touched.union(*(attributes.sources(name) for name in attributes.derived_of(touched))))


def revise(record: Record, said: Statement, attributes: Attributes) -> Revision:
    """Apply ``said`` to ``record``. Saying again what is known already changes nothing."""
    written = {name: value for name, value in said.values.items() if _says_something_new(record, said, name)}
    values = {**record.values, **written}
    provenance = {name: _said(said, name, values[name]) for name in written}
    on = said.at.date()
    known = {**record.provenance, **provenance}
    derived: dict[str, Any] = {}
    for name in attributes.derived_of(written):
        before, after = (attributes.derive(name, state, on) for state in (record.values, values))
        entry = _derived_provenance([known[source] for source in attributes.sources(name) if source in known], said.at)
        if after != before or entry["verified"] != record.provenance.get(name, entry)["verified"]:
            derived[name] = after
            provenance[name] = entry
    return Revision(
        values={**written, **{name: value for name, value in derived.items() if not attributes.is_computed_on_read(name)}},
        provenance=provenance,
        replaced=tuple(name for name in written if name in record.provenance),
        facts=facts.following(record.facts, written, attributes.home, on),
    )


def _says_something_new(record: Record, said: Statement, name: str) -> bool:
    if said.values[name] != record.values.get(name):
        return True
    known = record.provenance.get(name)
    return known is not None and name in said.verified_by and (known["verified"], known["by"]) != (True, said.verified_by[name])


def _said(said: Statement, name: str, value: Any) -> Provenance:
    checked = name in said.verified_by and value is not None
    return _entry(said.verified_by[name] if checked else said.by, checked, said.at)


def _derived_provenance(sources: list[Provenance], at: datetime) -> Provenance:
    """As trustworthy as the least of its sources, and said by nobody: who said one of them is that attribute's to tell."""
    return _entry(None, all(source["verified"] for source in sources), at)


def _entry(by: str | None, verified: bool, at: datetime) -> Provenance:
    # One fixed width, so that the texts sort as the moments do.
    return {"by": by, "verified": verified, "at": at.astimezone(UTC).isoformat(timespec="microseconds")}
