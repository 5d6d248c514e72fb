"""ESCO's own labels as a test: some are held back as queries, all others are what is searched.

Two ways to hold back. *One label*: the query alone goes, its twins (the other gender, another word order) stay. *With its
twins*: every label of the concept that resembles the query goes too, and no other concept has the query as a label; what
is left has to be understood, not spelled. The concepts of the validation split and of the test split are disjoint.
"""

import os
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rapidfuzz import fuzz

from matching_svc.concepts_text import key
from matching_svc.esco.edition import Edition, Label
from matching_svc.esco.files import find
from matching_svc.esco.labels import of_concepts
from matching_svc.esco.reading import read
from matching_svc.esco.shipped import shipped

LANGUAGES = ("bg", "de", "en", "es", "fr", "it", "ro")
RESEMBLING = 75
"""Token sort ratio from which two labels of a concept count as twins."""


@dataclass(frozen=True)
class Query:
    language: str
    text: str
    uris: frozenset[str]


@dataclass(frozen=True)
class Split:
    """``edition`` lacks the labels of both lists of queries."""

    edition: Edition
    validation: tuple[Query, ...]
    test: tuple[Query, ...]


def edition() -> Edition:
    """The official download in ESCO_DATA_DIR, else the small set that ships."""
    folder = os.environ.get("ESCO_DATA_DIR")
    if not folder:
        return shipped()
    download = read(find([Path(folder)]), None, None, lambda _: None)
    assert download.edition is not None
    known = {concept.uri for concept in download.edition.concepts}
    lists = {language: of_concepts(labels, known)[0] for language, labels in download.lists.items()}
    return replace(download.edition, labels={**download.edition.labels, **lists})


def split(whole: Edition, kind: str, *, twins: bool, each: int, seed: int = 1) -> Split:
    """Hold back up to ``each`` alternative labels of concepts of ``kind`` in every language, for each of the two splits."""
    uris = {concept.uri for concept in whole.concepts if concept.kind == kind}
    validation: list[Query] = []
    test: list[Query] = []
    gone: set[tuple[str, str, str]] = set()
    for language in (name for name in LANGUAGES if name in whole.labels):
        chance = random.Random(f"{seed} {language} {kind}")  # noqa: S311 -- no secret
        queries = list(_held_back(_names(whole.labels[language], uris), language, twins, chance, 2 * each, gone))
        validation += queries[: len(queries) // 2]
        test += queries[len(queries) // 2 :]
    left = {
        language: tuple(label for label in labels if (language, label.uri, label.text) not in gone)
        for language, labels in whole.labels.items()
    }
    return Split(replace(whole, labels=left), tuple(validation), tuple(test))


def _names(labels: Iterable[Label], uris: set[str]) -> dict[str, list[Label]]:
    names: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        if label.uri in uris and label.kind != "description":
            names[label.uri].append(label)
    return names


def _held_back(
    names: Mapping[str, list[Label]],
    language: str,
    twins: bool,
    chance: random.Random,
    wanted: int,
    gone: set[tuple[str, str, str]],
) -> Iterable[Query]:
    owners: dict[str, set[str]] = defaultdict(set)
    for uri, labels in names.items():
        for label in labels:
            owners[key(label.text)].add(uri)
    found = 0
    for uri in chance.sample(sorted(names), len(names)):
        others = [label for label in names[uri] if label.kind in ("alternative", "hidden")]
        if not others or found == wanted:
            continue
        query = chance.choice(others)
        alike = [label for label in names[uri] if label == query or (twins and _resembles(label, query))]
        mine = owners[key(query.text)]
        if not key(query.text) or (twins and (len(mine) > 1 or any(label.kind == "preferred" for label in alike))):
            continue
        gone.update((language, label.uri, label.text) for label in alike)
        found += 1
        yield Query(language, query.text, frozenset(mine))


def _resembles(one: Label, other: Label) -> bool:
    return fuzz.token_sort_ratio(key(one.text), key(other.text)) >= RESEMBLING
