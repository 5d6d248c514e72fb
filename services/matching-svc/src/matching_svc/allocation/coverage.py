"""How much of what many opportunities want many people can do, all pairs at once, as products of sparse matrices. Pure.

INVARIANT: the same whole numbers as ``people_measures`` gives for one opportunity; a test holds every pair to a ranking.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from matching_svc.knowledge import Knowledge
from matching_svc.numbering import Lists, Numberings
from matching_svc.people_columns import People

Units = NDArray[np.int64]
Want = tuple[tuple[str, ...], int]
"""Skills that an opportunity names, and the weight of what it asks for without naming it."""

_HELD: Final = 100  # percent that a skill counts for itself


class Coverage:
    """Made once for all ``wants``; ``of`` then gives as many people at a time as fit into memory."""

    def __init__(self, wants: Sequence[Want], knowledge: Knowledge, numberings: Numberings, *, implied: bool) -> None:
        self._knowledge = knowledge
        wanted = {uri: at for at, uri in enumerate(dict.fromkeys(uri for skills, _ in wants for uri in skills))}
        self._levels = list(_by_percent(list(wanted), knowledge, numberings))
        self._implied = _implied(list(wanted), knowledge, numberings) if implied else None
        self._weights = _weights([skills for skills, _ in wants], wanted, knowledge)
        self._totals = np.asarray(self._weights.sum(axis=0)).ravel() + np.array([unnamed for _, unnamed in wants], np.int64)

    def of(self, people: People, rows: NDArray[np.int64]) -> Units:
        """``[row, want]``: in hundredths of a percent, before anything is said of those who state no skills."""
        credit = self._credit(people, rows)
        found: Units = (credit @ self._weights).toarray()
        found *= 100
        found //= self._totals
        return found

    def _credit(self, people: People, rows: NDArray[np.int64]) -> csr_array:
        """Rows × wanted skills: the largest percent that anything held says."""
        held = _matrix(people.skills.kept(rows), self._levels[0][1].shape[0])
        best = csr_array((len(rows), self._levels[0][1].shape[1]), dtype=np.int64)
        for percent, near in self._levels:
            found = held @ near
            found.data[:] = percent
            best = best.maximum(found)
        for done in self._done(people.occupations.kept(rows)):
            best = best.maximum(done)
        return best

    def _done(self, occupations: Lists) -> Iterator[csr_array]:
        """What occupations held imply: of each row the first, the second … so that no product adds two of them up."""
        if self._implied is None or not len(occupations.numbers):
            return
        assert occupations.beside is not None
        rules = self._knowledge.model.nearness
        counts = np.diff(occupations.starts)
        nth = np.arange(len(occupations.numbers)) - np.repeat(occupations.starts[:-1], counts)
        owner = np.repeat(np.arange(len(counts)), counts)
        percent = rules.occupation * np.minimum(occupations.beside, rules.full_after_months) // rules.full_after_months
        shape = (len(counts), self._implied.shape[0])
        for at in range(int(counts.max())):
            some = nth == at
            one = csr_array((percent[some].astype(np.int64), (owner[some], occupations.numbers[some])), shape=shape)
            yield one @ self._implied


def _matrix(lists: Lists, columns: int) -> csr_array:
    """Ones where a row has a number. Numbers that came after the columns were counted are known to nobody."""
    known = lists.numbers < columns
    owner = np.repeat(np.arange(len(lists.starts) - 1), np.diff(lists.starts))
    ones = np.ones(int(known.sum()), np.int64)
    return csr_array((ones, (owner[known], lists.numbers[known])), shape=(len(lists.starts) - 1, columns))


def _by_percent(wanted: Sequence[str], knowledge: Knowledge, numberings: Numberings) -> Iterator[tuple[int, csr_array]]:
    """For each percent: skills by number × wanted, a one where the one counts that much for the other."""
    shape = (len(numberings.skills), len(wanted))
    vocabulary, near = knowledge.vocabulary, knowledge.near
    numbers = np.full(vocabulary.skills, -1)
    for number, uri in enumerate(list(numberings.skills.texts())[: shape[0]]):
        if (column := vocabulary.skill(uri)) is not None:
            numbers[column] = number
    columns = np.array([-1 if (column := vocabulary.skill(uri)) is None else column for uri in wanted], np.int64)
    known = np.flatnonzero(columns >= 0)
    some = near[columns[known]].tocoo()
    rows, places, percents = numbers[some.col], known[some.row], some.data
    there = rows >= 0
    for percent in np.unique(percents):
        yield int(percent), _ones(rows[there & (percents == percent)], places[there & (percents == percent)], shape)
    itself = [numberings.skills.find(uri) for uri in wanted]
    own = np.array([-1 if number is None or number >= shape[0] else number for number in itself], np.int64)
    yield _HELD, _ones(own[own >= 0], np.flatnonzero(own >= 0), shape)


def _implied(wanted: Sequence[str], knowledge: Knowledge, numberings: Numberings) -> csr_array:
    """Occupations by number × wanted: a one where the occupation needs the skill."""
    vocabulary, occupations = knowledge.vocabulary, list(numberings.occupations.texts())
    rows = [(number, row) for number, uri in enumerate(occupations) if (row := vocabulary.occupation(uri)) is not None]
    numbers = np.full(vocabulary.occupations, -1)
    for number, row in rows:
        numbers[row] = number
    columns = np.array([-1 if (column := vocabulary.skill(uri)) is None else column for uri in wanted], np.int64)
    known = np.flatnonzero(columns >= 0)
    some = knowledge.implied[columns[known]].tocoo()
    there = numbers[some.col] >= 0
    return _ones(numbers[some.col][there], known[some.row][there], (len(occupations), len(wanted)))


def _weights(lists: Sequence[tuple[str, ...]], wanted: dict[str, int], knowledge: Knowledge) -> csr_array:
    """Wanted × wants: how much each counts in a list, once however often it stands there."""
    pairs = [(wanted[uri], at, knowledge.weight(uri)) for at, skills in enumerate(lists) for uri in dict.fromkeys(skills)]
    rows, columns, weights = (np.array(each, np.int64) for each in zip(*pairs, strict=True))
    return csr_array((weights, (rows, columns)), shape=(len(wanted), len(lists)))


def _ones(rows: Any, columns: Any, shape: tuple[int, int]) -> csr_array:
    return csr_array((np.ones(len(rows), np.int64), (rows, columns)), shape=shape)
