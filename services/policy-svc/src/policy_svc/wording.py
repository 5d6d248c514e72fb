"""Ways as people read them: "in BG, for assigned cases or with the person's consent". Pure text; it decides nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from policy_svc.formulas import Compare, Path
from policy_svc.relations import equal
from policy_svc.vocabulary import RECORD
from policy_svc.ways import ALWAYS, NEVER, REGIONS, Atom, Contains, Demand, Is, Known, Ways

ASSIGNED, CONSENTS, CREATED_BY, SHARED = (RECORD + fact for fact in ("assigned", "consents", "created_by", "shared"))
MOST_SPELLED: Final = 12
"""More ways than this are counted instead of spelled out."""


class OneOf(NamedTuple):
    """Demands for one of several members of a set, read as one."""

    path: str
    values: frozenset[str]


Wanted = frozenset[Demand | OneOf]


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose cells are put into words. ``regions`` are those of its approvals, where they may be called by that name."""

    organisation: str
    purpose: str
    regions: frozenset[str] = frozenset()

    def words(self, ways: Ways) -> str:
        """``always``, ``never``, or what every way demands, then the alternatives."""
        if ways == NEVER:
            return "never"
        if ways == ALWAYS:
            return "always"
        if len(ways) > MOST_SPELLED:
            return f"under conditions of {len(ways)} kinds"
        spelled = _one_of(SHARED, _one_of(CONSENTS, _one_of(REGIONS, frozenset[Wanted](ways))))
        common = frozenset[Demand | OneOf].intersection(*spelled)
        alternatives = sorted({" and ".join(self._each(way - common)) for way in spelled} - {""})
        return ", ".join([*self._each(common), " or ".join(alternatives)] if alternatives else self._each(common))

    def _each(self, wanted: Iterable[Demand | OneOf]) -> list[str]:
        return sorted(self._among(each) if isinstance(each, OneOf) else self._demand(each) for each in wanted)

    def _among(self, wanted: OneOf) -> str:
        if wanted.path == REGIONS:
            return "in the regions of the approval" if wanted.values == self.regions else _listed("in", wanted.values)
        own = {self.purpose, f"{self.purpose}@{self.organisation}"}
        if wanted.path == SHARED:
            return "where shared for this purpose" if wanted.values == own else _listed("where shared for", wanted.values)
        return "with the person's consent" if wanted.values == own else _listed("with the person's consent to", wanted.values)

    def _demand(self, demand: Demand) -> str:
        text = self._known_words(demand)
        return text or (_literal(demand.atom) if demand.wanted else f"not where {_literal(demand.atom)}")

    def _known_words(self, demand: Demand) -> str | None:
        match demand.atom:
            case Contains(path=path, value=value) if path == ASSIGNED:
                whose = "assigned cases" if value == self.organisation else f"cases of {value}"
                return f"for {whose}" if demand.wanted else f"except for {whose}"
            case Contains(path=path, value=value) if path == REGIONS:
                return f"outside {value}"
            case Is(path=path, value=value) if path == CREATED_BY:
                whose = "own records" if value == self.organisation else f"records made by {value}"
                return f"for {whose}" if demand.wanted else f"except for {whose}"
            case Is() | Known():
                return _WORDS.get(demand)
            case Compare(left=Path(name=left), relation=relation, right=Path(name=right)) if relation is equal:
                oneself = {left, right} == {"subject.person", "resource.owner"} and demand.wanted
                return "about oneself" if oneself else None
            case _:
                return None


def _one_of(path: str, ways: frozenset[Wanted]) -> frozenset[Wanted]:
    """Ways that differ only in the member of the set at ``path`` that they demand, as one."""
    values_by_rest: dict[Wanted, set[str]] = {}
    for way in ways:
        values = {each: value for each in way if (value := _member(path, each)) is not None}
        # A way that demands several members at once is no alternative of the others.
        rest = way.difference(values) if len(values) == 1 else way
        values_by_rest.setdefault(rest, set()).update(values.values() if rest is not way else ())
    return frozenset(rest | {OneOf(path, frozenset(values))} if values else rest for rest, values in values_by_rest.items())


def _member(path: str, wanted: Demand | OneOf) -> str | None:
    if isinstance(wanted, Demand) and wanted.wanted and isinstance(wanted.atom, Contains) and wanted.atom.path == path:
        return str(wanted.atom.value)
    return None


def _listed(before: str, values: frozenset[str]) -> str:
    return f"{before} {' or '.join(sorted(values))}"


def _literal(atom: Atom) -> str:
    match atom:
        case Contains(path=path, value=value):
            return f"{_bare(path)} holds {value}"
        case Is(path=path, value=value):
            return f"{_bare(path)} is {value}"
        case Known(path=path):
            return f"{_bare(path)} is known"
        case _:
            return "a condition of the rules holds that has no short words"


def _bare(path: str) -> str:
    return path.removeprefix("resource.").removeprefix("record.")


_WORDS: Final[dict[Demand, str]] = {
    Demand(Is(RECORD + "restricted", True), True): "for restricted people",
    Demand(Is(RECORD + "restricted", True), False): "for people without restriction",
    Demand(Is(RECORD + "minor", True), True): "for minors",
    Demand(Is(RECORD + "minor", True), False): "for adults",
    Demand(Known("context.justification"), True): "with a written justification",
    Demand(Known("context.case"), True): "with a case reference",
    Demand(Known("subject.acting_user"), True): "by a named user",
    Demand(Known("resource.owner"), True): "about one person",
    Demand(Known("resource.owner"), False): "about nobody in particular",
}
