"""Limits put to work: with the counts of the day in the background, where any limit is of a day."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.limits import quotas
from gateway.limits.admitting import Admission
from gateway.limits.rules import Limits
from gateway.store import Engine


@asynccontextmanager
async def held_to(limits: Limits, replicas: int, engine: Engine) -> AsyncIterator[Admission]:
    """Callers are held to ``limits`` for as long as the context is open."""
    day = quotas.Quotas(quotas.read_from(engine))
    admission = Admission(limits, replicas, day)
    if not limits.by_day:
        yield admission
        return
    async with quotas.followed(day):
        yield admission
