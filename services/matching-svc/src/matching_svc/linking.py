"""A vacancy that is text alone, linked to ESCO: its occupation and skills as proposals with confidence. Pure.

The way is title → occupations → their skills, and beside it the skills that the text itself names. INVARIANT: proposals
are for a person to confirm; nothing here is stored, ranks anybody or stands for a decision.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matching_svc.concepts_search import Found, Search
from matching_svc.vocabulary import REUSE, Vocabulary

Because = Literal["title", "text", "occupation"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns a score and its lead over the next best (or its lag behind the best) into how often such an answer is right.

    Logistic regression on a validation split of held-out labels (tests/bench/linking).
    """

    constant: float
    score: float
    lead: float

    def confidence(self, score: float, lead: float) -> float:
        return 1 / (1 + math.exp(-(self.constant + self.score * score + self.lead * lead)))


@dataclass(frozen=True, slots=True)
class Rules:
    """``essential`` and ``optional``: how often a vacancy asks for such a skill of its occupation. ``least`` is the lowest
    confidence that is proposed at all; a phrase of the text names a skill from ``named`` on; the beginning of a title counts
    ``beginning`` of the whole, what stands before its first comma ``before_comma``, and behind a dash or bar ``later``.
    ``stray`` is what a special skill counts that the text seems to name and nobody in such work needs: advertisements speak of
    vouchers, schooling and teams too."""

    title: Calibration = Calibration(-2.59, 0.95, 4.19)
    phrase: Calibration = Calibration(-2.81, 1.12, 4.93)
    essential: float = 0.5
    optional: float = 0.15
    least: float = 0.1
    named: float = 0.5
    beginning: float = 0.9
    before_comma: float = 0.6
    later: float = 0.8
    stray: float = 0.5
    occupations: int = 5
    skills: int = 20


class Proposed(NamedTuple):
    """A concept by its number in the vocabulary."""

    number: int
    confidence: float
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """The likeliest first."""

    occupations: tuple[Proposed, ...] = ()
    essential: tuple[Proposed, ...] = ()
    optional: tuple[Proposed, ...] = field(default=())


_PHRASE_END: Final = re.compile(r"[\n\r.;:!?•·*()\[\]|]+|,| [-–—] ")
_AND: Final = re.compile(r"\s(?:and|or|и|или|und|oder|et|ou|y|e|o|și|sau|та|або)\s", re.IGNORECASE)
_BRACKETS: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_TITLE_END: Final = re.compile(r"\s[-–—|/]\s|[;:|•]")
_MOST_PHRASES: Final = 80
_MOST_PARTS: Final = 6
_WORDS: Final = range(1, 13)
"""How many words a phrase has that may name a skill."""


def link(
    search: Search, title: str, description: str = "", *, language: str | None = None, rules: Rules | None = None
) -> Linked:
    """What a vacancy of this title and description seems to be, and to ask for. ``language`` is that of the text, if known."""
    rules = rules or Rules()
    named = _named(search, description, language, rules)
    occupations = _occupations(search, title, language, named, rules)
    essential, optional = _skills(search, occupations, named, rules)
    return Linked(occupations[: rules.occupations], essential, optional)


def _named(search: Search, description: str, language: str | None, rules: Rules) -> dict[int, float]:
    """The skills that phrases of the text name, by number, with the confidence of the best phrase."""
    found: dict[int, float] = {}
    for phrase in _phrases(description):
        answers = search.find(phrase, "skill", language=language, limit=2)
        if answers:
            best, confidence = answers[0].number, _confidences(answers, rules.phrase)[0]
            if confidence >= rules.named:
                found[best] = max(confidence, found.get(best, 0.0))
    return found


def _phrases(description: str) -> Iterator[str]:
    """What stands between two marks, whole and between its conjunctions: "clean and repair tools" may be one skill or two."""
    whole = [part.strip() for part in _PHRASE_END.split(description)]
    parts = [piece.strip() for part in whole for piece in (part, *_AND.split(part))]
    fitting = dict.fromkeys(part for part in parts if len(part.split()) in _WORDS)
    yield from list(fitting)[:_MOST_PHRASES]


def _occupations(
    search: Search, title: str, language: str | None, named: dict[int, float], rules: Rules
) -> tuple[Proposed, ...]:
    """By the title; of those that it leaves open, what the text names decides."""
    answers = _by_title(search, title, language, rules)
    support = _support(search, [answer.number for answer in answers], named)
    weighed = [answer._replace(score=answer.score + 0.5 * float(share)) for answer, share in zip(answers, support, strict=True)]
    weighed.sort(key=lambda answer: (-answer.score, answer.number))
    because: tuple[Because, ...] = ("title", "text") if named else ("title",)
    proposed = zip(weighed, _confidences(weighed, rules.title), strict=True)
    return tuple(Proposed(answer.number, confidence, because) for answer, confidence in proposed if confidence >= rules.least)


def _by_title(search: Search, title: str, language: str | None, rules: Rules) -> list[Found]:
    """By the whole title, since labels of ESCO have commas too, and by its parts: advertisements add shifts and places behind
    what they are about, and companies before it."""
    bare = _BRACKETS.sub(" ", title)
    best: dict[int, float] = {}
    beginning, *later = _TITLE_END.split(bare)
    parts = (
        (rules.beginning, beginning),
        (rules.before_comma, beginning.split(",")[0]),
        *((rules.later, each) for each in later),
    )
    for share, asked in ((1.0, bare), *parts[:_MOST_PARTS]):
        for answer in search.find(asked, "occupation", language=language, limit=2 * rules.occupations):
            best[answer.number] = max(best.get(answer.number, 0.0), share * answer.score)
    return [Found(number, score) for number, score in sorted(best.items(), key=lambda each: (-each[1], each[0]))]


def _support(search: Search, occupations: list[int], named: dict[int, float]) -> NDArray[np.float32]:
    """For each occupation, the share of what the text names that it needs, essential skills counting twice optional ones."""
    vocabulary = search.vocabulary
    if not named or not occupations:
        return np.zeros(len(occupations), np.float32)
    columns = [number - vocabulary.occupations for number in named]
    weights = np.array(list(named.values()), np.float32) * vocabulary.rarities[columns]
    needs = vocabulary.essential[occupations][:, columns] + 0.5 * vocabulary.optional[occupations][:, columns]
    shares: NDArray[np.float32] = (needs @ weights) / weights.sum()
    return shares


def _skills(
    search: Search, occupations: Sequence[Proposed], named: dict[int, float], rules: Rules
) -> tuple[tuple[Proposed, ...], tuple[Proposed, ...]]:
    """What the text names and what the likely occupations need; each is independent evidence for a skill."""
    vocabulary = search.vocabulary
    essential, optional = np.zeros(vocabulary.skills), np.zeros(vocabulary.skills)
    left = 1.0  # occupations exclude each other: together they are certain at most
    for occupation in occupations:
        likely = min(left, occupation.confidence)
        left -= likely
        essential[_needed(vocabulary.essential, occupation.number)] += likely * rules.essential
        optional[_needed(vocabulary.optional, occupation.number)] += likely * rules.optional
    told = np.zeros(vocabulary.skills)
    told[[number - vocabulary.occupations for number in named]] = list(named.values())
    told[_strays(vocabulary, occupations)] *= rules.stray
    of_occupation = essential + optional
    confidence = 1 - (1 - told) * (1 - np.minimum(of_occupation, 1))
    wanted = np.where(told > 0, np.maximum(essential, optional + 1e-6), essential) >= optional

    def proposed(which: NDArray[np.bool_]) -> tuple[Proposed, ...]:
        columns = np.flatnonzero(which & (confidence >= rules.least))
        ordered = columns[np.lexsort((columns, -confidence[columns]))][: rules.skills]
        return tuple(
            Proposed(vocabulary.occupations + int(at), float(confidence[at]), _because(told[at], of_occupation[at]))
            for at in ordered
        )

    return proposed(wanted), proposed(~wanted)


def _strays(vocabulary: Vocabulary, occupations: Sequence[Proposed]) -> NDArray[np.bool_]:
    """The special skills that no occupation of the ISCO-08 minor groups of ``occupations`` needs; none without occupations."""
    groups = vocabulary.isco_groups // 10
    near = np.isin(groups, groups[[each.number for each in occupations]])
    needed = np.asarray((vocabulary.essential + vocabulary.optional)[np.flatnonzero(near)].sum(axis=0)).ravel() > 0
    special = vocabulary.reuse >= REUSE.index("sector-specific")
    strays: NDArray[np.bool_] = special & ~needed & bool(occupations)
    return strays


def _needed(matrix: object, occupation: int) -> NDArray[np.int32]:
    found: NDArray[np.int32] = matrix[[occupation]].indices  # type: ignore[index]
    return found


def _because(told: float, of_occupation: float) -> tuple[Because, ...]:
    reasons: list[Because] = ["text"] if told > 0 else []
    return (*reasons, "occupation") if of_occupation > 0 else tuple(reasons)


def _confidences(answers: list[Found], calibration: Calibration) -> list[float]:
    """Of each answer: its score, and its lead over the best of the others."""
    scores = [answer.score for answer in answers]
    found = []
    for at, score in enumerate(scores):
        others = scores[:at] + scores[at + 1 :]
        found.append(calibration.confidence(score, score - max(others, default=0.0)))
    return found
