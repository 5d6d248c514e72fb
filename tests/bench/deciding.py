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
from tests.bench.questions import Question, questions
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


def measure_starter() -> Measured:
    files = read_files(STARTER)
    rules = [plain(read(name, text, Faults())) for name, text in files.items() if name.startswith("rules/")]
    return _measure("starter", parse(files)[0], list(chain.from_iterable(rules)))


def measure_generated(size: int) -> Measured:
    made = generate(size)
    return _measure("generated", parse(made.files)[0], list(made.rules))


def _measure(name: str, rulebook: Rulebook, rules: list[dict[str, Any]]) -> Measured:
    stena, attributes = Stena(rulebook), list(rulebook.catalogue.attributes)
    others: dict[str, Engine] = {"py-abac": PyAbac(rules, attributes), "cedarpy": Cedar(rules, attributes)}
    few = max(2, 3_000 // len(rules))
    agreed = _agree(stena, others, attributes, islice(questions(rulebook, seed=1), min(2 * few, 60)))
    # A person who is not to be seen at all is answered at once; what is measured is the view of one who is.
    seen = (question for question in questions(rulebook, seed=2) if stena.view(question) is not None)
    views = {engine: _time(others[engine], list(islice(seen, min(few, 30)))) for engine in others}
    return Measured(name, len(rules), len(attributes), agreed, {"Stena": _typical(stena, seen), **views})


def _agree(stena: Stena, others: Mapping[str, Engine], attributes: list[Attribute], asked: Iterable[Question]) -> int:
    number = 0
    for question in asked:
        number += 1
        expected = stena.view(question)
        for name, engine in others.items():
            answer = completed(engine.view(question), attributes)
            if answer != expected:
                raise AssertionError(f"{name} and Stena differ on {question}: {answer} and {expected}")
    return number


def _typical(stena: Stena, seen: Iterable[Question]) -> float:
    """The median of several rounds: a round is short, and this machine may have other things to do."""
    questions_ = iter(seen)
    return median(_time(stena, list(islice(questions_, 400))) for _ in range(ROUNDS))


def _time(engine: Engine, asked: list[Question]) -> float:
    begun = time.process_time()
    for question in asked:
        engine.view(question)
    return 1e6 * (time.process_time() - begun) / len(asked)
