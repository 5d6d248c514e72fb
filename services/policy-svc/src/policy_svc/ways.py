"""What rules leave open, in one comparable form: the ways in which a formula can be true. Pure; it decides no call.

A *way* is a set of demands that together make the formula true; a formula is true where one of its ways is. Negation
stands at the demands alone, and "must be true" and "must be false" are two demands that an unknown value meets neither of.

INVARIANT: ``implies`` never says yes wrongly. Where it cannot tell it says no, and a change of rules counts as an opening.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple, Self

from policy_svc.formulas import AboutRecord, Compare, Constant, Every, Formula, Literal, Opposite, Path, Present, Some
from policy_svc.record_facts import LEAVES
from policy_svc.relations import equal, member
from policy_svc.vocabulary import PATHS, RECORD
from stena.contracts.condition import IsIn, Overlaps, Within

REGIONS: Final = RECORD + "region_path"
MOST_WAYS: Final = 256
"""More than this many ways are not worked out: they are then one demand, and compared by what they were made of."""


class Contains(NamedTuple):
    """The set at ``path`` has ``value`` as a member."""

    path: str
    value: object


class Is(NamedTuple):
    """The scalar at ``path`` is ``value``; of a truth value only whether it is true is asked."""

    path: str
    value: object


class Known(NamedTuple):
    """``path`` holds anything at all."""

    path: str


class Tangle(NamedTuple):
    """Parts, of which any or all have to be true, whose ways multiply beyond ``MOST_WAYS``."""

    operator: str
    parts: frozenset["Ways"]


Atom = Contains | Is | Known | Within | Tangle | Formula
"""What a demand is about. A formula stands for itself where nothing finer is known of it."""


class Demand(NamedTuple):
    """The atom has to be true, or if not ``wanted`` false."""

    atom: Atom
    wanted: bool


Way = frozenset[Demand]


class Ways(frozenset[Way]):
    """The ways, and the ``parts`` they were made of where ``any`` or ``all`` of several have to be true."""

    operator: str
    parts: frozenset[Self]
    tangled: bool
    """Whether there is a ``Tangle`` among what they demand."""

    def __new__(cls, ways: Iterable[Way], operator: str = "", parts: frozenset[Self] = frozenset()) -> Self:
        made = super().__new__(cls, ways)
        made.operator, made.parts, made.tangled = operator, parts, any(part.tangled for part in parts)
        return made


NEVER: Final = Ways(())
ALWAYS: Final = Ways((frozenset(),))


def demand(atom: Atom, wanted: bool = True) -> Ways:
    return Ways((frozenset({Demand(atom, wanted)}),))


def any_of(parts: Iterable[Ways]) -> Ways:
    """Where one part is true."""
    given = frozenset(parts)
    ways = frozenset[Way]().union(*given)
    return Ways(_shortest(ways), "any", given) if len(ways) <= MOST_WAYS else _tangle("any", given)


def all_of(parts: Iterable[Ways]) -> Ways:
    """Where every part is true."""
    given = frozenset(parts)
    ways: frozenset[Way] = ALWAYS
    for part in sorted(given, key=len):
        if len(ways) * len(part) > MOST_WAYS:
            return _tangle("all", given)
        ways = _shortest(frozenset(one | other for one in ways for other in part if not _contradict(one, other)))
    return Ways(ways, "all", given)


def _tangle(operator: str, parts: frozenset[Ways]) -> Ways:
    made = Ways(demand(Tangle(operator, parts)), operator, parts)
    made.tangled = True
    return made


def _contradict(one: Way, other: Way) -> bool:
    return any(Demand(each.atom, not each.wanted) in other for each in one)


def _shortest(ways: frozenset[Way]) -> frozenset[Way]:
    """Without the ways that demand all that another does and more."""
    return frozenset(way for way in ways if not any(other < way for other in ways))


def implies(narrow: Ways, wide: Ways) -> bool:
    """Whether ``wide`` is certainly true wherever ``narrow`` is."""
    return _implies(narrow, wide, {})


def _implies(narrow: Ways, wide: Ways, known: dict[tuple[int, int], bool]) -> bool:
    pair = id(narrow), id(wide)
    if pair not in known:
        known[pair] = _way_by_way(narrow, wide) or ((narrow.tangled or wide.tangled) and _part_by_part(narrow, wide, known))
    return known[pair]


def _way_by_way(narrow: Ways, wide: Ways) -> bool:
    return all(any(_covers(other, way) for other in wide) for way in narrow)


def _part_by_part(narrow: Ways, wide: Ways, known: dict[tuple[int, int], bool]) -> bool:
    """However many ways there are: one demand more on top of others leaves nothing more open."""
    return (
        (wide.operator == "all" and all(_implies(narrow, part, known) for part in wide.parts))
        or (narrow.operator == "any" and all(_implies(part, wide, known) for part in narrow.parts))
        or (narrow.operator == "all" and any(_implies(part, wide, known) for part in narrow.parts))
        or (wide.operator == "any" and any(_implies(narrow, part, known) for part in wide.parts))
    )


def _covers(wide: Way, narrow: Way) -> bool:
    return wide <= narrow or all(any(_follows(wanted, given) for given in narrow) for wanted in wide)


def _follows(wanted: Demand, given: Demand) -> bool:
    """Of regions: who lives in BG41 lives in BG, and who does not live in BG does not live in BG41."""
    if wanted == given:
        return True
    one, other = wanted.atom, given.atom
    if not (isinstance(one, Contains) and isinstance(other, Contains) and one.path == other.path == REGIONS):
        return False
    inner, outer = (other, one) if wanted.wanted else (one, other)
    return wanted.wanted is given.wanted and str(inner.value).startswith(str(outer.value))


def permitted(allows: Iterable[Ways], denies: Iterable[Formula]) -> Ways:
    """Where some of ``allows`` is so and every one of ``denies`` is false."""
    allowed = any_of(allows)
    return all_of([allowed, *map(false_ways, denies)]) if allowed else NEVER


def true_ways(formula: Formula) -> Ways:
    """The ways in which ``formula`` is true."""
    match formula:
        case Constant(value=value):
            return ALWAYS if value is True else NEVER
        case Every(parts=parts):
            return all_of(map(true_ways, parts))
        case Some(parts=parts):
            return any_of(map(true_ways, parts))
        case Opposite(part=part):
            return false_ways(part)
        case _:
            return _leaf(formula, True)


def false_ways(formula: Formula) -> Ways:
    """The ways in which ``formula`` is false."""
    match formula:
        case Constant(value=value):
            return ALWAYS if value is False else NEVER
        case Every(parts=parts):
            return any_of(map(false_ways, parts))
        case Some(parts=parts):
            return all_of(map(false_ways, parts))
        case Opposite(part=part):
            return true_ways(part)
        case _:
            return _leaf(formula, False)


def _leaf(formula: Formula, wanted: bool) -> Ways:
    match formula:
        case Present(path=Path(name=name)):
            return demand(Known(name), wanted)
        case Compare(left=Path(name=name), relation=relation, right=Literal(value=value)) if relation is equal:
            return demand(Is(name, value), wanted)
        case Compare(left=Path(name=name), relation=relation, right=Literal(value=frozenset() as values)) if (
            relation is member and all(isinstance(value, str) for value in values)
        ):
            return _one_of([Is(name, value) for value in values], name, wanted)
        case AboutRecord(fact=fact, relation=relation, other=Literal(value=value), fact_first=fact_first):
            leaves = LEAVES[PATHS[RECORD + fact], relation, fact_first](fact, value) if value is not None else None
            if leaves is None:
                return NEVER
            parts = [_record_leaf(leaf, wanted) for leaf in leaves]
            if not parts:
                return demand(Known(RECORD + fact)) if wanted else NEVER
            return all_of(parts) if wanted else any_of(parts)
        case _:
            return demand(formula, wanted)


def _record_leaf(leaf: Overlaps | Within | IsIn, wanted: bool) -> Ways:
    path = RECORD + leaf.fact
    match leaf:
        case Overlaps(values=values):
            return _one_of([Contains(path, value) for value in values], path, wanted)
        case IsIn(values=values) if PATHS[path] == "bool":
            return _truth(path, frozenset(values), wanted)
        case IsIn(values=values):
            return _one_of([Is(path, value) for value in values], path, wanted)
        case _:
            return demand(leaf, wanted)


def _truth(path: str, values: frozenset[object], wanted: bool) -> Ways:
    if len(values) == 1:
        return demand(Is(path, True), (True in values) is wanted)
    return demand(Known(path)) if bool(values) is wanted else NEVER


def _one_of(atoms: list[Contains] | list[Is], path: str, wanted: bool) -> Ways:
    """One of the atoms is true, or none is: for which the path has to be known at least."""
    if wanted:
        return any_of(demand(atom) for atom in atoms)
    return all_of(demand(atom, False) for atom in atoms) if atoms else demand(Known(path))
