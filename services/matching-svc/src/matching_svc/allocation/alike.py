"""People who are the same to the gates of one opportunity, so that the gates are asked once of all of them. Pure.

INVARIANT: whatever a gate reads of a person is told apart here; a test holds every pair to what a ranking says.
"""

from collections.abc import Hashable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from matching_svc.allocation.problem import Ints
from matching_svc.features import MatchFeatures
from matching_svc.gates_conditions import ORDINARY
from stena.contracts.matching import NewOpportunity

LANGUAGE = "language:"


class Alike:
    """``people`` as the caller's view shows them. What is asked of them is looked up once for all opportunities."""

    def __init__(self, people: Sequence[MatchFeatures]) -> None:
        self._people = people
        self._numbers: dict[str, Ints] = {}

    def groups(self, opportunity: NewOpportunity, rows: NDArray[np.int64]) -> tuple[Ints, Ints]:
        """Of ``rows`` one of each kind, and for each row which of these it is like."""
        columns = [self._numbered(name)[rows] for name in dict.fromkeys(asked(opportunity))]
        kinds = np.zeros(len(rows), np.int64)
        for column in columns:
            _, kinds = np.unique(kinds * (column.max(initial=0) + 1) + column, return_inverse=True)
        _, first, kinds = np.unique(kinds, return_index=True, return_inverse=True)
        return rows[first], kinds

    def _numbered(self, name: str) -> Ints:
        """Equal values of what is asked get equal numbers."""
        if name not in self._numbers:
            known: dict[Hashable, int] = {}
            value = partial(_language, name.removeprefix(LANGUAGE)) if name.startswith(LANGUAGE) else partial(_value, name)
            self._numbers[name] = np.array([known.setdefault(value(each), len(known)) for each in self._people], np.int64)
        return self._numbers[name]


def asked(opportunity: NewOpportunity) -> Iterator[str]:
    """Everything of a person that the gates of ``opportunity`` read: attributes, and languages one by one."""
    yield "availability"
    if opportunity.kind == "job":
        yield from ("right_to_work", "of_working_age")
    if opportunity.regulated:
        yield "recognition"
    if opportunity.licences:
        yield "driving_licences"
    yield from (condition.attribute for condition in opportunity.eligibility if condition.attribute in ORDINARY)
    yield from (LANGUAGE + need.language for need in opportunity.languages if need.essential)


def _value(name: str, features: MatchFeatures) -> Hashable:
    value: Hashable = getattr(features, name)
    return value


def _language(language: str, features: MatchFeatures) -> Hashable:
    return None if features.languages is None else tuple(each for each in features.languages if each.language == language)
