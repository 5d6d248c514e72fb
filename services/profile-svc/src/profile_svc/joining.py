"""Which values a person has once two records of theirs are one. Pure.

INVARIANT: nothing that was said is lost: what does not stand goes to the history. Whoever merges decides about what they see;
about the rest the records do: what was verified stands before what was not, and what was said last before what was said first.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from profile_svc.attributes import Attributes, Fault, InvalidValues
from profile_svc.facts import RecordFacts
from profile_svc.persons import Provenance
from stena.contracts.duplicates import Take, Widening


class Conflicting(Exception):
    """The records differ in what the caller sees, and the caller does not say which of them is right."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"The records differ in {', '.join(self.names)}: say in `take` whose value stands.")


class Widens(Exception):
    """Somebody would see more of the merged person than of either record, and the caller does not say that they know."""

    def __init__(self, widening: Iterable[Widening]) -> None:
        self.widening = tuple(sorted(widening))
        super().__init__(
            "By this others see more of the person than they saw of either record. If that is right, say so with `widen`."
        )


class RestrictedApart(Exception):
    """A record is restricted, and others have a case of the other one: merging would show it to them."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two records: every stored value, opened, and who said it."""

    values: Mapping[str, Any]
    provenance: Mapping[str, Provenance]


@dataclass(frozen=True, slots=True)
class Joined:
    """``taken`` changes in the record that stays, with the ``provenance`` that it has from the other one; ``lost`` are those
    values of the other one that stand nowhere any more."""

    taken: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    lost: Mapping[str, Any] = field(default_factory=dict)


def join(this: Side, other: Side, take: Mapping[str, Take], disclosed: Collection[str]) -> Joined:
    """What becomes of the record ``this``.

    Raises ``Conflicting`` for what is among ``disclosed``, differs, and is not in ``take``.
    """
    differing = [name for name, value in other.values.items() if name in this.values and this.values[name] != value]
    if undecided := [name for name in differing if name in disclosed and name not in take]:
        raise Conflicting(undecided)
    taken = {name: value for name, value in other.values.items() if name not in this.values}
    lost: dict[str, Any] = {}
    for name in differing:
        match take.get(name) or _stands(this.provenance[name], other.provenance[name]):
            case "other":
                taken[name] = other.values[name]
            case "both":
                mine = this.values[name]
                taken[name] = [*mine, *(each for each in other.values[name] if each not in mine)]
            case _:
                lost[name] = other.values[name]
    from_other = {name: other.provenance[name] for name, value in taken.items() if value == other.values[name]}
    return Joined(taken, from_other, lost)


def check_take(take: Mapping[str, Take], attributes: Attributes) -> None:
    """That lists alone are put together. Raises ``UnknownAttributes``, ``InvalidValues``."""
    attributes.require_known(take)
    faults = [
        Fault(("take", name), "is not a list, of which both could stand")
        for name, how in take.items()
        if how == "both" and attributes.by_name[name].json_schema.get("type") != "array"
    ]
    faults += [Fault(("take", name), "is derived from others") for name in take if attributes.is_derived(name)]
    if faults:
        raise InvalidValues(faults)


def widening(this: RecordFacts, other: RecordFacts, consents: Collection[str]) -> tuple[Widening, ...]:
    """What lets somebody see more once the records are one, whose consents are then ``consents``.

    Raises ``RestrictedApart``: who is hidden from an organisation is not shown to it by this.
    """
    both = {*this.assigned, *other.assigned}
    if any(record.restricted and not both <= set(record.assigned) for record in (this, other)):
        raise RestrictedApart(
            "One of the records is restricted, and others have a case of the other one: merging would show it to them. "
            "Their cases have to be closed first."
        )
    found: dict[Widening, bool] = {
        "assigned": set(this.assigned) != set(other.assigned),
        "consents": any(not set(consents) <= set(record.consents) for record in (this, other)),
        "region": this.region_path != other.region_path,
    }
    return tuple(name for name, does in found.items() if does)


def _stands(this: Provenance, other: Provenance) -> Take:
    return "other" if (other["verified"], other["at"]) > (this["verified"], this["at"]) else "this"
