"""The document of the gateway as it really is: what a developer needs to read stands at every call."""

from typing import Any

import pytest

from .running import Running

# Calls that make nothing, or a step that is taken once however often it is asked for. What a code is, nobody can say twice.
_NOTHING_NEW = (
    *("/search", "/lookup", "/export", "/close", "/proposals", "/{step}", "/audits", "/approval"),
    *("/{outcome}", "/lift", "/decisions", "/sign-in-codes", "/sign-ins"),
)

METHODS = {"get", "put", "post", "patch", "delete"}


@pytest.fixture
async def operations(running: Running) -> dict[str, dict[str, Any]]:
    document = (await running.http.get("/openapi.json")).json()
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


async def test_every_call_says_what_it_does(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        assert operation["summary"], name
        assert operation["operationId"], name
        assert operation["tags"], name
        assert operation.get("description") or not name.split()[1].startswith("/v1"), name
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(set(ids)) == len(ids)


async def test_every_call_on_data_wants_its_purpose(operations: dict[str, dict[str, Any]]) -> None:
    free = {
        "GET /v1/purposes",
        "GET /v1/attributes",
        "GET /v1/concepts",
        "GET /v1/ledger/heads",
        "GET /v1/register",
        "POST /v1/opportunities/proposals",
    }
    for name, operation in operations.items():
        required = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "header" and each["required"]}
        assert ("Processing-Purpose" in required) == (name.split()[1].startswith("/v1/") and name not in free), name
        assert ("If-Match" in required) == name.startswith("PATCH"), name
        named = {each["name"] for each in operation.get("parameters", ())}
        creates = name.startswith("POST /v1") and not name.endswith(_NOTHING_NEW)
        assert ("Idempotency-Key" in named) == creates, name
