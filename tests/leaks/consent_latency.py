"""How long a consent that ended still has effect, in every place where it had one; and the same for one that ran out.

``python -m tests.leaks --only consent`` measures it on a deployment of its own.
"""

import asyncio
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from matching_svc.concepts import small_set
from tests.system.people import line

from .report import Figure, Progress, Section, unwatched
from .target import CATALOGUE, Registered, Target

LIMIT: Final = 1.0  # seconds
PATIENCE: Final = 20.0
KNOWN_WITHIN: Final = 60.0  # seconds for a busy machine to answer, and for matching-svc to read everybody anew
ENDS_IN: Final = 4.0  # seconds, in half of which it is seen that the consent has effect until then
AGENCY, PURPOSE = "employment-agency", "job-ranking"
RESTS_ON_CONSENT: Final = "adjustments_needed"
BAKER: Final = next(each for each in small_set().occupations.values() if each.labels["en"].startswith("baker"))
RECORD: Final = {
    "region_path": ("BG", "BG4", "BG41", "BG411"),
    "assigned": [AGENCY],
    "consents": [PURPOSE],
    "restricted": False,
    "minor": False,
    "created_by": "reception-agency",
}

Place = Callable[[], Awaitable[bool]]
"""Whether the consent is without effect in one place."""


@dataclass(frozen=True, slots=True)
class World:
    """``people`` are pairwise for the purpose, ``consenting`` the same people for the management of consents."""

    agency: Registered
    vacancy: str
    people: Sequence[str]
    consenting: Sequence[str]

    async def get(self, path: str) -> httpx.Response:
        return await patiently(self.agency, "GET", path, PURPOSE)

    async def decide(self, number: int, method: str, **said: Any) -> None:
        """Record or withdraw one person's consent."""
        path = f"/v1/persons/{self.consenting[number]}/consents/{PURPOSE}"
        await patiently(self.agency, method, path, "consent-management", **said)


async def patiently(caller: Registered, method: str, path: str, purpose: str, **options: Any) -> httpx.Response:
    """The answer, once there is one: while a machine is too busy for that, nothing is shown, and nothing is known yet."""
    deadline = time.monotonic() + KNOWN_WITHIN
    while True:
        answer = await caller.once(method, path, purpose, **options)
        if answer.status_code != 503 or time.monotonic() > deadline:
            return answer.raise_for_status()
        await asyncio.sleep(0.01)


async def run(target: Target, *, people: int = 30, progress: Progress = unwatched) -> Section:
    """One consent of each of ``people`` is withdrawn; one of as many others runs out."""
    world = await _prepared(target, 2 * people)
    took: dict[str, list[float]] = defaultdict(list)
    for number in range(people):
        for place, seconds in (await _withdrawn(world, number)).items():
            took[f"withdrawn, {place}"].append(seconds)
        progress(number + 1, 2 * people)
    for number in range(people, 2 * people):
        for place, seconds in (await _run_out(world, number)).items():
            took[f"run out, {place}"].append(seconds)
        progress(number + 1, 2 * people)
    figures = tuple(_figure(place, seconds) for place, seconds in took.items())
    late = tuple(
        f"A consent was still in effect after {LIMIT:.0f} second: {figure.name}" for figure in figures if not figure.kept
    )
    return Section(f"A consent ends, {people} times", figures, late, {place: _summary(all_) for place, all_ in took.items()})


async def _withdrawn(world: World, number: int) -> Mapping[str, float]:
    places = await _places(world, number)
    await _require_effect(places)
    await world.decide(number, "DELETE")
    return await _until_without_effect(places, time.time())


async def _run_out(world: World, number: int, ahead: float = ENDS_IN) -> Mapping[str, float]:
    ends = datetime.now(UTC) + timedelta(seconds=ahead)
    said = {"state": "given", "text_version": "1", "language": "en", "method": "paper", "expires_at": ends.isoformat()}
    await world.decide(number, "PUT", json=said)
    places = await _places(world, number)
    if time.time() + ahead / 2 > ends.timestamp():  # a machine that is too busy to look in time
        return await _run_out(world, number, 2 * ahead)
    await _require_effect(places)
    await asyncio.sleep(max(0.0, ends.timestamp() - time.time()))
    return await _until_without_effect(places, ends.timestamp())


async def _require_effect(places: Mapping[str, Place]) -> None:
    if any([await place() for place in places.values()]):
        raise RuntimeError("A consent was without effect before it ended.")


async def _until_without_effect(places: Mapping[str, Place], since: float) -> Mapping[str, float]:
    """Seconds from ``since`` until the first question that is answered without effect was asked, in each place.

    All places are asked at once. How long a busy machine then takes to answer is no time in which the consent has effect.
    """

    async def seconds(place: Place) -> float:
        while True:
            asked = time.time() - since
            if await place() or asked > PATIENCE:
                return asked
            await asyncio.sleep(0.01)

    return dict(zip(places, await asyncio.gather(*map(seconds, places.values())), strict=True))


async def _places(world: World, number: int) -> Mapping[str, Place]:
    """Everywhere that shows what rests on the consent of one person."""
    person = world.people[number]
    followed = _Feed(world, person)
    await followed.catch_up()

    async def reads() -> bool:
        return _hidden((await world.get(f"/v1/persons/{person}?fields={RESTS_ON_CONSENT}")).json())

    async def lists() -> bool:
        page = (await world.get(f"/v1/persons?fields={RESTS_ON_CONSENT}&limit=500")).json()
        return _hidden(next(each for each in page["people"] if each["id"] == person))

    async def exports() -> bool:
        lines = (await world.get(f"/v1/persons/export?fields={RESTS_ON_CONSENT}")).text.splitlines()
        return any(person in text and f'"{RESTS_ON_CONSENT}":"consent' in text for text in lines)

    async def ranks() -> bool:
        found = (await world.get(f"/v1/opportunities/{world.vacancy}/candidates?limit=100")).json()["candidates"]
        return _hidden(next(each["person"] for each in found if each["person"]["id"] == person))

    return {
        "read": reads,
        "list": lists,
        "export": exports,
        "changes": followed.tells,
        "candidates": ranks,
    }


class _Feed:
    """The feed of changes from now on."""

    def __init__(self, world: World, person: str) -> None:
        self._world, self._person, self._cursor = world, person, ""

    async def catch_up(self) -> None:
        more = True
        while more:
            more = (await self._page())["more"]

    async def tells(self) -> bool:
        shown = [each["person"] for each in (await self._page())["changes"] if each["id"] == self._person]
        return any(_hidden(person) for person in shown if person)

    async def _page(self) -> Any:
        page = (await self._world.get(f"/v1/persons/changes{self._cursor and f'?since={self._cursor}'}")).json()
        self._cursor = page["cursor"]
        return page


def _hidden(person: Mapping[str, Any]) -> bool:
    return RESTS_ON_CONSENT in person["withheld"]


async def _prepared(target: Target, people: int) -> World:
    changes = {
        "skills": list(BAKER.essential_skills),
        "legal_status": [{"status": "temporary-protection", "from": "2022-04-01", "until": None}],
    }
    internal = await target.put([line(CATALOGUE, f"latency {number}", RECORD, **changes) for number in range(people)])
    agency, bakery = await target.client(AGENCY), await target.client("vitosha-bakery")
    body = {"kind": "job", "title": "Baker", "occupation": BAKER.uri, "essential_skills": list(BAKER.essential_skills)}
    made = await patiently(bakery, "POST", "/v1/opportunities", "opportunity-management", json=body)
    world = World(
        agency,
        made.json()["id"],
        [await target.pairwise(each, AGENCY, PURPOSE) for each in internal],
        [await target.pairwise(each, AGENCY, "consent-management") for each in internal],
    )
    await _until_ranked(world)
    return world


async def _until_ranked(world: World) -> None:
    deadline = time.monotonic() + KNOWN_WITHIN
    while time.monotonic() < deadline:
        found = (await world.get(f"/v1/opportunities/{world.vacancy}/candidates?limit=100")).json()["candidates"]
        if {each["person"]["id"] for each in found}.issuperset(world.people):
            return
        await asyncio.sleep(0.1)
    raise RuntimeError("matching-svc did not come to know the people.")


def _figure(place: str, seconds: Sequence[float]) -> Figure:
    slowest = max(seconds)
    return Figure(f"{place}, slowest in seconds", slowest, f"at most {LIMIT}", slowest <= LIMIT)


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=20, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 19
    return {"p50": cuts[9], "p95": cuts[18], "max": max(seconds)}
