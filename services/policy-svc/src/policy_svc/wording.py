"""Ways as people read them: "with the person's consent", "for assigned cases, for minors". Pure text; it decides nothing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from policy_svc.formulas import Compare, Path
from policy_svc.relations import equal
from policy_svc.vocabulary import RECORD
from policy_svc.ways import ALWAYS, NEVER, REGIONS, Atom, Contains, Demand, Is, Known, Way, Ways

ASSIGNED, CONSENTS, CREATED_BY = RECORD + "assigned", RECORD + "consents", RECORD + "created_by"
MOST_SPELLED: Final = 12
"""More ways than this are counted instead of spelled out."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose view is put into words: ``regions`` are those of its approvals where they may be called so."""

    organisation: str
    purpose: str
    regions: frozenset[str] = frozenset()

    def words(self, ways: Ways) -> str:
        """``always``, ``never``, or the ways: demands joined by commas, ways by "or"."""
        if ways == NEVER:
            return "never"
        if ways == ALWAYS:
            return "always"
        if len(ways) > MOST_SPELLED:
            return f"under conditions of {len(ways)} kinds"
        return "; or ".join(sorted({self._way(way) for way in self._regions_joined(ways)}))

    def _way(self, way: frozenset[object]) -> str:
        return ", ".join(sorted(self._demand(each) if isinstance(each, Demand) else str(each) for each in way))

    def _regions_joined(self, ways: Ways) -> Iterable[frozenset[object]]:
        """Ways that differ only in the region, as one."""
        regions_by_rest: dict[Way, set[str]] = {}
        for way in ways:
            regions = {region for each in way if (region := _region(each))}
            rest = frozenset(each for each in way if _region(each) is None)
            if len(regions) > 1:
                regions = {" and ".join(sorted(regions))}
            regions_by_rest.setdefault(rest, set()).update(regions)
        for rest, regions in regions_by_rest.items():
            yield rest | ({self._in(frozenset(regions))} if regions else set())

    def _in(self, regions: frozenset[str]) -> str:
        if regions == self.regions:
            return "in the regions of the approval"
        return f"in {' or '.join(sorted(regions))}"

    def _demand(self, demand: Demand) -> str:
        text = self._positive(demand.atom) if demand.wanted else self._negative(demand.atom)
        return text or (self._literal(demand.atom) if demand.wanted else f"not: {self._literal(demand.atom)}")

    def _positive(self, atom: Atom) -> str | None:
        match atom:
            case Contains(path=path, value=value) if path == CONSENTS:
                return self._consent(str(value))
            case Contains(path=path, value=value) if path == ASSIGNED:
                return "for assigned cases" if value == self.organisation else f"for cases of {value}"
            case Contains(path=path, value=value) if path == REGIONS:
                return self._in(frozenset({str(value)}))
            case Is(path=path, value=value) if path == CREATED_BY:
                return "for own records" if value == self.organisation else f"for records made by {value}"
            case Compare(left=Path(name=left), relation=relation, right=Path(name=right)) if relation is equal:
                return "about oneself" if {left, right} == {"subject.person", "resource.owner"} else None
            case Is() | Known():
                return _POSITIVE.get(atom)
            case _:
                return None

    def _negative(self, atom: Atom) -> str | None:
        match atom:
            case Contains(path=path, value=value) if path == REGIONS:
                return f"outside {value}"
            case Contains(path=path, value=value) if path == ASSIGNED and value == self.organisation:
                return "for cases that are not assigned"
            case Is(path=path, value=value) if path == CREATED_BY and value == self.organisation:
                return "for records made by others"
            case Is() | Known():
                return _NEGATIVE.get(atom)
            case _:
                return None

    def _consent(self, consent: str) -> str:
        purpose, _, organisation = consent.partition("@")
        to = "" if not organisation else " to this organisation" if organisation == self.organisation else f" to {organisation}"
        return f"with the person's consent{to}" + ("" if purpose == self.purpose else f" to {purpose}")

    def _literal(self, atom: Atom) -> str:
        match atom:
            case Contains(path=path, value=value):
                return f"{_bare(path)} contains {value}"
            case Is(path=path, value=value):
                return f"{_bare(path)} is {value}"
            case Known(path=path):
                return f"{_bare(path)} is known"
            case _:
                return "a condition of the rules that words cannot say shortly"


def _region(demand: Demand) -> str | None:
    """The region that a demand wants people to live in."""
    atom = demand.atom
    return str(atom.value) if demand.wanted and isinstance(atom, Contains) and atom.path == REGIONS else None


def _bare(path: str) -> str:
    return path.removeprefix(RECORD).partition(".")[2] or path.removeprefix(RECORD)


_POSITIVE: Final[dict[Atom, str]] = {
    Is(RECORD + "restricted", True): "for restricted people",
    Is(RECORD + "minor", True): "for minors",
    Known("context.justification"): "with a written justification",
    Known("context.case"): "with a case reference",
    Known("resource.owner"): "about one person",
    Known("subject.acting_user"): "by a named user",
}
_NEGATIVE: Final[dict[Atom, str]] = {
    Is(RECORD + "restricted", True): "for people without restriction",
    Is(RECORD + "minor", True): "for adults",
    Known("resource.owner"): "about nobody in particular",
    Known("context.justification"): "without a written justification",
    Known("context.case"): "without a case reference",
}
