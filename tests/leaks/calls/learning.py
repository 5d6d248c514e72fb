"""Skill gaps: what would help a person, told to whoever may match that person and sees their skills."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from stena.contracts.matching import KIND_PURPOSE
from tests.leaks.asking import Fault, Stand

from .common import KINDS, Effort, may, path, status_about


async def skill_gaps(stand: Stand, effort: Effort) -> None:
    permitted = may(stand, "person", "match") and stand.asking.purpose != "anonymous-shortlist"
    for who in effort.of(stand.people, permitted):
        sees = stand.asking.sees(who, "match")
        for kind in sorted(KIND_PURPOSE) if permitted else ["job"]:
            status = status_about(stand, who, "person", "match") if permitted else 403
            expected = {status} if not permitted or kind in KINDS[stand.asking.purpose] else {403, 404}
            await stand.ask(
                "skill gaps",
                "GET",
                path(stand, who, f"/skill-gaps?kind={kind}&limit=20"),
                status=expected,
                shows={who.name: sees},
                check=partial(_rests_on, sees=sees),
            )


def _rests_on(body: Any, sees: Any) -> Iterator[Fault]:
    used = {name for gap in body["gaps"] for name in gap["uses"]} | ({"skills"} if body["considered"] else set())
    if hidden := used - set(sees):
        yield Fault("leak", f"gaps rest on {sorted(hidden)}")
