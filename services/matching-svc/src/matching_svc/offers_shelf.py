"""The open opportunities of one kind in memory, and the best of them for a person. Does no I/O.

What changed since the large part was packed lies in a small one beside it; ``packed_anew`` makes one of both.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching_svc.features import View
from matching_svc.gates import check
from matching_svc.knowledge import Knowledge
from matching_svc.numbering import Numberings
from matching_svc.offers_columns import Offers, offer_at, packed
from matching_svc.offers_measures import Prepared, Scores, prepared, scores
from matching_svc.people_ranking import in_order
from matching_svc.ranking import Pair, Ranked, rank
from stena.contracts.condition import Residual, evaluate
from stena.contracts.matching import Opportunity

SMALL: Final = 500
"""Changes after which both parts should be packed into one."""

OUT: Final = -1
"""In the place of a score: not to be ranked."""


@dataclass(slots=True, eq=False)
class Part:
    """``ready`` is made again when the vocabulary changes."""

    offers: Offers
    alive: NDArray[np.bool_]
    ready: tuple[Knowledge, Prepared] | None = None

    def prepared(self, knowledge: Knowledge, numberings: Numberings) -> Prepared:
        if self.ready is None or self.ready[0] is not knowledge:
            self.ready = knowledge, prepared(self.offers, knowledge, numberings)
        return self.ready[1]


@dataclass(slots=True)
class Offered:
    """``seen`` is the latest change that is known here; ``versions`` tells a change from one that is known already."""

    numberings: Numberings = field(default_factory=Numberings)
    base: Part | None = None
    recent: dict[str, Opportunity] = field(default_factory=dict)
    small: Part | None = None
    versions: dict[str, str] = field(default_factory=dict)
    seen: datetime | None = None

    def take(self, changed: Iterable[Opportunity]) -> None:
        """INVARIANT: what was closed or amended is shown in its old form no more from here on."""
        news = [each for each in changed if self.versions.get(each.id) != each.etag]
        if not news:
            return
        self.seen = max(filter(None, (self.seen, *(each.updated_at for each in news))))
        self.versions.update((each.id, each.etag) for each in news)
        gone = {each.id for each in news}
        if self.base is not None:
            self.base.alive[[row for row, id_ in enumerate(self.base.offers.ids) if id_ in gone]] = False
        self.recent = {id_: each for id_, each in self.recent.items() if id_ not in gone}
        self.recent |= {each.id: each for each in news if each.state == "open"}
        if self.base is None and self.due:  # the first reading: there is nothing that this could wait beside
            self.base, self.recent = self._part(self.recent.values()), {}
        self.small = self._part(self.recent.values())

    def _part(self, offers: Iterable[Opportunity]) -> Part | None:
        made = packed(offers, self.numberings)
        return Part(made, np.ones(len(made), dtype=np.bool_)) if len(made) else None

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part for part in (self.base, self.small) if part is not None)

    @property
    def due(self) -> bool:
        return len(self.recent) > SMALL

    def packed_anew(self) -> "Offered":
        """The same in one part: takes seconds at a hundred thousand, so in a thread, and in the place of this one then."""
        made = Offered(self.numberings, versions=dict(self.versions), seen=self.seen)
        made.base = self._part(self)
        return made

    def __iter__(self) -> Iterator[Opportunity]:
        for part in self.parts:
            for row in np.flatnonzero(part.alive).tolist():
                yield offer_at(part.offers, row)


def search(offered: Offered, view: View, rows: Residual, knowledge: Knowledge, today: date, limit: int) -> list[Ranked]:
    """The best ``limit`` that ``rows`` lets through and whose gates are not failed: as ``rank`` gives of all of them."""
    found = _best(offered, view, rows, knowledge, today, limit)
    offers = (offer_at(each.part.offers, each.row) for each in found)
    return rank((Pair(offer.id, view, offer) for offer in offers), knowledge, today)


def asked_by_best(
    offered: Offered, view: View, rows: Residual, knowledge: Knowledge, today: date, limit: int, without: Collection[str] = ()
) -> list[list[str]]:
    """The essential skills of each that ``search`` would find if those ``without`` were not there."""
    skills = offered.numberings.skills
    found = _best(offered, view, rows, knowledge, today, limit + len(without))
    kept = [each for each in found if each.part.offers.ids[each.row] not in without][:limit]
    return [[skills.text(number) for number in each.part.offers.essential.at(each.row).tolist()] for each in kept]


class _Found(NamedTuple):
    part: Part
    row: int
    units: int


def _best(offered: Offered, view: View, rows: Residual, knowledge: Knowledge, today: date, limit: int) -> list[_Found]:
    found: list[_Found] = []
    for part in offered.parts:
        units = scores(part.offers, view, knowledge, offered.numberings, part.prepared(knowledge, offered.numberings))
        hidden = np.array([evaluate(rows, {"created_by": owner}) is not True for owner in part.offers.owners], dtype=np.bool_)
        units[~part.alive | hidden[part.offers.owner]] = OUT
        found += (_Found(part, row, int(units[row])) for row in _passing(part.offers, units, view, today, limit))
    return sorted(found, key=lambda each: (-each.units, each.part.offers.ids[each.row]))[:limit]


def _passing(offers: Offers, units: Scores, view: View, today: date, limit: int) -> list[int]:
    """The best ``limit`` that are not OUT and fail no gate. Gates are asked once for all rows that agree in what they read,
    and together with one that fails, all these are out."""
    passed = set[int]()
    while True:
        found: list[int] = []
        for row in in_order(units, offers.order, limit):
            if len(found) == limit or units[row] == OUT:
                return found
            gate = int(offers.gate[row])
            if gate not in passed and _fails(view, offer_at(offers, row), today):
                units[offers.gate == gate] = OUT
                break
            passed.add(gate)
            found.append(row)
        else:
            return found


def _fails(view: View, offer: Opportunity, today: date) -> bool:
    return any(gate.outcome == "not-met" for gate in check(view, offer, today))
