"""Who may be one person, and making records one: by what the purpose shows of both, and about those who are its business."""

from typing import Any, Final

from tests.leaks.asking import Stand

from .common import Effort, may, path, status_about
from .telling import NOTHING

SAME: Final[dict[str, Any]] = {
    "family_name": {"native": "Двойникова", "latin": "Dvoynikova"},
    "given_name": {"native": "Вяра", "latin": "Vyara"},
    "date_of_birth": "1988-08-18",
}
"""Somebody whom nobody of the cast could be taken for."""


async def duplicates(stand: Stand, effort: Effort) -> None:
    permitted = may(stand, "person", "compare")
    seen = stand.sees("compare") if permitted else {}
    await stand.ask("duplicates", "GET", "/v1/duplicates?limit=100", status=200 if permitted else 403, shows=seen)
    for who in effort.of(stand.people, permitted):
        where = f"/v1/duplicates?person={stand.ids[who.name]}"
        await stand.ask("duplicates", "GET", where, status=status_about(stand, who, "person", "compare"), shows=seen)


async def merges(stand: Stand, effort: Effort) -> None:
    """Nobody of the cast is merged with anybody: two who came for it are, and parted again."""
    permitted = may(stand, "person", "merge")
    for who in effort.of(stand.people, permitted):
        status = status_about(stand, who, "person", "merge")
        body = {"other": stand.ids[stand.people[0].name if who is stand.people[-1] else stand.people[-1].name]}
        if status != 200:
            await stand.ask("merges", "POST", path(stand, who, "/merge"), status=status, json=body)
    this, other = [await _registered(stand, number) for number in (1, 2)] if permitted else [stand.ids["plain"]] * 2
    where = f"/v1/persons/{this}"
    merged = await stand.ask("merges", "POST", f"{where}/merge", status=201 if permitted else 403, json={"other": other})
    merge = merged.json()["id"] if merged.is_success else NOTHING
    await stand.ask("merges", "DELETE", f"{where}/merges/{merge}", status=200 if permitted else 403)
    await stand.ask("merges", "PUT", f"{where}/distinctions/{other}", status=204 if permitted else 403)


async def _registered(stand: Stand, number: int) -> str:
    """Registered anew each time: who was told apart is not proposed again."""
    made = await stand.caller("POST", "/v1/persons", "registration", json={"attributes": SAME})
    assert made.status_code == 201, f"nobody {number} to merge: {made.text}"
    return str(made.json()["id"])
