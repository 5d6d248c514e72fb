"""Where a hostile client stands: a good token, an approved purpose, a person to be had; and what it must not move.

Every attack is made with what a real caller has, so that nothing but the attack itself can be the reason for a refusal.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import MetaData, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

import gateway.tables
import matching_svc.tables
import profile_svc.tables
from tests.leaks.target import CATALOGUE, Target
from tests.system.house import GATEWAY, MATCHING, PROFILE
from tests.system.people import line
from tests.system.test_refusals import RECORD

from .door import Door
from .wire import Answer, Headers, request

CANARY = "canary.of.the.stand@example.org"
MOVING = {"features", "feeds", "clients", "changes", "activity", "activity_reached", "alerts", "person_keys", "master_keys"}
"""Tables that others write to at any time: matching-svc follows its feeds, and whoever watches counts what is asked.

So is every part of the ledger, which is looked at apart."""


@dataclass(frozen=True)
class Stand:
    door: Door
    token: str
    person: str

    def headers(self, *more: tuple[str | bytes, str | bytes], purpose: str | bytes | None = "job-ranking") -> list[Any]:
        said: list[Any] = [("Authorization", f"Bearer {self.token}")]
        return [*said, *([("Processing-Purpose", purpose)] if purpose is not None else []), *more]

    async def get(self, target: str | bytes, *more: tuple[str | bytes, str | bytes], method: str = "GET") -> Answer:
        return await self.door.one(request(method, target, self.headers(*more)))

    async def post(self, target: str, body: bytes, *more: tuple[str | bytes, str | bytes], method: str = "POST") -> Answer:
        given: Headers = self.headers(("Content-Type", "application/json"), *more)
        return await self.door.one(request(method, target, given, body))

    async def refused(self, *raw: bytes, status: int = 400, slug: str | None = None, within: float = 5.0) -> list[Answer]:
        """Whatever came back is a problem document of ``status`` or a closed connection, and tells nothing of anybody."""
        answers = await self.door.send(*raw, within=within)
        for answer in answers:
            assert answer.status == status, answer
            assert slug is None or answer.slug == slug, answer
            assert_tells_nothing(answer)
        return answers

    async def state(self) -> dict[str, Any]:
        """How many rows there are and when each table was last written to; of the ledger whatever is no refusal."""
        apps = self.door.house.apps
        engine = apps[GATEWAY].state.parts.ledger._reading
        return {
            **await _rows(apps[PROFILE].state.vault.people, profile_svc.tables.metadata),
            **await _rows(apps[MATCHING].state.parts.database, matching_svc.tables.metadata),
            **await _rows(engine, gateway.tables.metadata),
            "ledger": await _of_ledger(engine),
        }


def assert_tells_nothing(answer: Answer) -> None:
    assert answer.problem["type"].startswith("/problems/")
    assert CANARY.encode() not in answer.body
    assert b'"attributes":{' not in answer.body
    assert len(answer.body) < 4_096


async def stand_at(door: Door, target: Target, name: str) -> Stand:
    (internal,) = await target.put([line(CATALOGUE, name, RECORD, email=CANARY)])
    caller = await target.client("employment-agency")
    token = caller.http.headers["Authorization"].removeprefix("Bearer ")
    return Stand(door, token, await target.pairwise(internal, "employment-agency", "job-ranking"))


async def _rows(engine: AsyncEngine, metadata: MetaData) -> dict[str, Any]:
    found = {}
    async with engine.connect() as connection:
        for table in metadata.tables.values():
            if table.name in MOVING or table.name.startswith("ledger"):
                continue
            written = select(func.count(), func.max(text("xmin::text::bigint"))).select_from(table)
            found[table.name] = tuple((await connection.execute(written)).one())
    return found


async def _of_ledger(engine: AsyncEngine) -> int:
    query = (
        """SELECT count(*) FROM ledger WHERE organisation <> 'stena-matching' AND outcome IN ('answered', 'intent', 'done')"""
    )
    async with engine.connect() as connection:
        return int(await connection.scalar(text(query)) or 0)
