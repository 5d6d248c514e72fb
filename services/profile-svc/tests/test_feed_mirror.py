"""The law of the feed: whoever applies its items holds, in the end, exactly what a list would show them."""

import asyncio
import random
from typing import Any

import pytest

from stena.contracts.access import Disclosure
from stena.contracts.condition import Overlaps

from .people import IN_SOFIA, IN_VARNA, OLENA
from .source import Service
from .test_feed import Follower

AMENDMENTS: tuple[dict[str, Any], ...] = (
    {"residence": IN_VARNA},
    {"residence": OLENA["residence"]},
    {"skills": []},
    {"skills": OLENA["skills"]},
    {"gender": "male"},
    {"gender": None},
    {"religion": "unknown"},
    {"date_of_birth": "2015-05-05"},
    {"date_of_birth": "1985-05-05"},
)
CONSENT = {"state": "given", "text_version": "1", "language": "uk", "method": "paper"}
DISCLOSE = {
    "skills": True,
    "adult": True,
    "gender": Disclosure(when=Overlaps(fact="consents", values=("mentoring",)), otherwise="consent-missing"),
}


async def do_something(service: Service, lab: str, people: list[str], chance: random.Random) -> None:
    """One write by chance; that it may fail because somebody else was faster is part of it."""
    person = chance.choice(people)
    match chance.choice(["register", "amend", "amend", "amend", "consent", "withdraw", "erase"]):
        case "register":
            people.append((await service.register(OLENA, lab))["id"])
        case "amend":
            body = {"attributes": chance.choice(AMENDMENTS)}
            await service.call("PATCH", f"/persons/{person}", service.grant("amend", person), body, If_Match="*")
        case "consent":
            grant = service.grant("record", person, resource="consent")
            await service.call("PUT", f"/persons/{person}/consents/mentoring", grant, CONSENT)
        case "withdraw":
            grant = service.grant("withdraw", person, resource="consent")
            await service.call("DELETE", f"/persons/{person}/consents/mentoring", grant)
        case "erase":
            await service.call("DELETE", f"/persons/{person}", service.grant("erase", person))


@pytest.mark.parametrize("seed", range(4))
async def test_a_mirror_of_the_feed_is_what_a_list_shows(service: Service, seed: int) -> None:
    chance, lab = random.Random(seed), f"feed-mirror-{seed}"  # noqa: S311 - chosen by chance, kept from nobody
    people = [(await service.register(OLENA, lab))["id"] for _ in range(6)]
    follower = Follower(service, lab, rows=IN_SOFIA, disclose=DISCLOSE)
    mirror: dict[str, Any] = {}

    known = ""

    async def follow() -> None:
        """Only where the log says that it has another end: to whoever waits for that, nothing else is told."""
        nonlocal known
        newest = await follower.newest()
        if newest == known and follower.settled:
            return
        known = newest
        for item in await follower.follow(limit=chance.choice([1, 2, 5, 200])):
            if item["person"] is None:
                mirror.pop(item["id"], None)
            else:
                mirror[item["id"]] = item["person"]

    for _ in range(12):
        # Writers and the follower at the same time: it must miss nobody who commits while it reads.
        await asyncio.gather(*(do_something(service, lab, people, chance) for _ in range(chance.randint(1, 6))), follow())
    await follow()
    listed = await service.call("POST", "/persons/search", service.grant("list", **follower.changes), {"limit": 500})
    assert mirror == {person["id"]: person for person in listed.json()["people"]}
