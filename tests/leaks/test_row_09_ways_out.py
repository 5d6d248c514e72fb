"""Row 9, export, feed, CSV, logs, metrics, traces: every way out passes the same wall, or holds nothing of anybody."""

import json
from typing import Any

import pytest

from .asking import answer_text
from .canaries import Finder
from .cast import Somebody
from .expected import Expected
from .rows import ask, path
from .target import Target

AGENCY = ("employment-agency", "job-ranking")
SOMEBODY = Somebody("on the way out", 360)
SEEN = Expected(*AGENCY).sees(SOMEBODY)


@pytest.fixture
async def internal(target: Target) -> str:
    return (await target.put([SOMEBODY.line()]))[0]


@pytest.mark.parametrize(
    ("where", "accept"),
    [
        ("/v1/persons/export", "application/x-ndjson"),
        ("/v1/persons/export", "text/csv"),
        ("/v1/persons?limit=500", "application/json"),
        ("/v1/persons/changes?limit=500", "application/json"),
    ],
)
async def test_every_way_holds_what_a_read_holds(target: Target, internal: str, where: str, accept: str) -> None:
    answer = await ask(target, *AGENCY, "GET", where, headers={"Accept": accept})
    found = Finder(SOMEBODY.canaries)(answer_text(answer))
    assert found, "somebody is in it"
    assert [canary.carriers for canary in found if canary.carriers.isdisjoint(SEEN)] == []


async def test_logs_metrics_traces_and_the_ledger_hold_nothing_that_was_stored_or_sent(target: Target, internal: str) -> None:
    """With values in every place where a caller can put one, in calls that succeed and in calls that fail."""
    values = SOMEBODY.values
    about = await path(target, internal, "reception-agency", "registration")
    intake, agency = await target.client("reception-agency"), await target.client("employment-agency")
    calls: list[tuple[Any, str, str, dict[str, Any]]] = [
        (intake, "GET", f"/v1/persons?filter=email:eq:{values['email']}", {}),
        (intake, "GET", f"/v1/persons/{values['national_number']}", {}),
        (intake, "GET", f"/v1/{values['phone']}", {}),
        (intake, "POST", "/v1/persons", {"json": {"attributes": {"email": [values["email"]]}}}),
        (intake, "POST", "/v1/persons", {"content": f'{{"attributes": {{"religion": "{values["religion"]}"'}),
        (intake, "POST", "/v1/persons/lookup", {"json": {"match": {"email": values["email"]}}}),
        (intake, "PATCH", about, {"content": json.dumps({"attributes": {values["religion"]: 1}})}),
        (
            agency,
            "GET",
            "/v1/persons",
            {"headers": {"tracestate": f"a={values['national_number']}", "baggage": "cnrybaggage=1"}},
        ),
        (agency, "GET", "/v1/persons", {"headers": {"User-Agent": values["email"], "Referer": values["email"]}}),
        (agency, "GET", "/v1/persons", {"headers": {"traceparent": f"00-{values['national_number']}-x-01"}}),
    ]
    for caller, method, where, options in calls:
        purpose = "registration" if caller is intake else "job-ranking"
        assert (await caller(method, where, purpose, **options)).status_code != 503
    finder = Finder(SOMEBODY.canaries)
    places = {"logs": target.logs, "metrics": target.metrics, "traces": target.spans, "ledger": target.ledger}
    for name, read in places.items():
        kept = await read()
        assert "person" in kept, name
        assert [canary.carriers for canary in finder(kept)] == [], name
        assert "cnrybaggage" not in kept


async def test_lines_and_spans_name_the_route_and_the_decision_and_no_person(target: Target, internal: str) -> None:
    where = await path(target, internal, *AGENCY)
    answer = await ask(target, *AGENCY, "GET", where)
    decision, person = answer.json()["disclosure"]["decision"], where.rpartition("/")[2]
    for kept in (await target.logs(), await target.spans()):
        assert decision in kept
        assert "/v1/persons/{id}" in kept
        assert person not in kept
        assert internal not in kept


async def test_metrics_name_no_person_and_no_organisation(target: Target, internal: str) -> None:
    await ask(target, *AGENCY, "GET", await path(target, internal, *AGENCY))
    metrics = await target.metrics()
    assert internal not in metrics
    assert "psn_" not in metrics
    assert "employment-agency" not in metrics


async def test_what_a_caller_says_of_itself_stands_in_the_ledger_alone(target: Target, internal: str) -> None:
    said = {"Access-Justification": "cnrywhy", "Acting-User": "cnrywho", "Case-Reference": "cnrywhat"}
    answer = await ask(target, *AGENCY, "GET", await path(target, internal, *AGENCY), headers=said)
    for word in said.values():
        assert word in await target.ledger()
        assert word not in answer_text(answer)
        assert word not in await target.logs()
        assert word not in await target.metrics()
        assert word not in await target.spans()


async def test_a_trace_is_a_number_and_nothing_else(target: Target, internal: str) -> None:
    answer = await ask(target, *AGENCY, "GET", await path(target, internal, *AGENCY))
    version, trace, span, flags = answer.headers["traceresponse"].split("-")
    assert (len(trace), len(span)) == (32, 16)
    assert not set(version + trace + span + flags) - set("0123456789abcdef")
    assert internal.replace("-", "") not in trace
