"""Row 4, cursor: where a page goes on tells nothing, and serves nobody else and nothing else."""

import base64
from typing import Any

import pytest

from .rows import ask, bring
from .target import Target

ORDER = "/v1/persons?limit=1&sort=municipality"


@pytest.fixture
async def cursors(target: Target) -> dict[str, str]:
    """A cursor after somebody in a short-named place, and one after somebody in a long-named one."""
    found = {}
    for name in ("Aa", "Aa" + "canary" * 12):
        await bring(target, f"paged {name}", residence={"municipality": name, "nuts": "BG411", "settlement": None})
        await bring(target, f"paged beside {name}", residence={"municipality": name, "nuts": "BG411", "settlement": None})
        query = f"{ORDER}&filter=municipality:eq:{name}"
        answer = await ask(target, "employment-agency", "job-ranking", "GET", query)
        found[query] = str(answer.json()["next"])
    return found


async def test_a_cursor_holds_nothing_of_anybody(target: Target, cursors: dict[str, str]) -> None:
    short, long = cursors.values()
    assert len(short) == len(long), "its length tells nothing"
    for cursor in (short, long):
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        assert b"canary" not in raw
        assert b"municipality" not in raw
        assert b"job-ranking" not in raw


async def test_the_same_place_has_another_cursor_every_time(target: Target, cursors: dict[str, str]) -> None:
    """So that one which stays the same says nothing, as that of a feed in which nothing has changed would."""
    for query, cursor in cursors.items():
        again = (await ask(target, "employment-agency", "job-ranking", "GET", query)).json()["next"]
        assert again != cursor
        assert (await ask(target, "employment-agency", "job-ranking", "GET", f"{query}&cursor={cursor}")).status_code == 200


@pytest.mark.parametrize(
    ("organisation", "purpose", "query"),
    [
        ("bread-and-bridges", "job-ranking", None),
        ("employment-agency", "training-placement", None),
        ("employment-agency", "case-continuity", "/v1/persons?limit=1"),
        ("employment-agency", "job-ranking", "/v1/persons?limit=1"),
        ("employment-agency", "job-ranking", "/v1/persons?limit=1&sort=-municipality"),
        ("employment-agency", "job-ranking", f"{ORDER}&filter=municipality:eq:Other"),
        ("employment-agency", "job-ranking", f"{ORDER}&fields=skills"),
        ("employment-agency", "job-ranking", "/v1/opportunities?limit=1"),
    ],
)
async def test_it_serves_one_caller_one_purpose_and_one_list(
    target: Target, cursors: dict[str, str], organisation: str, purpose: str, query: str | None
) -> None:
    own, cursor = next(iter(cursors.items()))
    answer = await ask(target, organisation, purpose, "GET", f"{query or own}&cursor={cursor}")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/cursor-invalid")


async def test_the_feeds_cursor_is_no_lists_and_the_other_way_round(target: Target, cursors: dict[str, str]) -> None:
    own, cursor = next(iter(cursors.items()))
    feed: Any = (await ask(target, "employment-agency", "job-ranking", "GET", "/v1/persons/changes?limit=1")).json()["cursor"]
    for query in (f"{own}&cursor={feed}", f"/v1/persons/changes?since={cursor}"):
        assert (await ask(target, "employment-agency", "job-ranking", "GET", query)).status_code == 400


async def test_whoever_changes_a_letter_of_it_has_none(target: Target, cursors: dict[str, str]) -> None:
    query, cursor = next(iter(cursors.items()))
    for place in range(0, len(cursor) - 1, 5):
        forged = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        answer = await ask(target, "employment-agency", "job-ranking", "GET", f"{query}&cursor={forged}")
        assert answer.status_code == 400, place
