"""Order, both ways: opportunities for a person, people for an opportunity. Pure and deterministic; ties are broken by id.

INVARIANT: nobody is removed but by a gate that is not met, and nothing outside a view touches order, score or explanation.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from matching_svc.explanations import explain
from matching_svc.features import View
from matching_svc.gates import check
from matching_svc.knowledge import Knowledge
from matching_svc.scoring import Score, score
from stena.contracts.matching import Explanation, Gate, NewOpportunity


@dataclass(frozen=True, slots=True)
class Pair:
    """``id`` is of whichever side is being ranked."""

    id: str
    view: View
    opportunity: NewOpportunity


@dataclass(frozen=True, slots=True)
class Ranked:
    pair: Pair
    score: Score
    gates: tuple[Gate, ...]

    @property
    def eligible(self) -> Literal["yes", "to-be-verified"]:
        return "yes" if all(gate.outcome == "met" for gate in self.gates) else "to-be-verified"


def rank(pairs: Iterable[Pair], knowledge: Knowledge, today: date) -> list[Ranked]:
    """Every pair without a gate that is not met, the best first."""
    ranked = []
    for pair in pairs:
        gates = check(pair.view, pair.opportunity, today)
        if all(gate.outcome != "not-met" for gate in gates):
            ranked.append(Ranked(pair, score(pair.view, pair.opportunity, knowledge), gates))
    return sorted(ranked, key=lambda found: (-found.score.units, found.pair.id))


def explanation(ranked: Ranked, knowledge: Knowledge, language: str = "en") -> Explanation:
    pair = ranked.pair
    return explain(pair.view, pair.opportunity, ranked.score, ranked.gates, knowledge, language)
