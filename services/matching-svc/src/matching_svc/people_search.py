"""The best people of a whole snapshot for one opportunity: each part is asked for its best, and the best of these are it. Pure.

Takes tens of milliseconds of a processor at a million people: to be called apart from the event loop.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial

from matching_svc.features import view
from matching_svc.gates import check
from matching_svc.knowledge import Knowledge
from matching_svc.numbering import Numberings
from matching_svc.people_columns import People, features_at
from matching_svc.people_measures import Question
from matching_svc.people_ranking import best
from matching_svc.ranking import Pair, Ranked, rank
from matching_svc.shelf import Snapshot
from stena.contracts.matching import NewOpportunity


@dataclass(frozen=True, slots=True)
class Page:
    ranked: tuple[Ranked, ...]
    more: bool


def search(
    snapshot: Snapshot,
    opportunity: NewOpportunity,
    allowed: frozenset[str],
    knowledge: Knowledge,
    today: date,
    *,
    offset: int,
    limit: int,
) -> Page:
    """The same as ``rank`` gives of everybody, from ``offset`` on, without asking everybody."""
    question = Question(opportunity, allowed, knowledge, snapshot.numberings)
    need, found = offset + limit + 1, []
    for people, lists, alive in snapshot.parts:
        passes = partial(_passes, people, snapshot.numberings, question, today)
        mine = best(question, people, lists, alive, need, passes)
        found += [(each.units, people.ids[each.row], people, each.row) for each in mine]
    found.sort(key=lambda each: (-each[0], each[1]))
    known = {id_: features_at(people, row, snapshot.numberings) for _, id_, people, row in found[offset : offset + limit]}
    pairs = (Pair(id_, view(features, allowed), opportunity) for id_, features in known.items())
    return Page(tuple(rank(pairs, knowledge, today)), more=len(found) > offset + limit)


def _passes(people: People, numberings: Numberings, question: Question, today: date, row: int) -> bool:
    """INVARIANT: nobody is shown whom the gates themselves were not asked about."""
    gates = check(view(features_at(people, row, numberings), question.allowed), question.opportunity, today)
    return all(gate.outcome != "not-met" for gate in gates)
