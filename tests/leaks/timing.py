"""Whether "there is nobody" and "you may not" can be told apart: by status, headers and body, and by the time they take.

``python -m tests.leaks --only timing`` asks a deployment of its own, over HTTP and one connection, in an order drawn by lot.
"""

import asyncio
import re
import secrets
import string
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

import httpx
import numpy as np

from stena_local.demo.chance import Chance
from tests.system.people import line

from .attacker_features import Table
from .attacker_learning import Auc, learn
from .report import Figure, Progress, Section, unwatched
from .rows import SOMEBODY, VARNA
from .target import CATALOGUE, Registered, Target

LIMIT: Final = 0.55
CONFIDENCE: Final = 0.9999  # many pairs are looked at, again and again: one in a hundred would be one a day
WARM: Final = 20  # calls of each kind before any is timed
MOST: Final = 2_000  # characters of a finding
BESIDE: Final = 3
OF_EACH: Final = 20  # people of each kind, so that nobody's record is always the one just read

ASKING: Final = "bread-and-bridges"
ELSEWHERE: Final = "employment-agency"

Call = tuple[str, str, Mapping[str, Any]]
"""Method, path and whatever else httpx takes."""

MakeCall = Callable[[str], Call]
"""A call about the person with this id."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One kind of call, whose answer must not tell the ``absent`` from the ``forbidden``: kind of person → calls about such.
    ``beside`` are calls of the same caller that go at the same time: whoever asks at once is asked for together."""

    name: str
    purpose: str
    caller: Registered
    absent: Mapping[str, Sequence[Call]]
    forbidden: Mapping[str, Sequence[Call]]
    beside: Sequence[Call] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """``shape`` is everything of an answer but its time, with the trace taken out, which is another one in each."""

    seconds: float
    shape: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """How well an attacker tells two kinds apart. More than the limit is only held against the wall if it is beyond doubt
    more than chance: with few calls on a busy machine the interval is wide."""

    probe: str
    absent: str
    forbidden: str
    auc: Auc

    @property
    def alike(self) -> bool:
        return self.auc.value <= LIMIT or not self.auc.above_chance

    def __str__(self) -> str:
        return f"{self.probe}: {self.absent} or {self.forbidden}"


async def run(target: Target, *, calls: int = 2_000, progress: Progress = unwatched) -> Section:
    """``calls`` of each kind; of probes but the first a quarter."""
    probes = await prepared(target)
    counts = [calls if number == 0 else max(calls // 4, 1) for number in range(len(probes))]
    kinds = [len(probe.absent) + len(probe.forbidden) for probe in probes]
    whole, done = sum(np.multiply(counts, kinds)), 0
    pairs: list[Pair] = []
    findings: list[str] = []
    for probe, count, width in zip(probes, counts, kinds, strict=True):
        answered = await timed(probe, count)
        done += count * width
        progress(done, int(whole))
        findings += different_shapes(probe, answered)
        pairs += await asyncio.to_thread(told_apart, probe, answered)
    findings += [f"{pair}: told apart by their time, AUC {pair.auc.value:.3f}" for pair in pairs if not pair.alike]
    figures = [Figure(f"{pair}, AUC of the time", pair.auc.value, f"at most {LIMIT}", pair.alike) for pair in pairs]
    return Section(f"Absent or forbidden, {calls} calls of each", tuple(figures), tuple(findings), _detail(pairs))


async def timed(probe: Probe, count: int, seed: int = 1) -> dict[str, list[Answered]]:
    """``count`` answers of each kind, asked in an order drawn by lot, one after the other."""
    kinds = {**probe.absent, **probe.forbidden}
    chance = Chance(seed, probe.name, count)
    for calls in kinds.values():
        for number in range(min(count, WARM)):
            await _ask(probe, calls[number % len(calls)])
    order = [name for name in kinds for _ in range(count)]
    chance.shuffle(order)
    answered: dict[str, list[Answered]] = defaultdict(list)
    for name in order:
        answered[name].append(await _ask(probe, chance.choice(kinds[name])))
    return answered


def told_apart(probe: Probe, answered: Mapping[str, Sequence[Answered]]) -> list[Pair]:
    """Every absent kind against every forbidden one."""
    return [
        Pair(probe.name, absent, forbidden, learn(*_examples(answered[absent], answered[forbidden]), confidence=CONFIDENCE).auc)
        for absent, forbidden in product(probe.absent, probe.forbidden)
    ]


def different_shapes(probe: Probe, answered: Mapping[str, Sequence[Answered]]) -> list[str]:
    """The kinds whose answers look otherwise than those of the first kind. Empty if all are one and the same."""
    shapes = {name: {each.shape for each in some} for name, some in answered.items()}
    first = next(iter(shapes.values()))
    others = {name: shape ^ first for name, shape in shapes.items() if shape != first}
    return [f"{probe.name}: {name} is answered in another shape: {str(sorted(each))[:MOST]}" for name, each in others.items()]


def _examples(absent: Sequence[Answered], forbidden: Sequence[Answered]) -> tuple[Table, Any]:
    both = [*absent, *forbidden]
    rows = np.array([[each.seconds, len(str(each.shape))] for each in both], dtype=np.float32)
    return Table(rows, (("time", "seconds"), ("shape", "length"))), np.arange(len(both)) >= len(absent)


async def _ask(probe: Probe, call: Call) -> Answered:
    method, path, options = call
    while True:
        beside = [asyncio.create_task(probe.caller.once(*each[:2], probe.purpose, **each[2])) for each in probe.beside]
        begun = time.perf_counter()
        answer = await probe.caller.once(method, path, probe.purpose, **options)
        took = time.perf_counter() - begun
        assert all(each.status_code in (200, 503) for each in await asyncio.gather(*beside))
        if answer.status_code != 503:  # a machine that is too busy to answer says so to everybody
            return Answered(took, _shape(answer))


def _shape(answer: httpx.Response) -> tuple[Any, ...]:
    """Status, the names, order and lengths of the headers, and the body, in which only the trace and decision may differ.
    What is left of the caller's own limits follows from how often it has called, and so does the end of a connection."""
    counted = {"ratelimit": 0, "connection": 0}
    headers = tuple((name, counted.get(name, len(value))) for name, value in answer.headers.multi_items())
    return answer.status_code, headers, re.sub(r"[0-9a-f]{32}(?![0-9a-f])|dec_[0-9a-f-]+", "…", answer.text)


async def prepared(target: Target) -> list[Probe]:
    """People of every kind that nobody may see, and the calls about them."""
    kinds: dict[str, dict[str, Any]] = {
        "outside the region": {"region_path": VARNA},
        "restricted": {"restricted": True},
        "of another's making": {},
        "visible elsewhere": {},
    }
    people = {name: await _people(target, name, facts) for name, facts in kinds.items()}
    nobody = [str(uuid.uuid4()) for _ in range(OF_EACH)]
    caller, school = await target.client(ASKING), await target.client("school-board")

    async def about(purpose: str, internal: Sequence[str], make: MakeCall, organisation: str = ASKING) -> list[Call]:
        return [make(await target.pairwise(each, organisation, purpose)) for each in internal]

    async def probe(name: str, purpose: str, make: MakeCall, forbidden: str) -> Probe:
        absent = {"nobody": await about(purpose, nobody, make)}
        return Probe(name, purpose, caller, absent, {forbidden: await about(purpose, people[forbidden], make)})

    reading = Probe(
        "read",
        "job-ranking",
        caller,
        absent={
            "unreadable": [_read(forged()) for _ in range(OF_EACH)],
            "another's id": await about("job-ranking", people["visible elsewhere"], _read, ELSEWHERE),
            "nobody": await about("job-ranking", nobody, _read),
        },
        forbidden={kind: await about("job-ranking", people[kind], _read) for kind in ("outside the region", "restricted")},
    )
    looked_up = Probe(
        "look up",
        "school-enrolment",
        school,
        absent={"nobody": [_look_up(_number("nobody", number)) for number in range(OF_EACH)]},
        forbidden={"outside the region": [_look_up(_number("outside the region", number)) for number in range(OF_EACH)]},
    )
    seen = await about("job-ranking", people["visible elsewhere"][:BESIDE], _read)
    return [
        reading,
        replace(reading, name="read, others beside", beside=seen),
        await probe("read, for registration", "registration", _read, "of another's making"),
        await probe("amend", "job-ranking", _amend, "restricted"),
        await probe("matches", "job-ranking", _matches, "outside the region"),
        await probe("consents", "consent-management", _consents, "outside the region"),
        await probe("notes", "case-continuity", _notes, "outside the region"),
        looked_up,
    ]


async def _people(target: Target, kind: str, facts: Mapping[str, Any]) -> list[str]:
    record = {**SOMEBODY, **facts}
    named = [(f"timing {kind} {number}", _number(kind, number)) for number in range(OF_EACH)]
    return await target.put([line(CATALOGUE, external, record, national_number=text) for external, text in named])


def _number(kind: str, number: int) -> str:
    """A personal number; all of them are of one length."""
    return f"{kind.encode().hex()[:12]}-{number:04d}"


def forged() -> str:
    """What has the form of an id, and never was one."""
    return "psn_" + "".join(secrets.choice(string.ascii_lowercase + "234567") for _ in range(54)) + "a"


def _read(person: str) -> Call:
    return "GET", f"/v1/persons/{person}", {}


def _amend(person: str) -> Call:
    return "PATCH", f"/v1/persons/{person}", {"json": {"attributes": {"education_level": 3}}, "headers": {"If-Match": '"x"'}}


def _matches(person: str) -> Call:
    return "GET", f"/v1/persons/{person}/matches?kind=job", {}


def _consents(person: str) -> Call:
    return "GET", f"/v1/persons/{person}/consents", {}


def _notes(person: str) -> Call:
    return "GET", f"/v1/persons/{person}/notes", {}


def _look_up(number: str) -> Call:
    return "POST", "/v1/persons/lookup", {"json": {"match": {"national_number": number}}}


def _detail(pairs: Sequence[Pair]) -> dict[str, Any]:
    return {str(pair): {"auc": pair.auc.value, "low": pair.auc.low, "high": pair.auc.high} for pair in pairs}
