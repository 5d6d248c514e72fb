"""What one purpose gives away of what it withholds: for each guess how well it succeeds, and what the rulebook says to that.

Pure. A guess is tried on the people whom the purpose does not show the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np

from .attacker_collecting import Gathered
from .attacker_features import FORM, Sighting, Table, features, table
from .attacker_guesses import Attributes, Guess
from .attacker_learning import Auc, Labels, Learned, enough, learn
from .target import CATALOGUE

Verdict = Literal["shown", "too few", "chance", "shown in part", "accepted", "hinted"]
"""``shown in part``: what rises above chance rests on attributes of the same category that the purpose discloses, like an
age band. ``accepted``: it rests on proxies that the rulebook accepts. ``hinted``: on something that nobody answers for."""

CARRIES: Final = 0.01  # of the area: less is noise
SHUFFLED: Final = 0.52  # a hair above chance: of so many intervals one in a hundred is expected to begin above it
PLANTED: Final = 0.99

_ATTRIBUTES: Final = {each.name: each for each in CATALOGUE.attributes}
_ACCEPTS: Final = {each.id: frozenset(each.accepts) for each in CATALOGUE.purposes}


@dataclass(frozen=True, slots=True)
class Task:
    """One guess under one purpose, ready to be learned. ``open_`` are attributes shown of the same category, ``accepted``
    the proxies for it that the rulebook accepts of this purpose."""

    purpose: str
    guess: str
    table: Table
    labels: Labels
    open_: frozenset[str]
    accepted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Result:
    """``form`` is what the form of the answers tells alone; ``rest`` what is left without all that is open or accepted;
    ``without`` what is left without each accepted proxy."""

    purpose: str
    guess: str
    verdict: Verdict
    people: int = 0
    true_of: int = 0
    auc: Auc | None = None
    carried: Mapping[str, float] = field(default_factory=dict)
    form: Auc | None = None
    form_carried: Mapping[str, float] = field(default_factory=dict)
    rest: Auc | None = None
    without: Mapping[str, Auc] = field(default_factory=dict)


def tasks(gathered: Gathered, truth: Mapping[str, Attributes], guesses: Sequence[Guess]) -> list[Task | Result]:
    """A task for each guess, or the result of one that there is nothing to learn for."""
    seen = list(gathered.people.values())
    learned_from = table([features(each) for each in seen])
    return [_task(gathered.purpose, learned_from, seen, truth, guess) for guess in guesses]


def _task(
    purpose: str, learned_from: Table, seen: Sequence[Sighting], truth: Mapping[str, Attributes], guess: Guess
) -> Task | Result:
    answers = [
        None if guess.attributes & each.view["attributes"].keys() else guess.truth(truth[each.view["id"]]) for each in seen
    ]
    asked = np.array([answer is not None for answer in answers], dtype=bool)
    labels = np.array([bool(answer) for answer in answers], dtype=bool)[asked]
    if all(guess.attributes & each.view["attributes"].keys() for each in seen):
        return Result(purpose, guess.name, "shown")
    if not enough(labels):
        return Result(purpose, guess.name, "too few", len(labels), int(labels.sum()))
    sources = set(learned_from.sources)
    return Task(
        purpose,
        guess.name,
        learned_from.people(asked),
        labels,
        frozenset(name for name in sources & _ATTRIBUTES.keys() if _ATTRIBUTES[name].category == guess.category),
        frozenset(name for name in sources & _ACCEPTS[purpose] if guess.category in _ATTRIBUTES[name].reveals),
    )


def judged(task: Task) -> Result:
    """The task learned, and its result held against what the rulebook says."""
    learned = learn(task.table, task.labels, explained=True)
    form = learn(task.table.of(FORM), task.labels, explained=True)
    result = Result(
        task.purpose,
        task.guess,
        "chance",
        people=len(task.labels),
        true_of=int(task.labels.sum()),
        auc=learned.auc,
        carried=_telling(learned),
        form=form.auc,
        form_carried=_telling(form),
        without={name: learn(task.table.without({name}), task.labels).auc for name in sorted(task.accepted)},
    )
    if not learned.auc.above_chance:
        return result
    if not task.open_ | task.accepted:
        return replace(result, verdict="hinted")
    rest = learn(task.table.without(task.open_ | task.accepted), task.labels).auc
    excused: Verdict = "accepted" if task.accepted else "shown in part"
    return replace(result, rest=rest, verdict="hinted" if rest.above_chance else excused)


def _telling(learned: Learned) -> dict[str, float]:
    """The sources that carry something, most first."""
    ordered = sorted(learned.carried.items(), key=lambda each: -each[1])
    return {name: share for name, share in ordered if share >= CARRIES}


@dataclass(frozen=True, slots=True)
class Control:
    """Whether the attacker can be believed: ``shuffled`` truth must not be found, ``planted`` truth must."""

    purpose: str
    guess: str
    shuffled: Auc
    planted: Auc

    @property
    def holds(self) -> bool:
        return self.shuffled.low < SHUFFLED and self.planted.low > PLANTED


def control(gathered: Gathered, truth: Mapping[str, Attributes], guess: Guess) -> Control:
    """The same attack twice: on answers that belong to other people, and on views to which the answer was added."""
    seen = [each for each in gathered.people.values() if guess.truth(truth[each.view["id"]]) is not None]
    labels = np.array([bool(guess.truth(truth[each.view["id"]])) for each in seen], dtype=bool)
    leaky = [_planted(each, answer) for each, answer in zip(seen, labels, strict=True)]
    return Control(
        gathered.purpose,
        guess.name,
        shuffled=learn(table([features(each) for each in seen]), np.random.default_rng(5).permutation(labels)).auc,
        planted=learn(table([features(each) for each in leaky]), labels).auc,
    )


def _planted(sighting: Sighting, answer: bool) -> Sighting:
    attributes = {**sighting.view["attributes"], "planted": "yes" if answer else "no"}
    return replace(sighting, view={**sighting.view, "attributes": attributes})


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one run found, of so many people."""

    people: int
    results: tuple[Result, ...]
    controls: tuple[Control, ...]
