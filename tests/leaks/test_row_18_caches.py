"""Row 18, caches: no decision outlives what it rested on, and none is given to another caller, purpose or person."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.system.test_revisions import WITHOUT_SKILLS, edited, under

from .in_process import InProcess
from .rows import ask, bring, listed, path, read
from .target import Target

AGENCY = ("employment-agency", "job-ranking")
LIMIT = 3.0  # seconds: a promised one, and a margin for a busy machine; `make leaks` measures it


async def within(seconds: float, condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "a decision outlived what it rested on"
        await asyncio.sleep(0.05)


async def test_a_withdrawn_consent_ends_everywhere_at_once(target: Target) -> None:
    internal = await bring(target, "cached, agreed", {"consents": ["job-ranking"]})
    person = await target.pairwise(internal, *AGENCY)

    async def shown() -> list[bool]:
        one = (await read(target, internal, *AGENCY)).json()
        export = (await ask(target, *AGENCY, "GET", "/v1/persons/export?fields=adjustments_needed")).text
        line = next(line for line in export.splitlines() if person in line)
        many = (await listed(target, *AGENCY))[person]
        return [
            "adjustments_needed" in one["attributes"],
            "adjustments_needed" in many["attributes"],
            "consent-missing" not in line,
        ]

    assert await shown() == [True, True, True]
    consents = await path(target, internal, "reception-agency", "consent-management", "/consents/job-ranking")
    assert (await ask(target, "reception-agency", "consent-management", "DELETE", consents)).status_code == 200
    assert await shown() == [False, False, False], "the very next answer"


async def test_a_restriction_counts_from_the_next_call(target: Target) -> None:
    internal = await bring(target, "cached, restricted")
    assert (await read(target, internal, *AGENCY)).status_code == 200
    await bring(target, "cached, restricted", {"restricted": True})
    assert (await read(target, internal, *AGENCY)).status_code == 404


async def test_callers_purposes_and_people_are_not_mixed_up(target: Target) -> None:
    """Many different calls at once, over and over: each has the answer that it has alone."""
    own = await bring(target, "mixed, own", {"assigned": ["employment-agency"], "consents": ["job-ranking"]}, education_level=2)
    other = await bring(target, "mixed, other", education_level=5)
    asking = [
        ("employment-agency", "job-ranking"),
        ("employment-agency", "training-placement"),
        ("employment-agency", "case-continuity"),
        ("bread-and-bridges", "job-ranking"),
        ("danube-health", "health-access"),
        ("labour-inspectorate", "right-to-work-check"),
    ]
    calls = [(internal, *each) for internal in (own, other) for each in asking]

    async def answer(call: tuple[str, str, str]) -> dict[str, Any]:
        person = (await read(target, *call)).json()
        return {**person, "disclosure": {**person["disclosure"], "decision": None}}

    alone = {call: await answer(call) for call in calls}
    assert len({str(each) for each in alone.values()}) == len(calls)
    for _ in range(5):
        together = dict(zip(calls, await asyncio.gather(*map(answer, calls)), strict=True))
        assert together == alone


async def test_no_cache_on_the_way_keeps_an_answer_about_people(target: Target) -> None:
    internal = await bring(target, "cached, kept")
    answers = [await read(target, internal, "employment-agency", "case-continuity", rest) for rest in ("", "/notes", "/cases")]
    for where in ("/v1/persons", "/v1/persons/export", "/v1/persons/changes"):
        answers.append(await ask(target, *AGENCY, "GET", where))
    assert [answer.status_code for answer in answers] == [200] * 6
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


async def test_another_rulebook_decides_within_a_second(target: Target) -> None:
    assert isinstance(target, InProcess), "activating one is the operator's, inside"
    internal = await bring(target, "cached, under another rulebook")

    async def sees_skills() -> bool:
        return "skills" in (await read(target, internal, *AGENCY)).json()["attributes"]

    assert await sees_skills()
    async with under(target.house, edited(*WITHOUT_SKILLS)):
        await within(LIMIT, lambda: _not(sees_skills()))
    await within(LIMIT, sees_skills)


async def _not(condition: Awaitable[bool]) -> bool:
    return not await condition
