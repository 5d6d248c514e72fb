"""Who got how far in the rankings of an audit, and whether they may be counted once more. Pure; knows ids and no groups.

INVARIANT: no two audits count sets of people that differ by a few, or their difference would tell of those few.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from math import log2
from typing import Any, Final

from matching_svc.features import ATTRIBUTES, MatchFeatures, View, view
from matching_svc.gates import check
from stena.contracts.matching import NewOpportunity

FEWEST: Final = 10
"""By how many people at least two sets that are counted differ, if they differ."""
STEP: Final = 5
"""Counts of decisions are told to the nearest multiple."""


class TooClose(Exception):
    """An earlier audit counted almost the same people."""


def considered(
    people: Mapping[str, MatchFeatures], opportunities: Sequence[tuple[NewOpportunity, date]], shown: Iterable[str]
) -> frozenset[str]:
    """Everybody who was open to at least one of ``opportunities``, each with the day when it was shown last, and whoever was
    shown in any case."""
    return frozenset(shown).union(
        person for person, features in people.items() if _open_to_any(view(features, ATTRIBUTES), opportunities)
    )


def _open_to_any(person: View, opportunities: Iterable[tuple[NewOpportunity, date]]) -> bool:
    return any(_open_to(person, *each) for each in opportunities)


def _open_to(person: View, opportunity: NewOpportunity, day: date) -> bool:
    """No gate that says something of the person is not met; that a place is taken since is no word about anybody."""
    gates = check(person, opportunity, day)
    return all(gate.outcome != "not-met" for gate in gates if gate.uses)


def exposures(rows: Iterable[Any]) -> dict[str, float]:
    """1 / log2(1 + rank), Singh and Joachims 2018, summed over the opportunities for which a person was shown."""
    seen: dict[str, float] = defaultdict(float)
    for row in rows:
        seen[row.person_id] += 1 / log2(1 + row.rank)
    return dict(seen)


def counted(decisions: Iterable[Any]) -> dict[str, dict[str, int]]:
    """Outcome → reason → how often, to the nearest ``STEP``."""
    often = Counter((row.outcome, row.reason) for row in decisions)
    told: dict[str, dict[str, int]] = defaultdict(dict)
    for (outcome, reason), count in sorted(often.items()):
        told[outcome][reason] = (count + STEP // 2) // STEP * STEP
    return dict(told)


def require_apart(sets: Mapping[str, frozenset[str]], earlier: Iterable[Mapping[str, frozenset[str]]]) -> bool:
    """Whether these sets are new: False where one earlier audit counted exactly them. Raises ``TooClose``."""
    known = list(earlier)
    former = [people for audit in known for people in audit.values() if len(people) >= FEWEST]
    for people in sets.values():
        # Of a set that is smaller nothing is told.
        if len(people) >= FEWEST and any(0 < len(people ^ other) < FEWEST for other in former):
            raise TooClose
    return not any({stage: ids for stage, ids in sets.items() if ids} == audit for audit in known)
