"""One whole view in this process: how long each engine thinks, in CPU time, on questions that it has not seen before."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from statistics import median
from typing import Any

from policy_svc.faults import Faults
from policy_svc.loading import parse, read_files
from policy_svc.rulebook import Rulebook
from policy_svc.yaml_files import plain, read
from stena.contracts.catalogue import Attribute
from tests.bench.engines import Cedar, Engine, PyAbac, Stena, completed
from tests.bench.questions import Question
from tests.bench.questions import questions as sampled
from tests.bench.rulebooks import generate

STARTER = Path("deploy/rulebook")
ROUNDS = 5


@dataclass(frozen=True)
class Measured:
    """``views`` are microseconds of CPU time for a view, by engine; ``agreed`` is on how many questions all said the same."""

    rulebook: str
    rules: int
    attributes: int
    agreed: int
    views: Mapping[str, float]


@dataclass(frozen=True)
class Subject:
    """A rulebook to be measured, as Stena reads it and as the rules that the others are given."""

    name: str
    rulebook: Rulebook
    rules: list[dict[str, Any]]

    @property
    def attributes(self) -> list[Attribute]:
        return list(self.rulebook.catalogue.attributes)

    def others(self) -> dict[str, Engine]:
        return {"py-abac": PyAbac(self.rules, self.attributes), "cedarpy": Cedar(self.rules, self.attributes)}


def read_starter() -> Subject:
    files = read_files(STARTER)
    rules = [plain(read(name, text, Faults())) for name, text in files.items() if name.startswith("rules/")]
    return Subject("starter", parse(files)[0], list(chain.from_iterable(rules)))


def read_generated(size: int) -> Subject:
    made = generate(size)
    return Subject("generated", parse(made.files)[0], list(made.rules))


def measure(subject: Subject) -> Measured:
    few, agreed = _few(subject), agreement(subject)
    stena = Stena(subject.rulebook)
    # A person who is not to be seen at all is answered at once; what is measured is the view of one who is.
    seen = (question for question in sampled(subject.rulebook, seed=2) if stena.view(question) is not None)
    views = {name: _time(engine, list(islice(seen, min(few, 30)))) for name, engine in subject.others().items()}
    return Measured(
        subject.name, len(subject.rules), len(subject.attributes), agreed, {"Stena": _typical(stena, seen), **views}
    )


def agreement(subject: Subject) -> int:
    """On how many questions all engines said the same: on all of them, or it raises ``AssertionError``."""
    stena, others, questions = Stena(subject.rulebook), subject.others(), min(2 * _few(subject), 60)
    for question in islice(sampled(subject.rulebook, seed=1), questions):
        expected = stena.view(question)
        for name, engine in others.items():
            answer = completed(engine.view(question), subject.attributes)
            if answer != expected:
                raise AssertionError(f"{name} and Stena differ on {question}: {answer} and {expected}")
    return questions


def _few(subject: Subject) -> int:
    return max(2, 3_000 // len(subject.rules))


def _typical(stena: Stena, seen: Iterable[Question]) -> float:
    """The median of several rounds: a round is short, and this machine may have other things to do."""
    questions_ = iter(seen)
    return median(_time(stena, list(islice(questions_, 400))) for _ in range(ROUNDS))


def _time(engine: Engine, asked: list[Question]) -> float:
    begun = time.process_time()
    for question in asked:
        engine.view(question)
    return 1e6 * (time.process_time() - begun) / len(asked)
