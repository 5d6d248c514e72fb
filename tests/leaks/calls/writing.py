"""Calls that write: what they answer passes the same wall as a read, and where they are refused nothing is stored."""

import json
from functools import partial
from typing import Final

from tests.leaks.asking import Stand, person_as_expected
from tests.leaks.cast import LEAVING, newcomer
from tests.leaks.target import CATALOGUE

from .common import MERGE, Effort, may, path, status_about

STORED: Final = tuple(each.name for each in CATALOGUE.attributes if not each.derived_from)


async def create(stand: Stand, effort: Effort) -> None:
    """Somebody new, with all that may be said of them. Registered once: the same key again gives the same answer."""
    organisation = stand.asking.organisation
    who = newcomer(organisation)
    seen = stand.asking.sees(who, "create")
    await stand.ask(
        "create",
        "POST",
        "/v1/persons",
        status={200, 201} if may(stand, "person", "create") else 403,
        shows={who.name: seen},
        check=partial(person_as_expected, who=who, seen=seen),
        headers={"Idempotency-Key": f"leaks-{organisation}"},
        json={"attributes": who.values},
    )


async def amend(stand: Stand, effort: Effort) -> None:
    """Every attribute, with the value that it has already."""
    who = stand.people[-1]
    known = status_about(stand, who, "person", "amend")
    etag = (await stand.caller("GET", path(stand, who), stand.asking.purpose)).headers.get("etag", '"none"')
    for name in effort.of(STORED, known == 200):
        seen = stand.asking.sees(who, "amend")
        await stand.ask(
            "amend",
            "PATCH",
            path(stand, who),
            status=known if known != 200 or name in stand.asking.writes(who) else 403,
            shows={who.name: seen},
            attribute=name,
            check=partial(person_as_expected, who=who, seen=seen),
            headers={"If-Match": etag, **MERGE},
            content=json.dumps({"attributes": {name: who.values[name]}}),
        )


async def erase(stand: Stand, effort: Effort) -> None:
    """Nobody of the cast is given up: whoever is leaving asks for it, and is not there afterwards."""
    if not may(stand, "person", "erase"):
        await stand.ask("erase", "DELETE", path(stand, stand.people[-1]), status=403)
    elif stand.asking.speaks_for == LEAVING.name:
        # Whose erasure a busy machine could not tell of in time, and who asks again, is nobody by then, and so is their client.
        gone = await stand.ask("erase", "DELETE", path(stand, LEAVING), status={204, 401, 404})
        stand.findings.answered.add(("DELETE", gone.request.url.path))
        await stand.ask("erase", "GET", path(stand, LEAVING), status={404, 401})
