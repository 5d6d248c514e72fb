"""From what is stored of a job, and what is known of its people at this moment, to what is computed. Pure.

INVARIANT: whoever is not known any more, and whatever is closed or rests on no live approval, is in no task.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from matching_svc.allocation.task import Someone, Task
from matching_svc.eligibility import asked, stands
from matching_svc.index import Index
from matching_svc.knowledge import Knowledge
from stena.contracts.allocation import Fairness
from stena.contracts.eligibility import Approval
from stena.contracts.matching import KIND_PURPOSE, Condition, NewOpportunity, Opportunity


@dataclass(frozen=True, slots=True)
class Seat:
    """One person of a job: who must be placed together has the same ``party``."""

    person: str
    party: int
    required: bool
    wishes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    kind: str
    asked: Mapping[str, Any]
    people: tuple[Seat, ...]
    opportunities: tuple[Opportunity, ...]
    approvals: Mapping[str, Approval]


def task_of(job: Job, index: Index, knowledge: Knowledge, today: date) -> Task:
    """Raises ``Stale``: nobody is placed by an index that is incomplete or that has lost the gateway."""
    columns, numberings = index.some(KIND_PURPOSE[job.kind], (seat.person for seat in job.people))
    rows = {id_: row for row, id_ in enumerate(columns.ids)}
    fairness = job.asked.get("fairness")
    return Task(
        columns=columns,
        numberings=numberings,
        people=tuple(Someone(rows[each.person], each.party, each.required) for each in job.people if each.person in rows),
        opportunities=usable(job.opportunities, job.asked, job.approvals, today),
        attributes=frozenset(job.asked["attributes"]),
        # Scores need no labels, and they are most of a vocabulary.
        knowledge=replace(knowledge, vocabulary=knowledge.vocabulary.unlabelled()),
        today=today,
        fairness=None if fairness is None else Fairness.model_validate(fairness),
        method=job.asked.get("method", "optimal"),
        wishes={seat.person: seat.wishes for seat in job.people if seat.wishes is not None},
    )


def usable(
    several: Sequence[Opportunity], asked_for: Mapping[str, Any], approvals: Mapping[str, Approval], today: date
) -> tuple[Opportunity, ...]:
    """Those that people may be placed at: open, and with the very conditions that the source was asked about."""
    wanted = meaning(Condition.model_validate(each) for each in asked_for.get("conditions", ()))
    return tuple(
        each
        for each in several
        if each.state == "open" and stands(each, each.owner, approvals, today) and meaning(asked(each)) == wanted
    )


def meaning(conditions: Any) -> frozenset[tuple[Any, ...]]:
    """What conditions ask, whoever approved it."""
    return frozenset((each.attribute, each.operator, each.value) for each in conditions)


def differing(several: Sequence[NewOpportunity]) -> list[int]:
    """Which of them ask the source something else than the first one does."""
    return [at for at, each in enumerate(several) if meaning(asked(each)) != meaning(asked(several[0]))]
