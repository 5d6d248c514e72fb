"""A service that is always busy, for the tests of how services leave: whoever comes waits until it looks up."""

import time

from fastapi import FastAPI

from stena import health


def app() -> FastAPI:
    made = FastAPI()
    made.include_router(health.router({}))

    @made.get("/")
    async def answer() -> str:
        time.sleep(0.01)  # noqa: ASYNC251 -- so that others wait at the door
        return "whole"

    return made
