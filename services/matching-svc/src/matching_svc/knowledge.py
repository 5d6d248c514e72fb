"""What scores ask of the vocabulary: how rare a skill is, which skills and occupations are near each other. Pure, immutable.

Made once for each vocabulary and model. Knows no person and no opportunity.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from matching_svc.model import ByDigits, Model, Nearness
from matching_svc.places import common_prefix
from matching_svc.vocabulary import Vocabulary

RAREST: Final = 1_000
"""The weight of the rarest skill, and of one that is not known here."""

Because = Literal["held", "broader", "group", "occupation"]


class Credit(NamedTuple):
    """How much of a wanted skill somebody is taken to have, in percent; ``by`` is the skill or occupation that says so."""

    percent: int
    because: Because | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """``near`` is skills × skills: whole percents that the one counts for the other, nothing on the diagonal.

    ``weights`` is by skill; ``implied`` is skills × occupations: which occupations need a skill.
    """

    vocabulary: Vocabulary
    model: Model
    near: csr_array
    weights: np.ndarray[tuple[int], np.dtype[np.int64]]
    implied: csr_array

    def weight(self, skill: str) -> int:
        """How much a wanted skill counts: the rarer, the more (inverse document frequency)."""
        column = self.vocabulary.skill(skill)
        return RAREST if column is None else int(self.weights[column])

    @property
    def unnamed(self) -> int:
        """The weight of what an opportunity asks for beside the skills that it names."""
        return self.model.skills.unnamed * RAREST

    def label(self, uri: str, language: str = "en") -> str:
        return self.vocabulary.label(uri, language)

    def isco(self, occupation: str) -> str | None:
        return self.vocabulary.isco(occupation)

    def nearness(self, one: str, other: str, same: int, by_digits: ByDigits) -> int:
        """How much of one occupation counts for another, in percent: the same concept, or the ISCO-08 groups both are in."""
        if one == other:
            return same
        codes = self.isco(one), self.isco(other)
        return 0 if codes[0] is None or codes[1] is None else by_digits[common_prefix(codes[0], codes[1])]

    def credits(self, wanted: Iterable[str], held: frozenset[str], months: Mapping[str, int]) -> dict[str, Credit]:
        """The best that ``held`` skills and ``months`` in occupations say about each of ``wanted``; ties by reason, then by
        URI."""
        vocabulary = self.vocabulary
        columns = {column: uri for uri in held if (column := vocabulary.skill(uri)) is not None}
        rows = {row: uri for uri in months if (row := vocabulary.occupation(uri)) is not None}
        return {
            each: Credit(100, "held", each) if each in held else self._nearest(each, columns, rows, months) for each in wanted
        }

    def _nearest(self, wanted: str, held: Mapping[int, str], done: Mapping[int, str], months: Mapping[str, int]) -> Credit:
        column = self.vocabulary.skill(wanted)
        if column is None:
            return Credit(0)
        found = [*self._by_skills(column, held), *self._by_occupations(column, done, months)]
        return min(found, key=lambda each: (-each.percent, each.because or "", each.by or ""), default=Credit(0))

    def _by_skills(self, column: int, held: Mapping[int, str]) -> Iterator[Credit]:
        broader = self.model.nearness.broader
        for at, percent in zip(*_row(self.near, column), strict=True):
            if at in held:
                yield Credit(percent, "broader" if percent == broader else "group", held[at])

    def _by_occupations(self, column: int, done: Mapping[int, str], months: Mapping[str, int]) -> Iterator[Credit]:
        needing = _row(self.implied, column)[0] if done else ()
        for row in done.keys() & needing:
            if percent := self.model.nearness.implied(months[done[row]]):
                yield Credit(percent, "occupation", done[row])


def knowledge(vocabulary: Vocabulary, model: Model) -> Knowledge:
    weights = np.maximum(1, np.round(vocabulary.rarities.astype(np.float64) * RAREST)).astype(np.int64)
    implied = csr_array(vocabulary.essential.T)
    implied.sort_indices()
    return Knowledge(vocabulary, model, _near(vocabulary, model.nearness), weights, implied)


def _near(vocabulary: Vocabulary, rules: Nearness) -> csr_array:
    """Pairs of one narrowest group, and over them pairs of which one is directly broader than the other."""
    first, last = vocabulary.occupations, vocabulary.occupations + vocabulary.skills
    of_skills = csr_array(vocabulary.broader)[first:last]
    parents, groups = of_skills[:, first:last], of_skills[:, last:]
    narrow = np.asarray(groups.sum(axis=0)).ravel() <= rules.widest
    groups = groups[:, np.flatnonzero(narrow)]
    together, related = (groups @ groups.T).tocsr(), (parents + parents.T).tocsr()
    together.data[:] = rules.group
    related.data[:] = rules.broader
    both = together.maximum(related).tocoo()
    apart = both.row != both.col
    made = csr_array((both.data[apart].astype(np.int64), (both.row[apart], both.col[apart])), shape=both.shape)
    made.sort_indices()
    return made


def _row(matrix: csr_array, row: int) -> tuple[list[int], list[int]]:
    begin, end = matrix.indptr[row], matrix.indptr[row + 1]
    return matrix.indices[begin:end].tolist(), matrix.data[begin:end].tolist()
