"""The one place where errors become answers: nothing internal may pass it."""

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from stena import problems
from stena.observing import Observed


class Body(BaseModel):
    limit: int


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()
    problems.install(app)
    app.add_middleware(Observed)

    @app.get("/bug")
    async def bug() -> None:
        raise RuntimeError("duplicate key (national_number)=(9901010000)")

    @app.get("/refused")
    async def refused() -> None:
        raise problems.Forbidden("Withheld.", slug="attribute-not-disclosed", attribute="gender")

    @app.post("/body")
    async def body(body: Body) -> None: ...

    return app


async def call(app: FastAPI, method: str, path: str, **kwargs: object) -> httpx.Response:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **kwargs)  # type: ignore[arg-type]


async def test_a_bug_shows_nothing_but_the_trace(app: FastAPI, capsys: pytest.CaptureFixture[str]) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await call(app, "GET", "/bug", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["instance"] == f"urn:trace:{trace}"
    assert "9901010000" not in answer.text + capsys.readouterr().out


async def test_a_problem_keeps_its_members(app: FastAPI) -> None:
    answer = await call(app, "GET", "/refused")
    assert answer.status_code == 403
    assert answer.json() | {"instance": ""} == {
        "type": "/problems/attribute-not-disclosed",
        "title": "Refused",
        "status": 403,
        "detail": "Withheld.",
        "instance": "",
        "attribute": "gender",
    }


async def test_validation_points_at_the_fault_and_echoes_nothing(app: FastAPI) -> None:
    answer = await call(app, "POST", "/body", json={"limit": "canary"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/limit"
    assert "canary" not in answer.text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/bug", 405)])
async def test_the_routers_own_errors_are_problems_too(app: FastAPI, method: str, path: str, status: int) -> None:
    answer = await call(app, method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_the_callers_trace_goes_on(app: FastAPI) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = await call(app, "GET", "/refused", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
    assert answer.json()["instance"] == f"urn:trace:{trace}"
    assert answer.headers["traceresponse"].split("-")[1] == trace


@pytest.mark.parametrize("traceparent", ["", "x", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
async def test_a_malformed_trace_is_replaced(app: FastAPI, traceparent: str) -> None:
    answer = await call(app, "GET", "/refused", headers={"traceparent": traceparent})
    assert len(answer.json()["instance"].removeprefix("urn:trace:").strip("0")) > 8
