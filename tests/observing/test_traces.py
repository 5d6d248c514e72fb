"""One trace over four services, told to a collector that nobody waits for, and nothing in it about anybody."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi import Path as InPath

from stena import application, request_id
from stena.settings import ServiceSettings
from stena_local.testing import Database
from tests.leaks.hostile.patience import in_the_end
from tests.leaks.target import CATALOGUE
from tests.system.house import put, standing
from tests.system.people import line
from tests.system.test_refusals import RECORD

from .receiver import Heard, collecting

CALLER = "00f067aa0ba902b7"
SERVER, CLIENT = 2, 3
EMAIL = "canary.of.spans@example.org"


async def test_a_call_is_one_trace_over_four_services(databases: Mapping[str, Database], tmp_path: Path) -> None:
    asked, said = list[Any](), list[Any]()
    with collecting() as collector:
        async with standing(tmp_path, databases, otlp_endpoint=collector.url, traces_sampler="always_on") as house:
            record = RECORD | {"assigned": ["employment-agency"], "consents": ["job-ranking"]}
            (internal,) = await put(house, line(CATALOGUE, "traced", record, email=EMAIL))
            agency = await house.caller("employment-agency")
            person = await house.pairwise(internal, "employment-agency", "job-ranking")
            path = f"/v1/persons/{person}/matches?kind=job"
            await in_the_end(lambda: agency("GET", path, "job-ranking"))

            async def matches() -> httpx.Response:  # a trace of its own each time: a busy machine answers 503
                asked.append(f"4bf92f3577b34da6a3ce929d0e0e{len(asked):04x}")
                headers = {"traceparent": f"00-{asked[-1]}-{CALLER}-01", "tracestate": "vendor=cnrystate"}
                return await agency("GET", path, "job-ranking", headers=headers)

            answer = await in_the_end(matches)
            trace = asked[-1]
            assert answer.headers["traceresponse"].startswith(f"00-{trace}-")
            said = [
                request.headers.get("tracestate") for request in house.board.seen if trace in request.headers["traceparent"]
            ]
    spans = {span.span: span for span in collector.heard() if span.trace == trace}
    assert {span.service for span in spans.values()} == {"gateway", "policy-svc", "profile-svc", "matching-svc"}
    (first,) = (span for span in spans.values() if span.parent == CALLER)
    assert (first.service, first.kind, first.name) == ("gateway", SERVER, "GET /v1/persons/{id}/matches")
    assert first.attributes["http.response.status_code"] == 200
    assert first.attributes["stena.purpose"] == "job-ranking"
    assert_a_tree(spans, first)
    assert {"identify", "decide", "fetch", "redact", "record"} <= {
        span.name for span in spans.values() if span.parent == first.span
    }
    assert set(said) == {"vendor=cnrystate"}
    for body in collector.bodies:
        for secret in (EMAIL, internal, person, "cnrystate", "kind=job", "SELECT"):
            assert secret.encode() not in body, secret


def assert_a_tree(spans: Mapping[str, Heard], first: Heard) -> None:
    """Every other span has a parent in it, and a call that was heard was made by somebody else of the house."""
    for span in spans.values():
        if span is not first:
            parent = spans[span.parent]
            assert span.kind != SERVER or (parent.kind == CLIENT and parent.service != span.service), span
            assert span.kind == SERVER or parent.service == span.service, span


@asynccontextmanager
async def told(collector_url: str, sampler: str = "always_on", share: float = 1.0) -> AsyncIterator[httpx.AsyncClient]:
    """A service of one call that tells the collector."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield

    settings = ServiceSettings(otlp_endpoint=collector_url, traces_sampler=sampler, traces_sampler_arg=share)
    app = application.create("tried", settings, lifespan)

    @app.get("/things/{id}")
    async def thing(which: Annotated[str, InPath(alias="id")]) -> dict[str, bool]:
        if which == "broken":
            raise KeyError(EMAIL)
        return {"sampled": request_id.current().sampled}

    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://tried.test") as http:
            yield http


@pytest.mark.parametrize("how", ["slow", "gone"])
async def test_nobody_waits_for_a_collector(how: str) -> None:
    with collecting(late=30.0 if how == "slow" else 0) as collector:
        url = collector.url if how == "slow" else "http://127.0.0.1:9"
        async with told(url) as http:
            begun = time.monotonic()
            for number in range(600):  # more than a batch, so that sending has begun
                assert (await http.get(f"/things/{number}")).status_code == 200
            if how == "slow":
                assert await asyncio.to_thread(collector.arrived.wait, 10)
            begun_again = time.monotonic()
            assert (await http.get("/things/1")).status_code == 200
            assert time.monotonic() - begun_again < 1
            ending = time.monotonic()
        assert time.monotonic() - ending < 4
        assert time.monotonic() - begun < 60
        collector.late = 0


async def test_of_an_exception_a_collector_hears_that_there_was_one() -> None:
    with collecting() as collector:
        async with told(collector.url) as http:
            assert (await http.get("/things/broken")).status_code == 500
    (span,) = collector.heard()
    assert (span.name, span.failed, span.attributes["http.response.status_code"]) == ("GET /things/{id}", True, 500)
    assert EMAIL.encode() not in b"".join(collector.bodies)


PARENT = f"00-4bf92f3577b34da6a3ce929d0e0e4736-{CALLER}"


@pytest.mark.parametrize(
    ("sampler", "share", "traceparent", "heard"),
    [
        ("always_on", 0.0, None, True),
        ("always_off", 1.0, f"{PARENT}-01", False),
        ("traceidratio", 0.0, f"{PARENT}-01", False),  # a stranger's wish does not count
        ("traceidratio", 1.0, f"{PARENT}-00", True),
        ("parentbased_traceidratio", 0.0, f"{PARENT}-01", True),
        ("parentbased_traceidratio", 1.0, f"{PARENT}-00", False),
        ("parentbased_traceidratio", 0.0, None, False),
    ],
)
async def test_which_traces_are_told(sampler: str, share: float, traceparent: str | None, heard: bool) -> None:
    with collecting() as collector:
        async with told(collector.url, sampler, share) as http:
            answer = await http.get("/things/1", headers={"traceparent": traceparent} if traceparent else {})
    assert answer.json() == {"sampled": heard}
    assert answer.headers["traceresponse"].endswith("-01" if heard else "-00")
    assert [span.parent for span in collector.heard()] == ([CALLER if traceparent else ""] if heard else [])
