"""Row 6: somebody who does not exist and somebody who is not for this caller are one answer: status, headers, body.

What time tells is measured elsewhere.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.system.people import line
from tests.system.test_refusals import RECORD

from .rows import SETTLED
from .target import CATALOGUE, Caller, Target

ELSEWHERE = ["BG", "BG3", "BG33", "BG331"]
ASSIGNED = RECORD | {"assigned": ["bread-and-bridges"]}

CALLS: Mapping[str, tuple[str, str, str, dict[str, Any]]] = {
    "read": ("GET", "", "job-ranking", {}),
    "read some": ("GET", "?fields=skills", "job-ranking", {}),
    "amend": ("PATCH", "", "job-ranking", {"json": {"attributes": {"remote": True}}, "headers": {"If-Match": '"x"'}}),
    "amend without a tag": ("PATCH", "", "job-ranking", {"json": {"attributes": {"remote": True}}}),
    "amend whatever it is": ("PATCH", "", "job-ranking", {"json": {"attributes": {}}, "headers": {"If-Match": "*"}}),
    "amend with nonsense": (
        "PATCH", "", "job-ranking", {"json": {"attributes": {"remote": 7}}, "headers": {"If-Match": '"x"'}},
    ),
    "amend what nobody may": (
        "PATCH", "", "job-ranking", {"json": {"attributes": {"gender": "male"}}, "headers": {"If-Match": '"x"'}},
    ),
    "erase": ("DELETE", "", "job-ranking", {}),
    "matches": ("GET", "/matches?kind=job", "job-ranking", {}),
    "disclosures": ("GET", "/disclosures", "job-ranking", {}),
    "consents": ("GET", "/consents", "consent-management", {}),
    "consent": (
        "PUT", "/consents/job-ranking", "consent-management",
        {"json": {"state": "given", "text_version": "1", "language": "en", "method": "paper"}},
    ),
    "withdrawal": ("DELETE", "/consents/job-ranking", "consent-management", {}),
    "notes": ("GET", "/notes", "case-continuity", {}),
    "note": ("POST", "/notes", "case-continuity", {"json": {"text": "x"}}),
    "note with a key": ("POST", "/notes", "case-continuity", {"json": {"text": "x"}, "headers": {"Idempotency-Key": "row-6"}}),
}  # fmt: skip


@dataclass(frozen=True)
class Absent:
    """Ids of one caller by purpose: nobody, and everybody who is there and not for this caller."""

    caller: Caller
    ids: Mapping[str, Mapping[str, str]]


@pytest.fixture(scope="module")
async def absent(target: Target) -> Absent:
    """bread-and-bridges, approved for one region: a person elsewhere, a protected one, one erased, one of another's id."""
    elsewhere, protected, erased, visible = await target.put(
        [
            line(CATALOGUE, "row-6-elsewhere", RECORD | {"region_path": ELSEWHERE}),
            line(CATALOGUE, "row-6-protected", RECORD | {"assigned": ["employment-agency"], "restricted": True}),
            line(CATALOGUE, "row-6-erased", RECORD, procedure_stage=SETTLED),
            line(CATALOGUE, "row-6-visible", ASSIGNED),
        ]
    )
    await erase(target, erased)
    us = "bread-and-bridges"
    ids = {}
    for purpose in {purpose for _, _, purpose, _ in CALLS.values()}:
        ids[purpose] = {
            "elsewhere": await target.pairwise(elsewhere, us, purpose),
            "protected": await target.pairwise(protected, us, purpose),
            "erased": await target.pairwise(erased, us, purpose),
            "of another organisation": await target.pairwise(visible, "employment-agency", "job-ranking"),
            "of another purpose": await target.pairwise(visible, us, "mentoring" if purpose != "mentoring" else "job-ranking"),
            "forged": "psn_" + "a" * 55,
            "no id": "nobody",
        }
    return Absent(await target.client(us), ids)


async def erase(target: Target, internal: str) -> None:
    """As the person asks for it."""
    person = await target.client("self-service", internal)
    path = f"/v1/persons/{await target.pairwise(internal, 'self-service', 'data-subject-access')}"
    erased = await person("DELETE", path, "data-subject-access")
    assert erased.is_success, erased.text


def as_seen(answer: httpx.Response) -> tuple[int, tuple[tuple[str, str], ...], str]:
    """All that a caller gets, but for the names of this one request: its trace, its decision, its date."""
    document = json.loads(answer.text) | {"instance": "", "decision": ""}
    headers = ((name, value) for name, value in answer.headers.multi_items() if name not in ("traceresponse", "date"))
    return answer.status_code, tuple(sorted(headers)), json.dumps(document, sort_keys=True)


async def asked(absent: Absent, name: str) -> dict[str, httpx.Response]:
    """The call about each of them."""
    method, path, purpose, options = CALLS[name]
    return {
        who: await absent.caller(method, f"/v1/persons/{each}{path}", purpose, **options)
        for who, each in absent.ids[purpose].items()
        if who != "of another purpose" or purpose == "job-ranking"
    }


@pytest.mark.parametrize("name", CALLS)
async def test_nobody_and_somebody_who_is_not_for_the_caller_look_the_same(absent: Absent, name: str) -> None:
    answers = await asked(absent, name)
    seen = {who: as_seen(answer) for who, answer in answers.items()}
    assert len(set(seen.values())) == 1, seen
    status = next(iter(answers.values())).status_code
    assert status in (400, 403, 404, 428), status


async def test_asking_for_nobody_uses_up_as_much_as_asking_for_somebody(absent: Absent, target: Target) -> None:
    """`RateLimit` tells what is left of a day, which is counted in the ledger: in entries that are no intent, and in people."""
    traces = {
        (name, who): answer.json()["instance"].removeprefix("urn:trace:")
        for name in CALLS
        for who, answer in (await asked(absent, name)).items()
    }
    counted: dict[str, list[int]] = {}
    for row in map(json.loads, (await target.ledger()).splitlines()):
        if row.get("outcome", "intent") != "intent":
            shown = row["people"] if row["outcome"] in ("answered", "done") else 0
            counted.setdefault(row["trace_id"], []).append(shown)
    for name in CALLS:
        used = {who: sorted(counted.get(trace, [])) for (called, who), trace in traces.items() if called == name}
        assert len({str(each) for each in used.values()}) == 1, (name, used)
    assert {len(each) for each in counted.values()} >= {1}


async def test_the_same_calls_find_somebody_who_is_there(target: Target) -> None:
    """Otherwise everything would look the same, and show nothing."""
    (internal,) = await target.put([line(CATALOGUE, "row-6-there", ASSIGNED)])
    us = "bread-and-bridges"
    caller, found = await target.client(us), {}
    for name, (method, path, purpose, options) in CALLS.items():
        person = await target.pairwise(internal, us, purpose)
        found[name] = (await caller(method, f"/v1/persons/{person}{path}", purpose, **options)).status_code
    assert {name for name, status in found.items() if status == 404} == set(), found
    assert {"read", "consents", "notes", "matches"} <= {name for name, status in found.items() if status == 200}, found
    assert (found["amend"], found["amend whatever it is"]) == (412, 200), found
