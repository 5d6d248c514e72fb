"""Matching, from both sides: what fits a person, and who fits an opportunity."""

from collections.abc import Iterator
from typing import Any

from stena.contracts.matching import KIND_PURPOSE
from tests.leaks.asking import Fault, Stand, page_as_expected

from .common import KINDS, Effort, listed, may, names, path, status_about


async def matches(stand: Stand, effort: Effort) -> None:
    # A shortlist is of people, and is not asked about one of them.
    permitted = may(stand, "person", "match") and stand.asking.purpose != "anonymous-shortlist"
    for who in effort.of(stand.people, permitted):
        for kind in sorted(KIND_PURPOSE) if permitted else ["job"]:
            status = status_about(stand, who, "person", "match") if permitted else 403
            # Somebody who is not there may be said to be not there before the kind is looked at.
            expected = {status} if not permitted or kind in KINDS[stand.asking.purpose] else {403, 404}
            shows = {who.name: stand.asking.sees(who, "match")}
            where = path(stand, who, f"/matches?kind={kind}&limit=100")
            await stand.ask("matches", "GET", where, status=expected, shows=shows)


async def candidates(stand: Stand, effort: Effort) -> None:
    permitted = may(stand, "person", "match") and may(stand, "opportunity", "match")
    for opportunity, (owner, kind) in effort.of(tuple(stand.opportunities.items()), permitted):
        where = f"/v1/opportunities/{opportunity}/candidates?limit=100"
        await stand.ask(
            "candidates",
            "GET",
            where,
            status=_status(stand, owner, kind),
            shows=stand.sees("match"),
            check=lambda body: _shown(stand, body["candidates"]),
        )


def _status(stand: Stand, owner: str, kind: str) -> set[int]:
    if not may(stand, "person", "match") or not may(stand, "opportunity", "match"):
        return {403}
    if stand.asking.may("opportunity", "match") == "own" and owner != stand.asking.organisation:
        return {404}
    return {200} if kind in KINDS[stand.asking.purpose] else {403}


def _shown(stand: Stand, found: Any) -> Iterator[Fault]:
    """Nobody who is not visible, everybody as they may be seen, and no reason that rests on what is withheld."""
    known, reached = names(stand), listed(stand, "match")
    people = [each["person"] for each in found]
    there = {known[view["id"]].name for view in people if view["id"] in known}
    yield from page_as_expected(people, known, stand.sees("match"), there & reached)
    for each in found:
        items = each["explanation"]["components"] + each["explanation"]["gates"]
        used = {name for item in items for name in item["uses"]}
        used |= {"skills"} if each["explanation"]["matched"] or each["explanation"]["missing"] else set()
        if hidden := used - each["person"]["attributes"].keys():
            yield Fault("leak", f"an explanation rests on {sorted(hidden)}")
