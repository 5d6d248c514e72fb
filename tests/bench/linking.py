"""`python -m tests.bench.linking`: how well a vacancy that is text alone is linked to its occupation and skills.

Titles are alternative labels held back with their twins, descriptions name skills by labels that are held back too.
``--fit`` prints the calibration that the validation split gives, which stands in ``matching_svc.linking``.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from matching_svc.concepts_search import Scheme, Search, of_vocabulary
from matching_svc.esco.edition import LABEL_KINDS
from matching_svc.linking import Linked, link
from matching_svc.vocabulary import Vocabulary, of_edition
from tests.bench.concepts_data import Query, Split, edition, split

EACH = 200
NAMED = 0.4  # of an occupation's essential skills, as far as a label of theirs is held back
NOISE = {
    "alone": ["…"],
    "with gender and level": ["… (m/f/d)", "… м/ж", "Senior …", "Junior … / part-time"],
    "with a place": ["… – Sofia", "…, Plovdiv", "… гр. Варна"],
    "with pay": ["… 1800-2200 лв.", "… | 2 500 BGN + bonus", "… - €15/h"],
    "with a call": ["Търси се …", "URGENT! … wanted", "We are looking for a …"],
    "with a company": ["Rila Build Ltd: …", "Stroy Invest EOOD – …", "… за верига магазини"],
    "with all that": ["URGENT! … (m/f) – Sofia, 1800-2200 лв.", "Stroy Invest EOOD | … | full time | Burgas"],
}
console = Console(width=120)


@dataclass(frozen=True)
class Text:
    title: Query
    description: str
    occupation: int
    named: frozenset[int]


def main() -> None:
    titles = split(edition(), "occupation", twins=True, each=EACH)
    skills = split(titles.edition, "skill", twins=True, each=4000)
    if not titles.test:
        console.print("No alternative labels here; nothing to measure.")
        return
    search = of_vocabulary(of_edition(skills.edition))
    if "--fit" in sys.argv:
        fit(search, "occupation", titles.validation)
        fit(search, "skill", skills.validation[:1500])
        return
    texts = vacancies(search.vocabulary, titles.test, skills)
    linked = [link(search, text.title.text, text.description, language=text.title.language) for text in texts]
    occupations(search.vocabulary, texts, linked)
    among_noise(search, titles.test)
    calibration(texts, linked)
    named = [pair for pair in zip(texts, linked, strict=True) if pair[0].title.language == "en"]
    of_skills(search.vocabulary, [text for text, _ in named], [each for _, each in named])


def fit(search: Search, scheme: Scheme, queries: Sequence[Query]) -> None:
    """Logistic regression of "is right" on score and lead, over the first five answers to each query."""
    rows, right = [], []
    for query in queries:
        answers = search.find(query.text, scheme, language=query.language, limit=5)
        for at, answer in enumerate(answers):
            others = [other.score for place, other in enumerate(answers) if place != at]
            rows.append((answer.score, answer.score - max(others, default=0.0)))
            right.append(search.vocabulary.uris[answer.number] in query.uris)
    found = LogisticRegression(C=100).fit(rows, right)
    console.print(scheme, f"Calibration({found.intercept_[0]:.2f}, {found.coef_[0][0]:.2f}, {found.coef_[0][1]:.2f})")


def vacancies(vocabulary: Vocabulary, titles: Sequence[Query], skills: Split) -> list[Text]:
    """English ones with a description; there are no skill labels in other languages here."""
    names = {uri: query.text for query in (*skills.validation, *skills.test) for uri in query.uris}
    chance = random.Random(3)  # noqa: S311 -- no secret
    found = []
    for title in titles:
        occupation = vocabulary.numbers[next(iter(title.uris))]
        needed = [vocabulary.occupations + int(at) for at in vocabulary.essential[[occupation]].indices]
        known = [number for number in needed if vocabulary.uris[number] in names]
        told = chance.sample(known, round(NAMED * len(known))) if title.language == "en" else []
        description = "We are looking for you! You will:\n" + "\n".join(f"- {names[vocabulary.uris[each]]}" for each in told)
        found.append(Text(title, description if told else "", occupation, frozenset(told)))
    return found


def occupations(vocabulary: Vocabulary, texts: Sequence[Text], linked: Sequence[Linked]) -> None:
    baseline = WordTfidf(vocabulary)
    hits: dict[str, list[tuple[bool, bool, bool, bool]]] = defaultdict(list)
    for text, each in zip(texts, linked, strict=True):
        ours = [one.number for one in each.occupations]
        theirs = baseline.best(f"{text.title.text} {text.description}")
        hits[text.title.language].append(
            (text.occupation in ours[:1], text.occupation in ours, text.occupation in theirs[:1], text.occupation in theirs)
        )
    title = "the occupation of titles held back with their twins: recall at 1/at 5"
    table = Table("", *sorted(hits), "mean", title=title, box=box.SIMPLE_HEAD)
    for name, columns in (("word TF-IDF", (2, 3)), ("Stena", (0, 1))):
        shares = {language: np.mean(rows, axis=0)[list(columns)] for language, rows in hits.items()}
        mean = np.mean(list(shares.values()), axis=0)
        cells = [f"{shares[language][0]:.2f}/{shares[language][1]:.2f}" for language in sorted(hits)]
        table.add_row(name, *cells, f"{mean[0]:.2f}/{mean[1]:.2f}")
    console.print(table)


def among_noise(search: Search, titles: Sequence[Query]) -> None:
    """The same titles as advertisements have them."""
    chance, baseline = random.Random(4), WordTfidf(search.vocabulary)  # noqa: S311 -- no secret
    some = chance.sample(titles, min(350, len(titles)))
    table = Table("the title", "word TF-IDF", "Stena", title="right occupation first, titles among what else stands in them")
    for name, forms in NOISE.items():
        texts = [chance.choice(forms).replace("…", title.text) for title in some]
        pairs = list(zip(some, texts, strict=True))
        ours = [link(search, text, language=title.language).occupations[:1] for title, text in pairs]
        theirs = [baseline.best(text)[:1] for text in texts]
        uris = search.vocabulary.uris
        right = [any(uris[one.number] in title.uris for one in each) for title, each in zip(some, ours, strict=True)]
        plain = [any(uris[one] in title.uris for one in each) for title, each in zip(some, theirs, strict=True)]
        table.add_row(name, f"{np.mean(plain):.2f}", f"{np.mean(right):.2f}")
    console.print(table)


def calibration(texts: Sequence[Text], linked: Sequence[Linked]) -> None:
    """How often the first occupation is right, where Stena says that it is so likely."""
    told = np.array([each.occupations[0].confidence if each.occupations else 0.0 for each in linked])
    pairs = zip(texts, linked, strict=True)
    right = np.array([bool(each.occupations) and each.occupations[0].number == text.occupation for text, each in pairs])
    table = Table("confidence said", "cases", "right", title="the first occupation proposed")
    error = 0.0
    for low in np.arange(0, 1, 0.2):
        inside = (told >= low) & (told < low + 0.2 + 1e-9 * (low > 0.7))
        if inside.any():
            error += abs(told[inside].mean() - right[inside].mean()) * inside.mean()
            table.add_row(f"{low:.1f} to {low + 0.2:.1f}", str(int(inside.sum())), f"{right[inside].mean():.2f}")
    console.print(table)
    console.print(f"Expected calibration error {error:.3f}.")


def of_skills(vocabulary: Vocabulary, texts: Sequence[Text], linked: Sequence[Linked]) -> None:
    """Right is what the true occupation needs, essential or not; recall is of the skills that the text names."""
    baseline, rows = WordTfidf(vocabulary), []
    for text, each in zip(texts, linked, strict=True):
        right = {vocabulary.occupations + int(at) for at in vocabulary.essential[[text.occupation]].indices}
        right |= {vocabulary.occupations + int(at) for at in vocabulary.optional[[text.occupation]].indices}
        ours = {one.number for one in each.essential}
        best = baseline.best(f"{text.title.text} {text.description}")[:1]
        theirs = {vocabulary.occupations + int(at) for at in vocabulary.essential[best].indices[:20]} if best else set()
        for found in (ours, theirs):
            rows.append((len(found & right) / max(1, len(found)), len(found & text.named) / max(1, len(text.named))))
    table = Table("essential skills proposed, English", "precision", "recall of the skills that the text names")
    for name, mine in (("word TF-IDF → its occupation's skills", rows[1::2]), ("Stena", rows[0::2])):
        precision, recall = np.mean(mine, axis=0)
        table.add_row(name, f"{precision:.2f}", f"{recall:.2f}")
    console.print(table)


class WordTfidf:
    """Words of title and description against the words of all labels of each occupation."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        labels, texts = vocabulary.labels, [""] * vocabulary.occupations
        names = (labels.kind != LABEL_KINDS.index("description")) & (labels.concept < vocabulary.occupations)
        for at in np.flatnonzero(names):
            texts[labels.concept[at]] += f" {labels.texts[int(at)]}"
        self._words = TfidfVectorizer()
        self._documents = self._words.fit_transform(texts).tocsc()

    def best(self, text: str) -> list[int]:
        scores = (self._words.transform([text]) @ self._documents.T).toarray()[0]
        return [int(at) for at in np.argsort(-scores, kind="stable")[:5] if scores[at] > 0]


if __name__ == "__main__":
    main()
