"""A shortcut refuses as the long way does, whoever words the refusal."""

import re

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from stena.shortcuts import Shortcut, Shortcuts


class Absent(Exception):
    pass


async def answer(request: Request, which: str) -> Response:
    raise Absent


def said(request: Request, error: Exception) -> Response:
    return Response(request.path_params["which"], 404)


async def said_later(request: Request, error: Exception) -> Response:
    return said(request, error)


@pytest.mark.parametrize("handler", [said, said_later])
async def test_a_refusal_is_the_same_by_either_way(handler: object) -> None:
    app = FastAPI()
    app.add_exception_handler(Absent, handler)  # type: ignore[arg-type]
    app.add_api_route("/things/{which}", lambda which: None)
    app.add_middleware(Shortcuts, calls=[Shortcut("GET", "/things/{which}", re.compile("/things/([a-z]+)"), answer)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tried.test") as http:
        told = await http.get("/things/one")
    assert (told.status_code, told.text) == (404, "one")
