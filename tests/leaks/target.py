"""A running Stena as those who attack it see it: HTTP from outside, and afterwards whatever the operator could read."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

import httpx

from gateway.deciding import reach_of
from gateway.identity import PairwiseIds, Scope
from policy_svc.loading import load
from stena.keys import secret
from tests.system.house import Caller

__all__ = ["CATALOGUE", "RULEBOOK", "Caller", "Line", "Opened", "Registered", "Target", "named", "token"]

RULEBOOK: Final = load(Path(__file__).parents[2] / "deploy" / "rulebook")
CATALOGUE: Final = RULEBOOK.catalogue

RENEWED: Final = 300.0  # seconds; half of a token's life
PATIENCE: Final = 12  # times, with a pause between them
PAUSE: Final = 0.5  # seconds

Line = Mapping[str, Any]
"""A person as `stena import` takes one."""


class Target(Protocol):
    """One deployment. Everything that it was asked and told stays in it; whoever opened it also ends it."""

    name: str
    base_url: str

    def http(self, **options: Any) -> httpx.AsyncClient:
        """Somebody outside, at the door."""
        ...

    async def client(self, organisation: str, person: str | None = None) -> "Registered":
        """A client of ``organisation`` with a token; registered when first asked for. ``person``: whom it speaks for."""
        ...

    async def put(self, lines: Iterable[Line]) -> list[str]:
        """Import people; their internal ids in the same order."""
        ...

    async def pairwise(self, internal: str, organisation: str, purpose: str) -> str:
        """The id by which an organisation knows a person for a purpose."""
        ...

    async def logs(self) -> str:
        """All that the four services have written to their logs."""
        ...

    async def metrics(self) -> str: ...

    async def spans(self) -> str:
        """All that the four services have told a collector of traces; nothing where there is none."""
        ...

    async def ledger(self) -> str:
        """Every row of the ledger as JSON, one a line."""
        ...


Opened = AbstractAsyncContextManager[Target]


def named(keys: Path, internal: str, organisation: str, purpose: str) -> str:
    """What the operator's `stena person-id` says, from the keys of a deployment; thousands of them in a second."""
    versions = {int(file.name): secret(file, 64) for file in keys.iterdir() if file.name.isdecimal()}
    return PairwiseIds(versions).name(internal, Scope(reach_of(CATALOGUE, purpose), organisation, purpose))


class Registered(Caller):
    """A registered client: its token is renewed before it ends, for a long look takes longer than one lives.

    Where a machine is too busy for a moment it asks again, as the 503 says itself; ``once`` does not.
    """

    def __init__(self, http: httpx.AsyncClient, client_id: str, client_secret: str) -> None:
        super().__init__(http)
        self._credentials = client_id, client_secret
        self._until = 0.0

    async def __call__(self, method: str, path: str, purpose: str | None = None, **kwargs: Any) -> httpx.Response:
        for _ in range(PATIENCE):
            # A connection that lay idle may be closed from there at the moment when it is used from here.
            with suppress(httpx.RemoteProtocolError, httpx.ReadError):
                answer = await self.once(method, path, purpose, **kwargs)
                if answer.status_code != 503:
                    return answer
            await asyncio.sleep(PAUSE)
        return await self.once(method, path, purpose, **kwargs)

    async def once(self, method: str, path: str, purpose: str | None = None, **kwargs: Any) -> httpx.Response:
        if time.monotonic() > self._until:
            await self.renew()
        return await super().__call__(method, path, purpose, **kwargs)

    async def renew(self) -> None:
        self.http.headers["Authorization"] = f"Bearer {await token(self.http, *self._credentials)}"
        self._until = time.monotonic() + RENEWED


async def token(http: httpx.AsyncClient, client_id: str, client_secret: str) -> str:
    """An access token; the gateway learns of a new client within a second."""
    for _ in range(50):
        answer = await http.post("/oauth2/token", auth=(client_id, client_secret), data={"grant_type": "client_credentials"})
        if answer.status_code == 200:
            return str(answer.json()["access_token"])
        await asyncio.sleep(0.1)
    raise AssertionError(answer.text)
