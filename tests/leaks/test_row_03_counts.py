"""Row 3, counts: how many there are of something is only ever told of those who are shown."""

from typing import Any

import pytest

from .rows import VARNA, ask, bring, listed
from .target import Target

PERSON = '{"person"'


async def test_a_page_has_no_total(target: Target) -> None:
    await bring(target, "counted")
    answer = await ask(target, "employment-agency", "job-ranking", "GET", "/v1/persons?limit=1")
    assert answer.json().keys() == {"people", "next", "truncated", "disclosure"}
    assert not [name for name in answer.headers if "count" in name or "total" in name or "range" in name]


@pytest.mark.parametrize("parameter", ["count", "total", "facets", "group_by", "aggregate", "include_total"])
async def test_none_is_to_be_had(target: Target, parameter: str) -> None:
    for where in ("/v1/persons", "/v1/persons/export", "/v1/persons/changes"):
        answer = await ask(target, "employment-agency", "job-ranking", "GET", f"{where}?{parameter}=gender")
        assert answer.status_code == 400, where


async def test_whether_there_is_more_is_said_of_visible_people_alone(target: Target) -> None:
    """Behind the last visible person stand others, of another region and of another organisation."""
    own: dict[str, Any] = {"created_by": "bread-and-bridges"}
    await bring(target, "counted, own", own)
    await bring(target, "counted, elsewhere", own | {"region_path": VARNA})
    await bring(target, "counted, of others")
    visible = await listed(target, "bread-and-bridges", "registration")
    assert 0 < len(visible) < 400
    answer = await ask(target, "bread-and-bridges", "registration", "GET", f"/v1/persons?limit={len(visible)}")
    assert (answer.json()["next"], answer.json()["truncated"]) == (None, False)
    assert "link" not in answer.headers
    answer = await ask(target, "bread-and-bridges", "registration", "GET", f"/v1/persons?limit={len(visible) + 1}")
    assert (answer.json()["next"], answer.json()["truncated"]) == (None, False)


async def test_an_export_counts_whom_it_holds(target: Target) -> None:
    await bring(target, "counted, exported")
    answer = await ask(target, "employment-agency", "job-ranking", "GET", "/v1/persons/export")
    lines = answer.text.splitlines()
    shown = sum(line.startswith(PERSON) for line in lines)
    assert f'"people":{shown},' in lines[-1]
