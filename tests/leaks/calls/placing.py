"""Allocations: everybody is asked to be placed, whoever may be seen comes back, each as they may be seen."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import httpx

from tests.leaks.asking import Fault, Stand, page_as_expected
from tests.leaks.cast import SUBJECT

from .common import KINDS, Effort, listed, may, names

WHERE: Final = "/v1/allocations"
NONE: Final = "alc_none"
PATIENCE: Final = 100  # looks at a job, a fifth of a second apart


async def allocations(stand: Stand, effort: Effort) -> None:
    if not _may(stand):
        await _refused(stand)
        return
    for kind in sorted(KINDS[stand.asking.purpose]):
        offered = [opportunity for opportunity, (_, of) in stand.opportunities.items() if of == kind]
        if offered:
            await _place(stand, kind, offered)


def _may(stand: Stand) -> bool:
    return may(stand, "person", "allocate") and may(stand, "opportunity", "allocate")


async def _refused(stand: Stand) -> None:
    body = {"kind": "job", "opportunities": list(stand.opportunities)[:1], "people": list(stand.ids.values())}
    await stand.ask("allocations", "POST", WHERE, status=403, json=body)
    await stand.ask("allocations", "GET", f"{WHERE}/{NONE}", status=403)
    await stand.ask("allocations", "DELETE", f"{WHERE}/{NONE}", status=403)
    said = {"person": stand.ids[stand.people[-1].name], "opportunity": None, "reason": "person-declined"}
    await stand.ask("allocations", "POST", f"{WHERE}/{NONE}/confirmations", status=403, json=said)
    await stand.ask("arrivals", "POST", f"{WHERE}/{NONE}/arrivals", status=403, json={"person": said["person"]})


async def _place(stand: Stand, kind: str, offered: list[str]) -> None:
    """All who are known by an id, those who may not be seen too."""
    body = {"kind": kind, "opportunities": offered, "people": [stand.ids[who.name] for who in stand.people]}
    made = await stand.ask("allocations", "POST", WHERE, status=202, json=body)
    if made.status_code != 202:
        return
    where = f"{WHERE}/{made.json()['id']}"
    found = await _ended(stand, where)
    if found.is_success and (shown := found.json()["placements"]):
        said = {"person": shown[0]["person"]["id"], "opportunity": None, "reason": "person-declined"}
        await stand.ask("allocations", "POST", f"{where}/confirmations", status=204, json=said)
        await _arrive(stand, where)
    await _look(stand, where)
    await stand.ask("allocations", "DELETE", where, status=200)


async def _arrive(stand: Stand, where: str) -> None:
    """Somebody who comes later, and somebody who was placed."""
    for person, who in ((stand.ids[SUBJECT.name], None), (stand.ids[stand.people[-1].name], stand.people[-1])):
        shows = {} if who is None else {who.name: stand.asking.sees(who, "match")}
        body = {"person": person}
        await stand.ask("arrivals", "POST", f"{where}/arrivals", status={200, 201}, shows=shows, says_why=True, json=body)


async def _ended(stand: Stand, where: str) -> httpx.Response:
    for _ in range(PATIENCE):
        found = await _look(stand, where)
        if not found.is_success or found.json()["state"] not in ("queued", "running"):
            break
        await asyncio.sleep(0.2)
    else:
        stand.note("allocations", [Fault("fault", "a job does not end")])
    return found


async def _look(stand: Stand, where: str) -> httpx.Response:
    """Who has confirmed a placement is told to those who may look at it."""
    return await stand.ask(
        "allocations",
        "GET",
        f"{where}?limit=500",
        status=200,
        shows=stand.sees("match"),
        check=lambda body: _shown(stand, body),
        says_why=True,
    )


def _shown(stand: Stand, body: Any) -> Iterator[Fault]:
    people, known = [each["person"] for each in body["placements"]], names(stand)
    there = {known[view["id"]].name for view in people if view["id"] in known}
    yield from page_as_expected(people, known, stand.sees("match"), there & listed(stand, "match"))
