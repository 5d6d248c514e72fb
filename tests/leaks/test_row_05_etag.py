"""Row 5, ETag, Last-Modified, updated_at: they move with what the caller sees, and with nothing else."""

import json
from typing import Any

import pytest

from .cast import cast
from .expected import Expected
from .flips import changed, flips
from .rows import ask, bring, listed, path, read
from .target import Target

AGENCY = ("employment-agency", "job-ranking")
TOGETHER = 6
SEEN = Expected(*AGENCY).sees(cast()[0])
HIDDEN = [
    (name, value) for name, value in flips(cast()[0]) if not changed(cast()[0].values, {**cast()[0].values, name: value}) & SEEN
]


async def looked_at(target: Target, internal: str) -> tuple[Any, Any, Any]:
    answer = await read(target, internal, *AGENCY)
    person = (await listed(target, *AGENCY))[answer.json()["id"]]
    return answer.headers["etag"], answer.json() | {"disclosure": None}, person


async def test_a_withheld_change_leaves_them_as_they_are(target: Target) -> None:
    """Every attribute that job ranking withholds, a few at a time."""
    somebody = cast()[0].line() | {"external_id": "tagged"}
    internal = (await target.put([somebody]))[0]
    before = await looked_at(target, internal)
    assert len(HIDDEN) > 30
    for begin in range(0, len(HIDDEN), TOGETHER):
        flipped = dict(HIDDEN[begin : begin + TOGETHER])
        somebody = somebody | {"attributes": {**somebody["attributes"], **flipped}}
        await target.put([somebody])
        assert await looked_at(target, internal) == before, list(flipped)


async def test_a_disclosed_change_moves_them(target: Target) -> None:
    internal = await bring(target, "tagged, seen")
    before = await looked_at(target, internal)
    await bring(target, "tagged, seen", digital_skills="none")
    assert (await looked_at(target, internal))[0] != before[0]


async def test_a_guess_of_a_withheld_value_cannot_be_tried_on_if_match(target: Target) -> None:
    """An amendment made to the version that the caller knows goes through, whatever else was said of the person since."""
    internal = await bring(target, "tagged, amended", {"assigned": ["employment-agency"]})
    etag = (await read(target, internal, *AGENCY)).headers["etag"]
    await bring(target, "tagged, amended", {"assigned": ["employment-agency"]}, gender="male", religion="another")
    headers = {"If-Match": etag, "Content-Type": "application/merge-patch+json"}
    where, body = await path(target, internal, *AGENCY), json.dumps({"attributes": {"remote": True}})
    answer = await ask(target, *AGENCY, "PATCH", where, headers=headers, content=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("header", ["last-modified", "age", "x-version", "x-revision"])
async def test_there_is_no_other_mark_of_a_version(target: Target, header: str) -> None:
    internal = await bring(target, "tagged, marked")
    assert header not in (await read(target, internal, *AGENCY)).headers
