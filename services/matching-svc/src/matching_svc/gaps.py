"""The skills that would open most opportunities for a person, if they were learned. Pure.

An opportunity is open to somebody who meets a certain share of the essential skills that it names (``weights.yaml``), each
weighed as in the score. Each skill is looked at alone. INVARIANT: a skill counts what it counts in the score, near ones too.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from matching_svc.features import View
from matching_svc.knowledge import Knowledge
from matching_svc.scoring import credited

CONSIDERED: Final = 1_000
"""Opportunities that fit best today and are looked at: what is far from everything somebody can do is no gap of theirs."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gap:
    """``opens``: how many would be open with ``skill`` that are not without it; ``raises``: of how many more would be met."""

    skill: str
    opens: int
    raises: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """The best first, ties by URI. ``open``: how many of ``considered`` are open as it is."""

    gaps: tuple[Gap, ...] = ()
    considered: int = 0
    open: int = 0


def gaps(view: View, asked: Sequence[Collection[str]], knowledge: Knowledge, limit: int) -> Gaps:
    """``asked``: the essential skills of each opportunity. Whose skills are not to be seen has no gaps."""
    lists = [tuple(dict.fromkeys(each)) for each in asked if each]
    if not lists or not view.allows("skills"):
        return Gaps()
    skills = tuple(dict.fromkeys(skill for each in lists for skill in each))
    wants = _wants(lists, {skill: at for at, skill in enumerate(skills)})
    credit = _credit(view, skills, knowledge)
    weights = np.array([knowledge.weight(skill) for skill in skills], dtype=np.int64)
    lacks = knowledge.model.skills.open * (wants @ weights) - wants @ (weights * credit)  # 0 or less: it is open
    more = (wants @ _learned(skills, credit, weights, knowledge)).tocoo()
    opened = (lacks[more.row] > 0) & (more.data >= lacks[more.row])
    opens, raises = _count(more.col[opened], skills), _count(more.col, skills)
    best = sorted(np.flatnonzero(raises).tolist(), key=lambda at: (-opens[at], -raises[at], skills[at]))[:limit]
    found = tuple(Gap(skills[at], int(opens[at]), int(raises[at])) for at in best)
    return Gaps(found, len(lists), int(np.count_nonzero(lacks <= 0)))


def _count(columns: Any, skills: Sequence[str]) -> Counts:
    return np.bincount(columns, minlength=len(skills))


def _wants(lists: Sequence[Sequence[str]], places: dict[str, int]) -> csr_array:
    """Opportunities × skills, ones."""
    columns = np.array([places[skill] for each in lists for skill in each], dtype=np.int64)
    starts = np.cumsum([0, *map(len, lists)])
    return csr_array((np.ones(len(columns), dtype=np.int64), columns, starts), shape=(len(lists), len(places)))


def _credit(view: View, skills: tuple[str, ...], knowledge: Knowledge) -> Counts:
    found = credited(view, skills, knowledge)
    return np.array([found[skill].percent for skill in skills], dtype=np.int64)


def _learned(skills: Sequence[str], credit: Counts, weights: Counts, knowledge: Knowledge) -> csr_array:
    """Skills × skills: what more of the weight of the one would be met by learning the other, which is not held yet."""
    columns = [knowledge.vocabulary.skill(skill) for skill in skills]
    known = np.array([at for at, column in enumerate(columns) if column is not None], dtype=np.int64)
    rows = np.array([column for column in columns if column is not None], dtype=np.int64)
    near = coo_array(knowledge.near[rows][:, rows]) if len(rows) else coo_array((0, 0), dtype=np.int64)
    itself = np.arange(len(skills))
    one, other = np.concatenate([known[near.row], itself]), np.concatenate([known[near.col], itself])
    percent = np.concatenate([near.data, np.full(len(skills), 100)])
    gain = np.where(credit[other] < 100, np.maximum(0, percent - credit[one]) * weights[one], 0)
    useful = gain > 0
    shape = (len(skills), len(skills))
    return csr_array((gain[useful], (one[useful], other[useful])), shape=shape)
