"""What the tests of single rows share: people of their own, and calls from outside. Everything else is in the tests."""

from collections.abc import Mapping
from typing import Any, Final

import httpx

from tests.system.people import line

from .target import CATALOGUE, Target

SOFIA: Final = ("BG", "BG4", "BG41", "BG411")
PLOVDIV: Final = ("BG", "BG4", "BG42", "BG421")
VARNA: Final = ("BG", "BG3", "BG33", "BG331")
SOMEBODY: Final[Mapping[str, Any]] = {
    "region_path": SOFIA,
    "assigned": [],
    "consents": [],
    "restricted": False,
    "minor": False,
    "created_by": "reception-agency",
}
"""Record facts from which the least follows."""
SETTLED: Final = {"stage": "closed", "registered_on": "2024-03-01", "accelerated": False}
"""The ``procedure_stage`` of whom there is no more to decide about: the law does not want their record kept."""


async def bring(target: Target, name: str, facts: Mapping[str, Any] | None = None, **attributes: Any) -> str:
    """Somebody of whom everything is known; the internal id. Brought again they are corrected."""
    return (await target.put([line(CATALOGUE, name, {**SOMEBODY, **(facts or {})}, **attributes)]))[0]


async def path(target: Target, internal: str, organisation: str, purpose: str, rest: str = "") -> str:
    return f"/v1/persons/{await target.pairwise(internal, organisation, purpose)}{rest}"


async def ask(target: Target, organisation: str, purpose: str, method: str, where: str, **options: Any) -> httpx.Response:
    caller = await target.client(organisation)
    return await caller(method, where, purpose, **options)


async def read(target: Target, internal: str, organisation: str, purpose: str, rest: str = "") -> httpx.Response:
    return await ask(target, organisation, purpose, "GET", await path(target, internal, organisation, purpose, rest))


async def listed(target: Target, organisation: str, purpose: str, query: str = "") -> dict[str, dict[str, Any]]:
    """Everybody in a list, by the id under which the caller knows them."""
    people: dict[str, dict[str, Any]] = {}
    cursor = ""
    while True:
        answer = await ask(target, organisation, purpose, "GET", f"/v1/persons?limit=500{query}{cursor}")
        assert answer.status_code == 200, answer.text
        people |= {person["id"]: person for person in answer.json()["people"]}
        if answer.json()["next"] is None:
            return people
        cursor = f"&cursor={answer.json()['next']}"


def told(answer: httpx.Response) -> dict[str, Any]:
    """A problem document without the trace, which is another one for each call."""
    return {name: value for name, value in answer.json().items() if name != "instance"} | {"status": answer.status_code}
