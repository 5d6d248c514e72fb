"""policy-svc over HTTP, on a real PostgreSQL: AuthZEN's shape, grants that verify, and no answer to strangers."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from stena.contracts.access import Evaluation, EvaluationResponse
from stena.contracts.catalogue import Catalogue, Promises
from stena.grants import LIFETIME, Verifier

Ask = Callable[..., Evaluation]


async def _evaluate(service: httpx.AsyncClient, evaluation: Evaluation) -> EvaluationResponse:
    answer = await service.post("/access/v1/evaluation", json=evaluation.model_dump())
    assert answer.status_code == 200, answer.text
    return EvaluationResponse.model_validate_json(answer.content)


async def test_a_permit_carries_a_grant_that_binds_exactly_the_call(service: httpx.AsyncClient, ask: Ask) -> None:
    answer = await _evaluate(service, ask(record="someone", case="case 7"))
    verifier = Verifier((await service.get("/.well-known/jwks.json")).json(), "profile-svc")
    grant = verifier.verify(answer.context.grant or "", operation="read", resource="person", target="someone")
    catalogue = Catalogue.model_validate((await service.get("/rulebook")).json())
    assert answer.decision
    assert answer.context.rules == ("counselling.operate",)
    assert grant.jti == answer.context.id
    assert (grant.organisation, grant.purpose, grant.case, grant.ids, grant.kinds) == (
        *("lantern", "counselling", "case 7", "purpose"),
        ("service",),
    )
    assert grant.rulebook == answer.context.rulebook == catalogue.revision
    assert grant.exp - grant.iat == LIFETIME
    names = [attribute.name for attribute in catalogue.attributes]
    assert sorted([*grant.disclose, *grant.withhold]) == sorted(names)


async def test_the_audience_follows_from_the_resource(service: httpx.AsyncClient, ask: Ask) -> None:
    keys = (await service.get("/.well-known/jwks.json")).json()
    answer = await _evaluate(service, ask("self", "own-data", resource="ledger", record="me", person="me"))
    grant = Verifier(keys, "gateway").verify(answer.context.grant or "", operation="read", resource="ledger", target="me")
    assert grant.disclose == {}


async def test_a_deny_is_200_without_a_grant_and_says_why(service: httpx.AsyncClient, ask: Ask) -> None:
    answer = await service.post("/access/v1/evaluation", json=ask(purpose="deportation").model_dump())
    body = answer.json()
    assert (answer.status_code, body["decision"]) == (200, False)
    assert body["context"]["reason"] == "purpose-forbidden"
    assert body["context"]["alert"] is True
    assert "grant" not in body["context"]


async def test_questions_in_one_call_are_answered_in_order(service: httpx.AsyncClient, ask: Ask) -> None:
    questions = [ask(), ask(purpose="nothing"), ask(action="erase")]
    answer = await service.post("/access/v1/evaluations", json={"evaluations": [each.model_dump() for each in questions]})
    assert [each["decision"] for each in answer.json()["evaluations"]] == [True, False, False]


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/access/v1/evaluation"),
        ("POST", "/access/v1/evaluations"),
        ("GET", "/rulebook/organisations/lantern/promises"),
    ],
)
async def test_strangers_get_401_with_a_challenge(
    stranger: httpx.AsyncClient, ask: Ask, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await stranger.request(method, path, headers=headers, json=ask().model_dump() if method == "POST" else None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"text"', "application/json"),
        (b"{}", "text/plain"),
        (b"{}", "application/json"),
        (b'{"subject": {"type": "organisation", "id": 7}, "action": {"name": "read"}, "resource": {"type": "person"}}', None),
        (b'{"subject": {"type": "o", "id": "x"}, "action": {"name": ["read"]}, "resource": {"type": "person"}}', None),
        (b'{"subject": {"type": "o", "id": "x"}, "action": {"name": "read"}, "resource": "person"}', None),
        (b'{"subject": {"type": "o", "id": "x"}, "action": {"name": "read"}, "resource": {"type": "p"}, "context": 1}', None),
        (b"[" * 100_000, "application/json"),
    ],
)
async def test_malformed_bodies_are_400(service: httpx.AsyncClient, body: bytes, content_type: str | None) -> None:
    headers = {"Content-Type": content_type or "application/json; charset=utf-8", "X-Request-ID": "q-1"}
    answer = await service.post("/access/v1/evaluation", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "q-1"


async def test_a_body_over_the_bound_is_413(service: httpx.AsyncClient) -> None:
    answer = await service.post("/access/v1/evaluation", content=b" " * (1024 * 1024 + 1))
    assert answer.status_code == 413


async def test_get_is_405_and_unknown_members_are_ignored(service: httpx.AsyncClient, ask: Ask) -> None:
    assert (await service.get("/access/v1/evaluation")).status_code == 405
    assert (await service.put("/access/v1/evaluation", json={})).status_code == 405
    body = ask().model_dump() | {"surplus": {"anything": 1}}
    body["subject"]["surplus"] = 1
    assert (await service.post("/access/v1/evaluation", json=body)).json()["decision"] is True


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        (("subject", "properties", "purposes"), "/subject/properties/purposes"),
        (("subject", "properties", "regions"), "/subject/properties/regions"),
        (("subject", "properties", "kind"), "/subject/properties/kind"),
        (("resource", "properties", "record"), "/resource/properties/record"),
        (("resource", "properties", "owner"), "/resource/properties/owner"),
        (("context", "consent"), "/context/consent"),
        (("context", "addressed"), "/context/addressed"),
        (("context", "purpose_and_broader"), "/context/purpose_and_broader"),
    ],
)
async def test_nobody_claims_what_the_rulebook_owns(
    service: httpx.AsyncClient, ask: Ask, path: tuple[str, ...], pointer: str
) -> None:
    body: Any = ask().model_dump()
    inner = body
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = ["counselling"]
    answer = await service.post("/access/v1/evaluation", json=body)
    assert answer.status_code == 400
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]


async def test_promises_say_what_would_be_disclosed(service: httpx.AsyncClient) -> None:
    answer = await service.get("/rulebook/organisations/lantern/promises")
    (promise,) = Promises.model_validate_json(answer.content).promises
    assert promise.purpose.id == "counselling"
    assert promise.operations == ("read", "list", "export", "amend", "match")
    assert promise.disclose["skills"].when is True
    assert promise.disclose["given_name"].otherwise == "not-assigned"
    assert (promise.legal_basis, promise.regions, promise.valid_until) == ("GDPR-6-1-e", ("BG41",), "2099-12-31")
    assert (await service.get("/rulebook/organisations/nobody/promises")).status_code == 404


async def test_promises_reach_what_wants_a_reason_or_oneself(service: httpx.AsyncClient) -> None:
    harbour = Promises.model_validate_json((await service.get("/rulebook/organisations/harbour/promises")).content)
    assert {promise.purpose.id: promise.operations for promise in harbour.promises} == {
        "welfare": ("export",),
        "counselling": ("read", "list", "export", "amend", "match"),
        "rescue": ("read",),
    }
    own = Promises.model_validate_json((await service.get("/rulebook/organisations/self/promises")).content)
    assert own.promises[0].operations == ("read", "ledger:read")
    assert own.promises[0].disclose["health_needs"].when is True
