"""The floor: asyncpg and bytes. No framework, no model, no wall; what PostgreSQL says of a person leaves as it came."""

import os
from typing import Any
from urllib.parse import parse_qs

import asyncpg
from sqlalchemy import make_url

ONE = "SELECT json_build_object('person_id', person_id, 'attributes', attributes)::text FROM bench_people WHERE person_id = $1"
MANY = """
    SELECT coalesce(json_agg(json_build_object('person_id', person_id, 'attributes', attributes)), '[]')::text
    FROM (SELECT person_id, attributes FROM bench_people ORDER BY person_id LIMIT $1) AS page
"""


class Bare:
    """An ASGI application."""

    pool: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        person = scope["path"].removeprefix("/persons").strip("/")
        if person:
            text = await self.pool.fetchval(ONE, person)
        else:
            text = await self.pool.fetchval(MANY, int(parse_qs(scope["query_string"])[b"limit"][0]))
        body = (text or "").encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200 if body else 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        url = make_url(os.environ["BENCH_DATABASE_URL"]).set(drivername="postgresql")
        self.pool = await asyncpg.create_pool(url.render_as_string(hide_password=False), min_size=1, max_size=10)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})


def create_app() -> Bare:
    return Bare()
