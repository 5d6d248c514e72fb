"""What each skill and occupation held counts for each skill that an opportunity wants, as two small tables. Pure.

INVARIANT: the same percents as ``Knowledge.credit`` gives, only by number and for everything at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching_svc.knowledge import Knowledge
from matching_svc.numbering import Numberings

Units = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Wanted:
    """``by_skill`` is skills × wanted and ``by_occupation`` occupations × wanted, in percent; ``weights`` by wanted skill,
    ``total`` theirs and of what is wanted without being named."""

    weights: Units
    by_skill: Units
    by_occupation: Units
    total: int


def wanted(skills: tuple[str, ...], knowledge: Knowledge, numberings: Numberings, unnamed: int) -> Wanted:
    unique = tuple(dict.fromkeys(skills))
    by_skill = np.zeros((len(numberings.skills), len(unique)), dtype=np.int64)
    by_occupation = np.zeros((len(numberings.occupations), len(unique)), dtype=np.int64)
    for at, uri in enumerate(unique):
        _near(by_skill[:, at], uri, knowledge, numberings)
        _implied(by_occupation[:, at], uri, knowledge, numberings)
        if (number := numberings.skills.find(uri)) is not None and number < len(by_skill):
            by_skill[number, at] = 100
    weights = np.array([knowledge.weight(uri) for uri in unique], dtype=np.int64)
    return Wanted(weights, by_skill, by_occupation, int(weights.sum()) + unnamed)


def _near(column: Units, uri: str, knowledge: Knowledge, numberings: Numberings) -> None:
    vocabulary, near = knowledge.vocabulary, knowledge.near
    if (at := vocabulary.skill(uri)) is None:
        return
    for place in range(near.indptr[at], near.indptr[at + 1]):
        number = numberings.skills.find(vocabulary.skill_uri(int(near.indices[place])))
        if number is not None and number < len(column):
            column[number] = near.data[place]


def _implied(column: Units, uri: str, knowledge: Knowledge, numberings: Numberings) -> None:
    vocabulary, implied = knowledge.vocabulary, knowledge.implied
    if (at := vocabulary.skill(uri)) is None:
        return
    rows = implied.indices[implied.indptr[at] : implied.indptr[at + 1]].tolist()
    numbers = numberings.occupations.found(vocabulary.uris[row] for row in rows)
    column[[number for number in numbers if number < len(column)]] = knowledge.model.nearness.occupation
