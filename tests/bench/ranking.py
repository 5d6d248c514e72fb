"""`python -m tests.bench.ranking`: how well the right vacancies come first, beside chance and two plain ways of counting.

A profile is made from an occupation; relevant are the vacancies of that occupation (gain 3), of its ISCO-08 unit group (2) and
of its minor group (1). Profiles and vacancies are independent draws. Occupations are split in two: weights were looked at
on the validation split (``--validation``) and the test split is what is printed. Attributes that a generator would give away
(experience in the very occupation, wishes) are left out: only skills are ranked with.
"""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer

from matching_svc.concepts_search import Search, of_vocabulary
from matching_svc.features import MatchFeatures, view
from matching_svc.knowledge import Knowledge, knowledge
from matching_svc.linking import link
from matching_svc.model import shipped
from matching_svc.numbering import Numberings
from matching_svc.offers_columns import packed
from matching_svc.offers_measures import prepared, scores
from matching_svc.vocabulary import of_edition
from stena.contracts.matching import NewOpportunity, Opportunity
from tests.bench.concepts_data import edition, split
from tests.bench.profiles import BEGAN, drawn

PROFILES, VACANCIES = 300, 2_000
GAINS = (0, 0, 0, 1, 2, 3)
console = Console(width=110)

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Vacancy:
    occupation: int
    essential: tuple[str, ...]
    optional: tuple[str, ...]
    linked: str | None = None


def main() -> None:
    whole = edition()
    held = split(replace(whole, labels={"en": whole.labels["en"]}), "occupation", twins=True, each=1_000)
    known = knowledge(of_edition(held.edition), shipped())
    part = "validation" if "--validation" in sys.argv else "test"
    occupations = half(known, part)
    console.print(f"{part} split: {len(occupations)} occupations, {PROFILES} profiles, only skills are known of people")
    by_skills(known, occupations)
    titles = held.validation if part == "validation" else held.test
    if titles:
        by_titles(known, of_vocabulary(known.vocabulary), titles)


def half(known: Knowledge, part: str) -> list[int]:
    ordered = random.Random(11).sample(range(known.vocabulary.occupations), known.vocabulary.occupations)  # noqa: S311
    middle = len(ordered) // 2
    return ordered[:middle] if part == "validation" else ordered[middle:]


def by_skills(known: Knowledge, occupations: Sequence[int]) -> None:
    chance = random.Random(12)  # noqa: S311 -- no secret
    vacancies = []
    for _ in range(VACANCIES):
        occupation = chance.choice(occupations)
        essential, optional = drawn(known.vocabulary, occupation, chance)
        vacancies.append(Vacancy(occupation, tuple(essential), tuple(optional)))
    compare(known, vacancies, chance, "vacancies that name skills, and no occupation")


def by_titles(known: Knowledge, search: Search, titles: Sequence[Any]) -> None:
    """Vacancies that are a title alone, a label held back: linked to an occupation and its skills, then ranked with these."""
    chance = random.Random(13)  # noqa: S311 -- no secret
    vocabulary, vacancies = known.vocabulary, []
    for title in titles:
        linked = link(search, title.text, language="en")
        essential = tuple(vocabulary.uris[each.number] for each in linked.essential)
        optional = tuple(vocabulary.uris[each.number] for each in linked.optional)
        occupation = vocabulary.uris[linked.occupations[0].number] if linked.occupations else None
        vacancies.append(Vacancy(vocabulary.numbers[next(iter(title.uris))], essential, optional, occupation))
    texts = {at: title.text for at, title in enumerate(titles)}
    compare(known, vacancies, chance, "vacancies that are a title alone (a label held back with its twins)", texts)


def compare(
    known: Knowledge, vacancies: Sequence[Vacancy], chance: random.Random, title: str, texts: dict[int, str] | None = None
) -> None:
    ways: dict[str, Callable[[list[str]], Scores]] = {
        "random": lambda _: np.array([chance.random() for _ in vacancies]),
        "skills in common": lambda skills: overlap(skills, vacancies),
        "word TF-IDF": words(known, vacancies, texts),
        "Stena": columns(known, vacancies),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    offered = sorted({vacancy.occupation for vacancy in vacancies})
    for _ in range(PROFILES):
        occupation = chance.choice(offered)
        essential, optional = drawn(known.vocabulary, occupation, chance)
        gains = np.array([gain(known, occupation, vacancy.occupation) for vacancy in vacancies])
        for name, way in ways.items():
            found[name].append(judged(way(essential + optional), gains))
    report(title, {name: np.mean(each, axis=0) for name, each in found.items()})


def gain(known: Knowledge, one: int, other: int) -> int:
    if one == other:
        return GAINS[5]
    groups = known.vocabulary.isco_groups
    if groups[one] < 0 or groups[other] < 0:
        return 0
    return GAINS[4] if groups[one] == groups[other] else GAINS[3] if groups[one] // 10 == groups[other] // 10 else 0


def judged(found: Scores, gains: NDArray[np.int64]) -> tuple[float, float]:
    """nDCG@10 (gain over its logarithmic place, against the best order) and the reciprocal rank of the right occupation."""
    order = np.lexsort((np.arange(len(found)), -found))
    discounts = 1 / np.log2(np.arange(2, 12))
    best = np.sort(gains)[::-1][:10]
    first = np.flatnonzero(gains[order] == GAINS[5])
    return float(gains[order][:10] @ discounts[: len(best)] / (best @ discounts[: len(best)])), float(1 / (1 + first[0]))


def overlap(skills: list[str], vacancies: Sequence[Vacancy]) -> Scores:
    held = set(skills)
    return np.array([len(held & {*each.essential, *each.optional}) for each in vacancies], dtype=np.float64)


def words(known: Knowledge, vacancies: Sequence[Vacancy], texts: dict[int, str] | None) -> Callable[[list[str]], Scores]:
    """What is written of a vacancy, its title or the labels of its skills, against the labels of what a person can do."""
    label = known.vocabulary.label
    documents = (
        [" ".join(map(label, (*each.essential, *each.optional))) for each in vacancies]
        if texts is None
        else list(texts.values())
    )
    every = TfidfVectorizer(sublinear_tf=True)
    matrix = every.fit_transform(documents)
    return lambda skills: np.asarray((every.transform([" ".join(map(label, skills))]) @ matrix.T).todense(), dtype=np.float64)[
        0
    ]


def columns(known: Knowledge, vacancies: Sequence[Vacancy]) -> Callable[[list[str]], Scores]:
    numberings = Numberings()
    dated = {"owner": "rila-build", "created_at": BEGAN, "updated_at": BEGAN, "etag": '"1"'}
    asked = (
        NewOpportunity(kind="training", title="t", essential_skills=each.essential[:100], optional_skills=each.optional[:100])
        for each in vacancies
    )
    offers = packed((Opportunity(**new.model_dump(), id=f"{at:06}", **dated) for at, new in enumerate(asked)), numberings)
    ready = prepared(offers, known, numberings)

    def ranked(skills: list[str]) -> Scores:
        seen = view(MatchFeatures(skills=frozenset(skills)), frozenset({"skills"}))
        return scores(offers, seen, known, numberings, ready).astype(np.float64)

    return ranked


def report(title: str, rows: dict[str, Any]) -> None:
    table = Table("", "nDCG@10", "MRR", "nDCG@10 against TF-IDF", title=title)
    for name, (ndcg, mrr) in rows.items():
        table.add_row(name, f"{ndcg:.3f}", f"{mrr:.3f}", f"{ndcg / rows['word TF-IDF'][0]:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
