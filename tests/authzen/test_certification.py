"""The certification scenario of AuthZEN's Authorization API 1.0 over HTTP: basic, batch, action search and discovery.

Subject and resource search are not offered. Items of a batch replace defaults as whole objects, so the scenario's
advisory case of an item that names half a resource is a deny here.
"""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.processes

ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
ADMIN = {**BOB, "properties": {"role": "admin"}}
ACTIVE, ARCHIVED = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
SAID_ARCHIVED = {**ARCHIVED, "properties": {"status": "archived"}}
READ, WRITE = {"name": "read"}, {"name": "write"}


def deletes(soft: bool) -> dict[str, Any]:
    return {"name": "delete", "properties": {"soft": soft}}


def asked(subject: Any = ALICE, action: Any = READ, resource: Any = ACTIVE, **others: Any) -> dict[str, Any]:
    return {"subject": subject, "action": action, "resource": resource, **others}


def decided(service: httpx.Client, body: dict[str, Any], call: str = "evaluation") -> bool:
    answer = service.post(f"/access/v1/{call}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    decision = answer.json()["decision"]
    assert isinstance(decision, bool)
    return decision


def records_of(traces: list[str], log: Path) -> list[dict[str, Any]]:
    """What the log holds of these calls, once it holds something of each: it is written after the answer has left."""
    for _ in range(50):
        records = [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]
        records = [each for each in records if each.get("trace") in traces]
        if {each["trace"] for each in records} == set(traces):
            break
        time.sleep(0.1)
    return records


def batch(service: httpx.Client, body: dict[str, Any]) -> list[bool]:
    answer = service.post("/access/v1/evaluations", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"evaluations"}
    return [each["decision"] for each in answer.json()["evaluations"]]


@pytest.mark.parametrize(
    ("body", "decision"),
    [
        (asked(), True),
        (asked(action=WRITE), True),
        (asked(BOB), True),
        (asked(BOB, WRITE), False),
        (asked(action=WRITE, resource=SAID_ARCHIVED), False),
        (asked(action=WRITE, resource=ARCHIVED), False),
        (asked(ADMIN, WRITE, SAID_ARCHIVED), True),
        (asked(BOB, WRITE, ARCHIVED), True),
        (asked(action=deletes(soft=True)), True),
        (asked(action=deletes(soft=False)), False),
        (asked(action={"name": "delete"}), False),
        (asked(action={"name": "delete", "properties": {"soft": 1}}), False),
        (asked(context={"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}), True),
        (asked(foo="bar", futureField={"nested": True}), True),
        (
            asked(
                {**ALICE, "properties": {"department": "Sales", "role": "manager"}},
                {"name": "read", "properties": {"method": "GET"}},
                {**ACTIVE, "properties": {"status": "active", "owner": "bob"}},
            ),
            True,
        ),
    ],
)
def test_each_decision_of_the_scenario(service: httpx.Client, body: dict[str, Any], decision: bool) -> None:
    assert decided(service, body) is decision
    assert decided(service, body) is decision


def test_nobody_becomes_somebody_by_saying_so(service: httpx.Client) -> None:
    """What the rulebook lists wins; to contradict it is a mistake, and a type that is listed is listed whole."""
    assert not decided(service, asked({**ALICE, "properties": {"role": "admin"}}, WRITE, ARCHIVED))
    stranger = {"type": "user", "id": "mallory", "properties": {"role": "admin"}}
    assert not decided(service, asked(stranger, WRITE, ARCHIVED))
    assert not decided(service, asked(stranger))
    for body, place in (
        (asked(resource={**ARCHIVED, "properties": {"status": "active"}}), "/resource/properties/status"),
        (asked({**BOB, "properties": {"role": "guest"}}), "/subject/properties/role"),
        (asked({**BOB, "properties": {"id": "alice"}}), "/subject/properties/id"),
    ):
        answer = service.post("/access/v1/evaluation", json=body)
        assert answer.status_code == 400
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [place]


@pytest.mark.parametrize("call", ["evaluation", "evaluations"])
@pytest.mark.parametrize(
    "body",
    [
        *({part: value for part, value in asked().items() if part != missing} for missing in asked()),
        asked({"id": "alice"}),
        asked({"type": "user"}),
        asked(action={}),
        asked(resource={"id": "record-1"}),
        asked(resource={"type": "record"}),
        asked("alice"),
        asked(action={"name": 123}),
        asked(context="now"),
    ],
)
def test_what_is_missing_or_mistyped_is_400(service: httpx.Client, call: str, body: dict[str, Any]) -> None:
    assert service.post(f"/access/v1/{call}", json=body).status_code == 400


@pytest.mark.parametrize("call", ["evaluation", "evaluations", "search/action"])
@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (json.dumps(asked()).encode(), "text/plain"),
        (json.dumps(asked()).encode(), None),
        (json.dumps(asked()).encode()[:-1] + b', "action": {"name": "delete"}}', "application/json"),
        (json.dumps(asked()).encode().replace(b'"alice"', b'"alice", "id": "bob"'), "application/json"),
        (json.dumps(asked()).encode()[:-1] + b', "context": {"n": NaN}}', "application/json"),
    ],
)
def test_a_body_that_is_not_one_plain_object_is_400(
    service: httpx.Client, call: str, content: bytes, content_type: str | None
) -> None:
    headers = {"X-Request-ID": "bad-1"} | ({"Content-Type": content_type} if content_type else {})
    answer = service.post(f"/access/v1/{call}", content=content, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["x-request-id"] == "bad-1"


@pytest.mark.parametrize("call", ["evaluation", "evaluations", "search/action"])
def test_methods_keys_and_headers(service: httpx.Client, call: str) -> None:
    path = f"/access/v1/{call}"
    assert [service.request(method, path).status_code for method in ("GET", "PUT", "DELETE")] == [405] * 3
    nobody = service.post(path, json=asked(), headers={"Authorization": "Bearer wrong"})
    assert (nobody.status_code, nobody.headers["www-authenticate"][:6]) == (401, "Bearer")
    content, trace = json.dumps(asked()), "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Request-ID": "bfe9eb29 é",
        "traceparent": f"00-{trace}-00f067aa0ba902b7-00",
    }
    sent = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    answer = service.post(path, content=content, headers=sent)
    assert answer.status_code == 200
    assert answer.headers.raw[[name.lower() for name, _ in answer.headers.raw].index(b"x-request-id")][
        1
    ] == "bfe9eb29 é".encode("latin-1")
    assert answer.headers["traceresponse"].split("-")[1] == trace
    assert "x-request-id" not in service.post(path, json=asked()).headers


def test_batches_with_defaults(service: httpx.Client) -> None:
    assert batch(service, asked(BOB, evaluations=[{"action": READ}, {"action": WRITE}])) == [True, False]
    assert batch(service, {"evaluations": [asked(), asked(BOB, WRITE)]}) == [True, False]
    said_active = {**ACTIVE, "properties": {"status": "active"}}
    items = [{"resource": said_active}, {"resource": SAID_ARCHIVED}]
    assert batch(service, {"subject": ALICE, "action": WRITE, "evaluations": items}) == [True, False]
    both = [{"subject": ALICE}, {"subject": ADMIN}]
    assert batch(service, {"action": WRITE, "resource": SAID_ARCHIVED, "evaluations": both}) == [False, True]
    contexts = [{"resource": ACTIVE}, {"resource": ARCHIVED, "context": {"source": "override"}}]
    assert batch(service, {"subject": ALICE, "action": READ, "context": {"time": "x"}, "evaluations": contexts}) == [True, True]


def test_an_item_replaces_a_default_whole(service: httpx.Client) -> None:
    """Half of one resource and half of another would be a resource that nobody asked about."""
    items: list[dict[str, Any]] = [{"resource": {"id": "record-1"}}, {}]
    assert batch(service, asked(action=WRITE, resource=ACTIVE, evaluations=items)) == [False, True]
    soft = asked(action=deletes(soft=True), evaluations=[{"action": {"name": "delete"}}, {}])
    assert batch(service, soft) == [False, True]


@pytest.mark.parametrize(
    "item", [{}, 7, None, [], {"resource": 7}, {"resource": {**ARCHIVED, "properties": {"status": "active"}}}]
)
def test_an_item_that_cannot_be_read_is_denied_in_its_place(service: httpx.Client, item: Any) -> None:
    body = {"subject": ALICE, "action": READ, "evaluations": [{"resource": ACTIVE}, item, {"resource": ARCHIVED}]}
    answer = service.post("/access/v1/evaluations", json=body).json()["evaluations"]
    assert [each["decision"] for each in answer] == [True, False, True]
    assert answer[1]["context"]["error"]["status"] == 400


@pytest.mark.parametrize("evaluations", [{}, {"evaluations": []}])
def test_no_evaluations_are_a_single_one(service: httpx.Client, evaluations: dict[str, Any]) -> None:
    assert decided(service, asked(**evaluations), "evaluations") is True
    assert decided(service, asked(BOB, WRITE, **evaluations), "evaluations") is False


@pytest.mark.parametrize(
    ("semantic", "decisions"),
    [
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_the_three_semantics(service: httpx.Client, semantic: str, decisions: list[bool]) -> None:
    items = [{"action": READ}, {"action": WRITE}, {"action": READ}, {}]
    body = {"subject": BOB, "resource": ACTIVE, "evaluations": items, "options": {"evaluations_semantic": semantic, "other": 1}}
    assert batch(service, body) == decisions


def test_a_failure_ends_a_batch_that_a_denial_ends(service: httpx.Client) -> None:
    body = {"subject": ALICE, "action": READ, "evaluations": [{}, {"resource": ACTIVE}, {"resource": ARCHIVED}]}
    assert batch(service, body | {"options": {"evaluations_semantic": "deny_on_first_deny"}}) == [False]
    assert batch(service, body | {"options": {"evaluations_semantic": "permit_on_first_permit"}}) == [False, True]


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": {"evaluations_semantic": "first_of_all"}},
        {"options": {"evaluations_semantic": None}},
        {"options": {"evaluations_semantic": ["execute_all"]}},
        {"options": []},
        {"evaluations": {}},
        {"evaluations": None},
        {"subject": "alice"},
        {"context": 7},
        {"evaluations": [{}] * 101},
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_is_400(service: httpx.Client, wrong: dict[str, Any]) -> None:
    body = {**asked(evaluations=[{"action": READ}]), **wrong}
    assert service.post("/access/v1/evaluations", json=body).status_code == 400


@pytest.mark.parametrize(
    ("body", "actions"),
    [
        ({"subject": ALICE, "resource": ACTIVE}, ["read", "write"]),
        ({"subject": BOB, "resource": ACTIVE}, ["read"]),
        ({"subject": ADMIN, "resource": SAID_ARCHIVED}, ["read", "write"]),
        (
            {"subject": ALICE, "resource": ACTIVE, "context": {"time": "x"}, "page": {"limit": 1}, "action": {}},
            ["read", "write"],
        ),
        ({"subject": {"type": "user", "id": "nonexistent-user"}, "resource": ACTIVE}, []),
        ({"subject": {"type": "spaceship", "id": "x"}, "resource": ACTIVE}, []),
        ({"subject": ALICE, "resource": {"type": "planet", "id": "x"}}, []),
    ],
)
def test_action_search(service: httpx.Client, body: dict[str, Any], actions: list[str]) -> None:
    answer = service.post("/access/v1/search/action", json=body)
    assert answer.status_code == 200
    assert answer.json()["results"] == [{"name": name} for name in actions]
    assert answer.json()["page"] == {"next_token": "", "count": len(actions)}
    for name in actions:
        assert decided(service, {**body, "action": {"name": name}}), "what a search finds, an evaluation permits"


@pytest.mark.parametrize(
    "body",
    [
        {"subject": ALICE},
        {"resource": ACTIVE},
        {"subject": {"type": "user"}, "resource": ACTIVE},
        {"subject": ALICE, "resource": {"type": "record"}},
        {"subject": ALICE, "resource": ACTIVE, "page": 7},
        {"subject": {**BOB, "properties": {"role": "guest"}}, "resource": ACTIVE},
    ],
)
def test_a_search_that_cannot_be_read_is_400(service: httpx.Client, body: dict[str, Any]) -> None:
    assert service.post("/access/v1/search/action", json=body).status_code == 400


def test_discovery_says_what_was_configured(service: httpx.Client) -> None:
    path = "/.well-known/authzen-configuration/tenant"
    answer = service.get(path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Authorization": ""})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "policy_decision_point": "https://pdp.example/tenant",
        "access_evaluation_endpoint": "https://pdp.example/tenant/access/v1/evaluation",
        "access_evaluations_endpoint": "https://pdp.example/tenant/access/v1/evaluations",
        "search_action_endpoint": "https://pdp.example/tenant/access/v1/search/action",
    }


@pytest.mark.parametrize("kind", ["subject", "resource"])
def test_searches_that_are_not_offered_are_404(service: httpx.Client, kind: str) -> None:
    assert service.post(f"/access/v1/search/{kind}", json=asked()).status_code == 404


def test_every_call_leaves_one_record_without_a_word_of_it(service: httpx.Client, log: Path) -> None:
    secret = {"type": "user", "id": "Sensitive-Name", "properties": {"role": "Sensitive-Role"}}
    answers = [
        service.post("/access/v1/evaluation", json=asked(secret, {"name": "Sensitive-Action"})),
        service.post("/access/v1/evaluations", json={"subject": secret, "evaluations": [asked(), {}]}),
        service.post("/access/v1/search/action", json=asked()),
        service.post("/access/v1/evaluation", content=b"Sensitive"),
        service.post("/access/v1/evaluation", json=asked(), headers={"Authorization": "Bearer wrong"}),
        service.get("/access/v1/evaluation"),
        service.post("/access/v1/Sensitive-Path", json=asked()),
    ]
    records = records_of([answer.headers["traceresponse"].split("-")[1] for answer in answers], log)
    assert "Sensitive" not in log.read_text()
    assert [(each["event"], each["call"], each["status"], each["caller"]) for each in records] == [
        ("decision", "evaluation", 200, "enforcement-point"),
        ("decision", "evaluations", 200, "enforcement-point"),
        ("decision", "search/action", 200, "enforcement-point"),
        ("decision", "evaluation", 400, "enforcement-point"),
        ("decision", "evaluation", 401, None),
        ("decision", "evaluation", 405, None),
        ("decision", "unknown", 404, None),
    ]
    (single,) = records[0]["outcomes"]
    assert (single["id"][:4], single["decision"], single["reason"]) == ("dec_", False, "not-necessary")
    assert [outcome["decision"] for outcome in records[1]["outcomes"]] == [True, False]
