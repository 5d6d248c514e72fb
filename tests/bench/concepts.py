"""`python -m tests.bench.concepts`: how well and how fast typed text finds ESCO concepts, beside two baselines.

Weights were chosen on the validation split (``--validation`` shows it); what is printed by default is the test split.
"""

import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from matching_svc.concepts_search import Search, of_vocabulary, score
from matching_svc.concepts_text import key
from matching_svc.esco.edition import Edition
from matching_svc.vocabulary import Vocabulary, of_edition
from tests.bench.concepts_baselines import Bm25, CharacterTfidf
from tests.bench.concepts_data import Query, edition, split

EACH = 300
WITHIN = 20  # milliseconds, p95
console = Console(width=120)

Scores = Callable[[str, str], NDArray[np.float64]]
Figures = dict[str, tuple[float, float]]
"""MRR and hit@10 by language."""


def main() -> None:
    whole = edition()
    console.print(f"ESCO {whole.version}: {sum(map(len, whole.labels.values())):,} labels in {len(whole.labels)} languages")
    for twins, title in ((False, "one label held back"), (True, "held back with its twins")):
        quality(whole, "occupation", twins=twins, title=title)
    quality(whole, "skill", twins=True, title="skills, held back with their twins")
    foreign(whole)
    speed(whole)


def quality(whole: Edition, kind: str, *, twins: bool, title: str) -> None:
    held = split(whole, kind, twins=twins, each=EACH)
    queries = held.validation if "--validation" in sys.argv else held.test
    if not queries:
        console.print(f"{title}: no alternative labels here; nothing to measure.")
        return
    search = of_vocabulary(of_edition(held.edition))
    first, count = _place(search.vocabulary, kind)
    bm25, tfidf = Bm25(search.vocabulary, first, count), CharacterTfidf(search.vocabulary, first, count)
    rows = {
        "BM25 over words": measure(queries, search.vocabulary, first, bm25.scores),
        "character TF-IDF": measure(queries, search.vocabulary, first, tfidf.scores),
        "Stena": measure(queries, search.vocabulary, first, _ours(search, kind)),
    }
    report(f"{kind}s, {title}: {len(queries)} queries, MRR / hit@10", rows)


def foreign(whole: Edition) -> None:
    """Labels of one language asked where none of that language is loaded: what other languages and scripts give."""
    held = split(whole, "occupation", twins=False, each=EACH)
    rows: dict[str, Figures] = {"Stena, other languages": {}}
    for language in sorted({query.language for query in held.test}):
        others = {name: labels for name, labels in held.edition.labels.items() if name != language}
        if not others:
            continue
        search = of_vocabulary(of_edition(replace(held.edition, labels=others)))
        mine = [query for query in held.test if query.language == language]
        rows["Stena, other languages"] |= measure(mine, search.vocabulary, 0, _ours(search, "occupation"))
    if rows["Stena, other languages"]:
        report("across languages, by the shared concept: MRR / hit@10", rows)


def speed(whole: Edition) -> None:
    columns = ("labels", "made ready in", "memory", "p50", "p95", "p50 of CPU", "p95 of CPU")
    table = Table(*columns, title="prefixes while typing, all languages; time as it passed, and time of the processor")
    for share in (0.25, 0.5, 1.0):
        fewer = replace(whole, labels={name: labels[: int(len(labels) * share)] for name, labels in whole.labels.items()})
        before, began = _memory(), time.process_time()
        search = of_vocabulary(of_edition(fewer))
        made, memory = time.process_time() - began, _memory() - before
        passed = np.percentile(prefixes(search, 500), [50, 95], axis=0) * 1000
        count = sum(len(index.concept) for index in search.indexes.values())
        times = (f"{each:.1f} ms" for each in passed.T.ravel())
        table.add_row(f"{count:,}", f"{made:.1f} s CPU", f"+{memory:,.0f} MiB at most", *times)
    console.print(table)
    console.print(f"The bound is {WITHIN} ms at p95.")


def prefixes(search: Search, count: int) -> list[tuple[float, float]]:
    """Seconds, as they passed and of the processor, for each of ``count`` beginnings of labels, one to twelve letters long,
    in both schemes, with and without the language."""
    chance, labels = np.random.default_rng(2), search.vocabulary.labels
    names = np.flatnonzero(labels.concept < search.vocabulary.occupations + search.vocabulary.skills)
    took = []
    for at in chance.choice(names, count):
        text = labels.texts[int(at)][: int(chance.integers(1, 13))]
        language = labels.languages[labels.language[at]] if chance.random() < 0.5 else None
        scheme: Literal["occupation", "skill"] = "occupation" if labels.concept[at] < search.vocabulary.occupations else "skill"
        began, worked = time.perf_counter(), time.thread_time()
        search.find(text, scheme, language=language)
        took.append((time.perf_counter() - began, time.thread_time() - worked))
    return took


def measure(queries: Sequence[Query], vocabulary: Vocabulary, first: int, scores: Scores) -> Figures:
    """A query's rank is that of its best concept, behind everybody who scores the same."""
    ranks = defaultdict(list)
    for query in queries:
        found = scores(query.text, query.language)
        best = max(found[vocabulary.numbers[uri] - first] for uri in query.uris)
        ranks[query.language].append(float(np.sum(found >= best)) if best > 0 else np.inf)
    return {name: (float(np.mean(1 / np.array(each))), float(np.mean(np.array(each) <= 10))) for name, each in ranks.items()}


def report(title: str, rows: dict[str, Figures]) -> None:
    languages = sorted(next(iter(rows.values())))
    table = Table("", *languages, "mean", "ratio", title=title, box=box.SIMPLE_HEAD)
    base = float("nan")
    for name, figures in rows.items():
        mean = float(np.mean([mrr for mrr, _ in figures.values()]))
        hits = float(np.mean([hit for _, hit in figures.values()]))
        ratio = "" if np.isnan(base) else f"{mean / base:.2f}"
        base = mean if np.isnan(base) else base
        table.add_row(
            name, *(f"{figures[lang][0]:.2f}/{figures[lang][1]:.2f}" for lang in languages), f"{mean:.3f}/{hits:.2f}", ratio
        )
    console.print(table)


def _ours(search: Search, kind: str) -> Scores:
    index = search.indexes["occupation" if kind == "occupation" else "skill"]
    return lambda text, language: score(index, key(text), language, search.weights).astype(np.float64)


def _place(vocabulary: Vocabulary, kind: str) -> tuple[int, int]:
    return (0, vocabulary.occupations) if kind == "occupation" else (vocabulary.occupations, vocabulary.skills)


def _memory() -> float:
    """The most that this process has held so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
