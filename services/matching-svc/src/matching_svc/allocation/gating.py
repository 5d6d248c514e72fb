"""The gates of all pairs of an allocation, each asked once of all people and places that are alike to it. Pure."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from matching_svc.allocation.alike import Alike, Kinds
from matching_svc.allocation.task import Task
from matching_svc.features import view
from matching_svc.gates import check
from matching_svc.offers_columns import gate_reads
from matching_svc.people_columns import features_at
from stena.contracts.matching import Gate


class Gates:
    def __init__(self, task: Task) -> None:
        self._task = task
        self._alike = Alike(task.columns, task.attributes)
        self._passing: dict[bytes, NDArray[np.bool_]] = {}
        self._asked: dict[tuple[bytes, int], tuple[Gate, ...]] = {}

    @cached_property
    def _reads(self) -> list[bytes]:
        """Places with the same bytes agree in everything that a gate could read."""
        return [gate_reads(each) for each in self._task.opportunities]

    def passing(self, place: int) -> NDArray[np.bool_]:
        """Of every row of the columns, whether no gate is failed there."""
        reads = self._reads[place]
        if reads not in self._passing:
            kinds = self._kinds(place)
            passes = [not any(gate.outcome == "not-met" for gate in self._check(place, row)) for row in kinds.first.tolist()]
            self._passing[reads] = np.array(passes, np.bool_)[kinds.of]
        return self._passing[reads]

    def of(self, place: int, row: int) -> tuple[Gate, ...]:
        """Every gate of one pair."""
        kind = int(self._kinds(place).of[row])
        key = self._reads[place], kind
        if key not in self._asked:
            self._asked[key] = self._check(place, row)
        return self._asked[key]

    def _kinds(self, place: int) -> Kinds:
        return self._alike.kinds(self._task.opportunities[place])

    def _check(self, place: int, row: int) -> tuple[Gate, ...]:
        task = self._task
        seen = view(features_at(task.columns, row, task.numberings), task.attributes)
        return check(seen, task.opportunities[place], task.today)
