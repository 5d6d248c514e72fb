"""Why not all who have to be placed can be: whom, and every constraint that stands in their way. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from matching_svc.allocation.gating import Gates
from matching_svc.allocation.problem import Infeasible, Problem
from matching_svc.allocation.task import Task
from stena.contracts.allocation import Constraint, Shortage
from stena.contracts.matching import GateName

MOST: Final = 500
"""Parties of whom it is looked up what keeps each out; as many people are named to a caller at once."""

Key = tuple[Literal["gate", "together"], GateName | None]


def shortage_of(task: Task, gates: Gates, problem: Problem, found: Infeasible) -> Shortage:
    """Places beyond the opportunities are those that floors leave for staying without one."""
    ids, parties = [each.id for each in task.opportunities], task.parties
    short = tuple(ids[at] for at in found.places if at < len(ids))
    people = tuple(_person(task, at) for party in found.parties for at in parties[party])
    constraints = []
    if short:
        constraints.append(Constraint(constraint="seats", people=people, opportunities=short))
    if len(found.places) > len(short):
        constraints.append(Constraint(constraint="fairness", people=people, opportunities=()))
    named = [parties[party] for party in found.parties[:MOST]]
    return Shortage(people=people, opportunities=short, constraints=(*constraints, *_keeping_out(task, gates, problem, named)))


def _keeping_out(task: Task, gates: Gates, problem: Problem, parties: Sequence[Sequence[int]]) -> Iterator[Constraint]:
    """Each constraint once, with all whom it keeps out of some opportunity, and all those that it keeps somebody from."""
    people: dict[Key, dict[str, None]] = defaultdict(dict)
    places: dict[Key, dict[str, None]] = defaultdict(dict)
    for members in parties:
        for place, opportunity in enumerate(task.opportunities):
            for key, at in _between(task, gates, members, place, int(problem.capacities[place])):
                people[key][_person(task, at)] = None
                places[key][opportunity.id] = None
    for key, kept_out in people.items():
        constraint, gate = key
        yield Constraint(constraint=constraint, gate=gate, people=tuple(kept_out), opportunities=tuple(places[key]))


def _between(task: Task, gates: Gates, members: Sequence[int], place: int, seats: int) -> Iterator[tuple[Key, int]]:
    """What keeps which member of a party from a place, were it as empty as it can be."""
    for at in members:
        if seats < len(members) and len(members) > 1:
            yield ("together", None), at
        for gate in gates.of(place, task.people[at].row):
            if gate.outcome == "not-met":
                yield ("gate", gate.gate), at


def _person(task: Task, at: int) -> str:
    return task.columns.ids[task.people[at].row]
