"""What is seen of a call: the template of its route, its time and how it ended; a trace that goes on; nothing that was sent."""

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, redirect_stderr

import httpx
import pytest
import structlog
from fastapi import FastAPI
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest

from stena import application, health, request_id
from stena.logging import configure
from stena.measuring import Counts, Times
from stena.observing import note
from stena.problems import Unavailable
from stena.settings import ServiceSettings
from stena.upstreams import Http, send

SECRET = "canary-9001011234"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with redirect_stderr(io.StringIO()) as caught:
        configure("tried")
        yield caught
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    app = application.create("tried", ServiceSettings(), lifespan, calls_are=logging.INFO)
    app.include_router(health.router({}))

    @app.get("/people/{name}")
    async def person(name: str) -> dict[str, str]:
        note(purpose="job-ranking", decision=None)
        if name == "broken":
            raise KeyError(SECRET)
        return {**request_id.current().headers, "span": request_id.current().span_id}

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tried.test") as client:
        yield client


async def test_a_call_is_one_line_of_what_it_was_and_nothing_of_what_was_said(
    http: httpx.AsyncClient, written: io.StringIO
) -> None:
    await http.get(f"/people/{SECRET}?q={SECRET}", headers={"traceparent": PARENT, "X-Said": SECRET})
    await http.get(f"/{SECRET}")
    await http.request(SECRET, "/people/a")
    await http.get("/people/broken")
    await http.get("/healthz")
    assert SECRET not in written.getvalue()
    calls = [line for line in lines(written) if line["event"] == "call"]
    told = [(call["method"], call["route"], call["status"], call.get("purpose")) for call in calls]
    assert told == [
        ("GET", "/people/{name}", 200, "job-ranking"),
        ("GET", "none", 404, None),
        ("other", "/people/{name}", 405, None),
        ("GET", "/people/{name}", 500, "job-ranking"),
    ]
    assert calls[0]["trace"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert "decision" not in calls[0]


async def test_calls_are_counted_by_route_and_not_by_what_was_asked_for(http: httpx.AsyncClient) -> None:
    for name in ("a", "b", SECRET):
        await http.get(f"/people/{name}")
    counted = REGISTRY.get_sample_value(
        "stena_http_requests_total", {"method": "GET", "route": "/people/{name}", "status": "200"}
    )
    assert counted is not None
    assert counted >= 3
    assert SECRET not in generate_latest(REGISTRY).decode()


MANY = ",".join(f"k{number}=v" for number in range(32))


@pytest.mark.parametrize(
    ("sent", "carried"),
    [
        ("vendor=value", "vendor=value"),
        ("a=1, b@c=2 3", "a=1, b@c=2 3"),
        (MANY, MANY),
        (f"{MANY},one=more", None),
        ("a=" + "x" * 257, None),
        ("Upper=1", None),
        ("a", None),
        ("a=1,,b=2", None),
        (f"a={'x' * 250},b={'y' * 250},c={'z' * 20}", None),
    ],
)
async def test_what_others_say_of_a_trace_is_carried_on_if_it_has_the_form_of_the_standard(
    http: httpx.AsyncClient, sent: str, carried: str | None
) -> None:
    answer = await http.get("/people/a", headers={"traceparent": PARENT, "tracestate": sent})
    assert answer.json().get("tracestate") == carried
    alone = await http.get("/people/a", headers={"tracestate": sent})
    assert "tracestate" not in alone.json(), "it means something only beside its traceparent"


@pytest.mark.parametrize("flags", ["00", "01"])
async def test_a_trace_goes_on_under_a_place_of_its_own_with_the_caller_s_flag(http: httpx.AsyncClient, flags: str) -> None:
    sent = f"{PARENT[:-2]}{flags}"
    answer = await http.get("/people/a", headers={"traceparent": sent})
    version, trace, span, told = answer.json()["traceparent"].split("-")
    assert (version, trace, told) == ("00", sent.split("-")[1], flags)
    assert span == answer.json()["span"] != sent.split("-")[2]
    assert answer.headers["traceresponse"] == answer.json()["traceparent"]


def test_records_hold_no_text_of_exceptions_and_of_odd_values_their_kind_alone(written: io.StringIO) -> None:
    log = structlog.get_logger()
    try:
        raise ValueError(SECRET)
    except ValueError:
        log.exception("failed", names=frozenset({"b", "a"}), odd=KeyError(SECRET))
    log.debug("not told")
    (line,) = lines(written)
    assert SECRET not in json.dumps(line)
    assert (line["level"], line["service"], line["names"], line["odd"]) == ("error", "tried", ["a", "b"], "KeyError")


def test_times_are_told_as_prometheus_own_client_tells_them() -> None:
    bounds = (0.001, 0.25, 1.0)
    ours = Times("stena_tried_seconds", "Tried.", ["step"], bounds)
    registry = CollectorRegistry()
    theirs = Histogram("stena_tried_seconds", "Tried.", ["step"], buckets=bounds, registry=registry)
    for seconds in (0.0, 0.001, 0.0011, 0.25, 0.9, 1.0, 1.1, 500.0):
        ours.add(seconds, "decide")
        theirs.labels("decide").observe(seconds)
    REGISTRY.unregister(ours)
    mine = CollectorRegistry()
    mine.register(ours)
    assert told(mine) == told(registry)


def test_a_count_without_labels_is_there_from_the_beginning() -> None:
    count = Counts("stena_tried", "Tried.", [])
    assert REGISTRY.get_sample_value("stena_tried_total") == 0
    count.add()
    assert REGISTRY.get_sample_value("stena_tried_total") == 1
    REGISTRY.unregister(count)


def told(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


async def test_a_call_to_another_service_carries_the_trace_that_it_belongs_to() -> None:
    sent: list[dict[str, str]] = []

    class Neighbour:
        async def request(self, method: str, url: str, *, headers: dict[str, str], content: bytes | None) -> httpx.Response:
            sent.append(headers)
            return httpx.Response(204)

    trace = request_id.arrived(PARENT, "vendor=1")
    assert trace is not None
    token = request_id.use(trace)
    await send(
        Http("neighbour", Neighbour().request), "POST", "/people", within=1, headers={"Authorization": "Bearer x"}, json={}
    )
    request_id.restore(token)
    assert sent == [
        {"Authorization": "Bearer x", "traceparent": PARENT, "tracestate": "vendor=1", "content-type": "application/json"}
    ]


async def answering(method: str, url: str, *, headers: dict[str, str], content: bytes | None) -> httpx.Response:
    """Ends as the name of the person says."""
    match url.rpartition("/")[2]:
        case "late" | "given-up":
            await asyncio.sleep(30)
        case "unreachable":
            raise ConnectionRefusedError
        case "failed":
            return httpx.Response(502)
    return httpx.Response(404, json={"who": SECRET})


@pytest.mark.parametrize("outcome", ["answered", "failed", "late", "unreachable", "given-up"])
async def test_calls_to_other_services_are_counted_by_how_they_end_and_not_by_what_was_asked(outcome: str) -> None:
    neighbour = Http(f"neighbour-{outcome}", answering)
    call = asyncio.create_task(send(neighbour, "GET", f"/people/{SECRET}/{outcome}", within=0.05, headers={}))
    if outcome == "given-up":
        await asyncio.sleep(0.01)
        call.cancel()
    (ended,) = await asyncio.gather(call, return_exceptions=True)
    wanted = {"answered": httpx.Response, "given-up": asyncio.CancelledError}.get(outcome, Unavailable)
    assert isinstance(ended, wanted)
    name, labels = "stena_upstream_call_duration_seconds_count", {"service": neighbour.service, "outcome": outcome}
    assert REGISTRY.get_sample_value(name, labels) == 1
    assert SECRET.encode() not in generate_latest(REGISTRY)
