"""The short way and the long way are one: the same answers, the same errors, the same name in what is written down."""

import re
from collections.abc import AsyncIterator
from functools import partial

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from stena import problems
from stena.problems import NotFound, Unavailable
from stena.shortcuts import Shortcut, Shortcuts


async def answer(request: Request, name: str) -> Response:
    match name:
        case "nobody":
            raise NotFound("Nobody is here.")
        case "late":
            raise Unavailable("Later.")
        case "bug":
            raise LookupError("a value")
    return Response(f"{name} {request.scope['route'].path}")


def application(*calls: Shortcut) -> FastAPI:
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    problems.install(app)
    app.add_middleware(partial(Shortcuts, calls=calls))

    @app.get("/people/{name}")
    async def read(request: Request, name: str, greeting: str = "") -> Response:
        return Response((await answer(request, name)).body + greeting.encode(), headers={"way": "long"})

    return app


SHORT = Shortcut("GET", "/people/{name}", re.compile("/people/([a-z]+)"), answer)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(SHORT), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://short.test") as opened:
        yield opened


@pytest.fixture
async def long_way() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://short.test") as opened:
        yield opened


@pytest.mark.parametrize("name", ["anna", "nobody", "late", "bug"])
async def test_both_ways_end_alike(http: httpx.AsyncClient, long_way: httpx.AsyncClient, name: str) -> None:
    short, long = [await each.get(f"/people/{name}") for each in (http, long_way)]
    assert short.status_code == long.status_code
    assert ("way" in short.headers, "way" in long.headers) == (False, name == "anna")
    told = [{k: v for k, v in each.headers.items() if k != "way"} for each in (short, long)]
    assert told[0] == told[1]
    bodies = [each.text if name == "anna" else {**each.json(), "instance": ""} for each in (short, long)]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/people/anna?greeting=!", 200),
        ("GET", "/people/Anna", 200),
        ("GET", "/people/anna/", 404),
        ("POST", "/people/anna", 405),
        ("GET", "/people/anna%2Fx", 404),
    ],
)
async def test_what_is_not_as_expected_takes_the_long_way(http: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await http.request(method, path)
    assert (answer.status_code, answer.headers.get("way")) == (status, "long" if status == 200 else None)
