"""Whatever a caller gets wrong is told without a word of what is stored."""

import json
from typing import Final

from tests.leaks.asking import Stand

from .common import JSON, Effort, may, path

NOBODY: Final = "00000000-0000-7000-8000-000000000000"


async def mistakes(stand: Stand, effort: Effort) -> None:
    """Who is approved for nothing of the kind is refused before anything is looked at; some of it will do."""
    await _in_bodies(stand, effort)
    if stand.asking.approved:
        await _in_lists(stand, effort)
        await _in_ids(stand, effort)


async def _in_lists(stand: Stand, effort: Effort) -> None:
    somebody = stand.people[-1]
    secret = somebody.values["email"]
    status = {400} if may(stand, "person", "list") else {400, 403}
    wrong = (
        f"filter=email:contains:{secret}",
        f"filter={secret}:eq:1",
        "filter=education_level:eq:high",
        "limit=0",
        f"cursor={stand.ids[somebody.name]}",
        f"sort={secret}",
        f"fields={secret}",
    )
    for query in effort.of(wrong, True):
        await stand.ask("mistakes", "GET", f"/v1/persons?{query}", status=status | {403})


async def _in_bodies(stand: Stand, effort: Effort) -> None:
    wrong = ("", "[]", "{", json.dumps({"attributes": {"email": 1}}), json.dumps({"attributes": {"adult": True}}))
    for body in effort.of(wrong, True):
        await stand.ask("mistakes", "POST", "/v1/persons", status={400, 403}, content=body, headers=JSON)
    about = path(stand, stand.people[-1])
    await stand.ask("mistakes", "PATCH", about, status={400, 403, 404, 415}, content="{}", headers={"If-Match": '"x"'})


async def _in_ids(stand: Stand, effort: Effort) -> None:
    somebody = stand.ids[stand.people[-1].name]
    forged = somebody[:20] + ("a" if somebody[20] != "a" else "b") + somebody[21:]
    for wrong in effort.of(("psn_aaaaaaaa", "nobody", forged, somebody.upper(), "..%2f", NOBODY), True):
        await stand.ask("mistakes", "GET", f"/v1/persons/{wrong}", status={400, 403, 404})
    await stand.ask("mistakes", "PUT", f"/v1/persons/{somebody}", status=405)
    await stand.ask("mistakes", "GET", "/v1/persons/a/b/c", status=404)
