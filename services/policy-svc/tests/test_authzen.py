"""AuthZEN's calls where a rulebook of purposes decides: discovery, action search, batches and the record of each call."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import structlog
from pydantic import ValidationError

from policy_svc.main import create_app
from policy_svc.settings import PolicySettings
from stena.contracts.access import Evaluation

Ask = Callable[..., Evaluation]


async def test_no_discovery_without_an_address_of_its_own(service: httpx.AsyncClient) -> None:
    assert (await service.get("/.well-known/authzen-configuration")).status_code == 404


async def test_discovery_is_open_and_from_configuration(settings: PolicySettings) -> None:
    app = create_app(settings.model_copy(update={"public_url": "https://pdp.example/"}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://evil.example") as stranger:
        document = (await stranger.get("/.well-known/authzen-configuration")).json()
    assert document["policy_decision_point"] == "https://pdp.example"
    assert all(value.startswith("https://pdp.example") for value in document.values())
    assert not {"search_subject_endpoint", "search_resource_endpoint"} & document.keys()


@pytest.mark.parametrize(
    "url", ["pdp.example", "https://", "https://pdp.example/?a=b", "https://pdp.example/#a", "ftp://pdp.example"]
)
def test_an_address_that_discovery_could_not_say_is_refused(settings: PolicySettings, url: str) -> None:
    with pytest.raises(ValidationError):
        PolicySettings(**{**settings.model_dump(), "public_url": url})


async def test_search_finds_what_evaluation_permits(service: httpx.AsyncClient, ask: Ask) -> None:
    body = ask().model_dump()
    found = (await service.post("/access/v1/search/action", json=body)).json()["results"]
    names = [
        "read",
        "list",
        "export",
        "changes",
        "create",
        "amend",
        "erase",
        "match",
        "allocate",
        "restrict",
        "object",
        "correct",
    ]
    permitted = []
    for name in names:
        answer = await service.post("/access/v1/evaluation", json={**body, "action": {"name": name}})
        permitted += [{"name": name}] if answer.json()["decision"] else []
    assert found == permitted != []
    for nothing in (ask(purpose="nothing"), ask("nobody"), ask(resource="planet")):
        assert (await service.post("/access/v1/search/action", json=nothing.model_dump())).json()["results"] == []


async def test_defaults_reach_a_grant_whole(service: httpx.AsyncClient, ask: Ask) -> None:
    body: dict[str, Any] = ask(purpose="counselling").model_dump()
    items = [{}, {"context": {"case": "7"}}, {"subject": {**body["subject"], "properties": {"purposes": ["counselling"]}}}]
    answer = (await service.post("/access/v1/evaluations", json={**body, "evaluations": items})).json()["evaluations"]
    assert [each["decision"] for each in answer] == [True, False, False]
    assert answer[1]["context"]["reason"] == "purpose-unknown", "the purpose of one context does not leak into another"
    assert answer[2]["context"]["error"]["errors"][0]["pointer"] == "/evaluations/2/subject/properties/purposes"


async def test_a_refused_call_is_recorded_with_whose_key_it_came(service: httpx.AsyncClient, ask: Ask) -> None:
    with structlog.testing.capture_logs() as records:
        await service.post("/access/v1/evaluation", json=ask(purpose="deportation").model_dump())
        await service.post("/access/v1/evaluation", json={"subject": "someone"})
        await service.get("/rulebook")
    decisions = [record for record in records if record["event"] == "decision"]
    assert [(record["caller"], record["status"]) for record in decisions] == [("gateway", 200), ("gateway", 400)]
    assert decisions[0]["outcomes"][0]["reason"] == "purpose-forbidden"
    assert "someone" not in str(records)
