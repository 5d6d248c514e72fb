"""Learning from examples, and how well what was learned holds for people whom the learner has not seen. Pure.

Gradient-boosted trees, five-fold cross-validation; the area under the ROC curve of the predictions for those left out, with
an interval after DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988) in the fast form of Sun and Xu (2014).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from .attacker_features import Table

Labels = NDArray[np.bool_]
Scores = NDArray[np.float64]
Folds = NDArray[np.intp]

FOLDS: Final = 5
CONFIDENCE: Final = 0.99
FEWEST: Final = 30  # of either kind; with fewer an interval says nothing


@dataclass(frozen=True, slots=True)
class Auc:
    """How often somebody of whom it is true is ranked above somebody of whom it is not, with its interval; 0.5 is chance."""

    value: float
    low: float
    high: float

    @property
    def above_chance(self) -> bool:
        return self.low > 0.5


@dataclass(frozen=True, slots=True)
class Learned:
    """``carried``: source → how much of the area is lost when it is mixed up among those left out. What two sources both
    tell, neither of them carries alone."""

    auc: Auc
    carried: Mapping[str, float] = field(default_factory=dict)


def auc(labels: Labels, scores: Scores, folds: Folds | None = None, confidence: float = CONFIDENCE) -> Auc:
    """The area within each fold, averaged: models of different folds do not score on one scale."""
    of_folds = (
        [_area(labels, scores)] if folds is None else [_area(labels[folds == at], scores[folds == at]) for at in set(folds)]
    )
    value = sum(area for area, _ in of_folds) / len(of_folds)
    spread = np.sqrt(sum(variance for _, variance in of_folds)) / len(of_folds)
    reach = float(norm.ppf((1 + confidence) / 2) * spread)
    return Auc(value, max(0.0, value - reach), min(1.0, value + reach))


def _area(labels: Labels, scores: Scores) -> tuple[float, float]:
    """The area and the variance of its estimate."""
    positive, negative = scores[labels], scores[~labels]
    most, least = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    above = (ranks[:most] - rankdata(positive)) / least  # share of the others that each is ranked above
    below = 1 - (ranks[most:] - rankdata(negative)) / most
    return float(above.mean()), float(above.var(ddof=1) / most + below.var(ddof=1) / least)


def enough(labels: Labels) -> bool:
    return min(int(labels.sum()), int((~labels).sum())) >= FEWEST


def learn(table: Table, labels: Labels, *, explained: bool = False, confidence: float = CONFIDENCE) -> Learned:
    """How well ``labels`` can be foretold from ``table`` by models that have not seen whom they foretell."""
    sources = sorted(set(table.sources)) if explained else []
    scores, mixed = np.zeros(len(labels)), {source: np.zeros(len(labels)) for source in sources}
    folds: Folds = np.zeros(len(labels), dtype=np.intp)
    for at, (model, left_out) in enumerate(_models(table, labels)):
        rows = table.rows[left_out]
        folds[left_out], scores[left_out] = at, _foretold(model, rows)
        for source in sources:
            mixed[source][left_out] = _foretold(model, _mixed_up(table, rows, source))
    reached = auc(labels, scores, folds, confidence)
    return Learned(reached, {source: reached.value - auc(labels, other, folds).value for source, other in mixed.items()})


def _models(table: Table, labels: Labels) -> Iterator[tuple[Any, NDArray[np.intp]]]:
    """A model for each fold, with the people of the fold."""
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=11)
    for seen, left_out in folds.split(table.rows, labels):
        with threadpool_limits(1):  # threads that wait for each other cost more than they save on a machine that is busy
            model = HistGradientBoostingClassifier(
                max_iter=60, learning_rate=0.1, max_leaf_nodes=10, min_samples_leaf=10, max_bins=63, random_state=3
            )
            yield model.fit(table.rows[seen], labels[seen]), left_out


def _foretold(model: Any, rows: NDArray[np.float32]) -> Scores:
    found: Scores = model.predict_proba(rows)[:, 1]
    return found


def _mixed_up(table: Table, rows: NDArray[np.float32], source: str) -> NDArray[np.float32]:
    """``rows`` with what ``source`` says given to other people."""
    columns = np.array([of == source for of in table.sources])
    mixed = rows.copy()
    mixed[:, columns] = rows[np.random.default_rng(7).permutation(len(rows))][:, columns]
    return mixed
