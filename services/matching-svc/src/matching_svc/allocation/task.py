"""What one allocation is computed from: its people as columns, its opportunities, and who goes with whom. Plain values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from matching_svc.features import MatchFeatures
from matching_svc.knowledge import Knowledge
from matching_svc.numbering import Numberings
from matching_svc.people_columns import Packer, People
from stena.contracts.allocation import Fairness, Method
from stena.contracts.matching import Opportunity


@dataclass(frozen=True, slots=True)
class Someone:
    """``row`` is where the person stands in the columns of the task."""

    row: int
    party: int
    required: bool


@dataclass(frozen=True, slots=True)
class Task:
    """``people`` come party by party. ``attributes`` are those that the caller's decision disclosed of everybody.

    ``wishes`` are a person's opportunities, the dearest first, for the method ``stable``; who is not in it wishes by score.
    """

    columns: People
    numberings: Numberings
    people: tuple[Someone, ...]
    opportunities: tuple[Opportunity, ...]
    attributes: frozenset[str]
    knowledge: Knowledge
    today: date
    fairness: Fairness | None = None
    method: Method = "optimal"
    wishes: Mapping[str, Sequence[str]] | None = None

    @property
    def parties(self) -> list[list[int]]:
        """The places in ``people`` of each party's members."""
        grouped = groupby(range(len(self.people)), key=lambda at: self.people[at].party)
        return [list(members) for _, members in grouped]

    @property
    def ids(self) -> Iterator[str]:
        """Of ``people``, in their order."""
        return (self.columns.ids[each.row] for each in self.people)


def packed(people: Mapping[str, MatchFeatures]) -> tuple[People, Numberings]:
    """Columns of a few people, in their order."""
    numberings = Numberings()
    packer = Packer(numberings)
    for id_, features in people.items():
        packer.add(id_, features)
    return packer.pack(), numberings
