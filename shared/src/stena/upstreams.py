"""Calls between services: short timeouts, the trace carried on; and policy-svc as every service sees it."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol
from urllib.parse import quote

import aiohttp
import httpx
import orjson
from httpx_aiohttp import AiohttpTransport
from pydantic import ValidationError

from stena import grants, request_id
from stena.contracts.access import Grant
from stena.contracts.catalogue import Catalogue
from stena.measuring import Times
from stena.problems import Unavailable
from stena.tracing import Span
from stena.wire import LONGEST, Connections

CALLS: Final = Times(
    "stena_upstream_call_duration_seconds", "From a call to another service to the end of its answer.", ["service", "outcome"]
)
"""``outcome`` is answered, failed (5xx), late, unreachable, or given-up: nobody waited for it any more."""
IDLE: Final = 2.0
"""Seconds for which a connection is kept for the next call: fewer than those after which the other end closes it (five; three
of a farewell, see ``serving``). A call that meets a closing connection is lost, and nobody can tell whether it was heard."""
OF_POLICY: Final = 4 * 1024 * 1024
"""Bytes of an answer of policy-svc to whoever asks it for decisions, keys and catalogues: fifty times what the starter rulebook
makes. What is longer comes from somebody else."""
REPLICAS: Final = 1
"""Seconds for which it is remembered where the replicas of a service are: they come and go."""
MOST_CATALOGUES: Final = 4
"""Revisions whose catalogues are kept: around an activation, grants of two of them come in turns."""


class CannotAnswer(Unavailable):
    """A service answered that it cannot (5xx): it is there, and perhaps it can answer something else."""


class Response(Protocol):
    """An answer as a whole."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> bytes: ...
    @property
    def is_success(self) -> bool: ...
    def json(self) -> Any: ...


class Request(Protocol):
    """Raises ``httpx.HTTPError`` or ``OSError`` where there is no answer."""

    def __call__(
        self, method: str, url: str, *, headers: dict[str, str], content: bytes | None
    ) -> Coroutine[Any, Any, Response]: ...


@dataclass(frozen=True, slots=True)
class Http:
    """What ``send`` calls the ``service`` by."""

    service: str
    request: Request


@asynccontextmanager
async def inside(
    service: str, base_url: str, *, within: float, longest: int = LONGEST, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Http]:
    """Calls to one ``service`` of the house, whose answers are no longer than ``longest`` bytes. ``transport`` is given by
    tests that keep the four services in one process.

    Not by httpx: on the same two cores a call costs a tenth of what it costs by way of httpx over aiohttp.
    """
    if transport is not None:
        async with client(base_url, within=within, transport=transport) as opened:
            yield Http(service, opened.request)
        return
    connections = Connections(base_url, idle=IDLE, longest=longest)
    try:
        yield Http(service, connections.request)
    finally:
        connections.close()


async def _carry_trace(request: httpx.Request) -> None:
    request.headers.update(request_id.current().headers)


@asynccontextmanager
async def client(
    base_url: str, *, within: float, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client for whoever is outside of the house, or called in ways of their own. ``transport`` is given by tests.

    httpx over aiohttp's transport: four times the calls per second of httpx's own on the same two cores.
    """
    async with httpx.AsyncClient(
        base_url=base_url,
        timeout=within,
        transport=transport or AiohttpTransport(client=_session),
        trust_env=False,
        event_hooks={"request": [_carry_trace]},
    ) as opened:
        yield opened


def _session() -> aiohttp.ClientSession:
    """Each new connection goes to the next replica, and to one after it if that one does not take it."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=IDLE, ttl_dns_cache=REPLICAS))


async def send(http: Http, method: str, path: str, *, within: float, headers: Mapping[str, str], json: Any = None) -> Response:
    """One call, finished ``within`` so many seconds in all. Unreachable or late: ``Unavailable``; failing: ``CannotAnswer``."""
    content = None if json is None else orjson.dumps(json)
    began, outcome = time.perf_counter(), "given-up"
    try:
        with Span(method, "client"):
            sent = {**headers, **request_id.current().headers}
            if content is not None:
                sent["content-type"] = "application/json"
            async with asyncio.timeout(within):
                response = await http.request(method, path, headers=sent, content=content)
        outcome = "failed" if response.status_code >= 500 else "answered"
    except (httpx.HTTPError, TimeoutError, OSError) as error:
        outcome = "late" if isinstance(error, TimeoutError | httpx.TimeoutException) else "unreachable"
        raise Unavailable("A service that this answer depends on does not answer. Try again shortly.") from error
    finally:
        CALLS.add(time.perf_counter() - began, http.service, outcome)
    if outcome == "failed":
        raise CannotAnswer("A service that this answer depends on cannot answer. Try again shortly.")
    return response


class PolicyService:
    """policy-svc as its enforcement points see it: its public keys and the catalogues of its rulebook's revisions.

    They are fetched when first needed, and when a grant or an answer shows that there are newer ones.
    """

    def __init__(self, http: Http, *, audience: str, within: float = 0.8) -> None:
        self._http = http
        self._audience = audience
        self._within = within
        self._verifier: grants.Verifier | None = None
        self._catalogues: dict[str, Catalogue] = {}
        self._newest: Catalogue | None = None

    async def verify(self, authorization: str | None, *, operation: str, resource: str, target: str | None) -> Grant:
        """The grant in an ``Authorization`` header, checked for exactly this call; raises ``Unauthenticated``."""
        token = grants.bearer(authorization)
        verifier = await self._verifier_for(token)
        return verifier.verify(token, operation=operation, resource=resource, target=target)

    async def authentic(self, token: str) -> Grant:
        """A grant for whichever audience, as the enforcement point sees it that asked for it; raises ``Unauthenticated``.

        What it binds is for the caller of this to compare with what was asked.
        """
        verifier = await self._verifier_for(token)
        return verifier.authentic(token)

    async def catalogue(self, revision: str | None = None) -> Catalogue:
        """The catalogue of ``revision``, or of whichever was met last. One that policy-svc no longer has is refused.

        What was met last is taken for the active one until something else is met: see ``active``.
        """
        if revision is None:
            return self._newest or await self.active()
        known = self._catalogues.get(revision) or await self.active()
        if known.revision != revision:
            # Of another replica's moment: policy-svc has it for a while.
            known = await self._fetch_catalogue(f"/rulebook/{quote(revision, safe=':')}") or known
        if known.revision != revision:
            raise grants.refused("The grant was made under another rulebook.")
        return self._met(known)

    async def active(self) -> Catalogue:
        """The catalogue that is active at this moment: one more call, which carries nothing if nothing has changed."""
        newest = self._newest
        headers = {"If-None-Match": f'"{newest.revision}"'} if newest else {}
        found = await self._fetch_catalogue("/rulebook", headers) or newest
        if found is None:
            raise Unavailable("policy-svc has no catalogue.")
        return self._met(found)

    def _met(self, catalogue: Catalogue) -> Catalogue:
        self._catalogues.pop(catalogue.revision, None)  # so that what is met often is not the first to go
        self._newest = self._catalogues[catalogue.revision] = catalogue
        while len(self._catalogues) > MOST_CATALOGUES:
            del self._catalogues[next(iter(self._catalogues))]
        return catalogue

    async def _verifier_for(self, token: str) -> grants.Verifier:
        """policy-svc may have started with a new key: look again when the token names one that is unknown here."""
        if self._verifier is None or grants.key_id(token) not in self._verifier.key_ids:
            self._verifier = await self._fetch_keys()
        return self._verifier

    async def _fetch_keys(self) -> grants.Verifier:
        response = await send(self._http, "GET", "/.well-known/jwks.json", within=self._within, headers={})
        return grants.Verifier(response.json(), self._audience)

    async def _fetch_catalogue(self, path: str, headers: Mapping[str, str] = MappingProxyType({})) -> Catalogue | None:
        """``None``: policy-svc has none there, or none other than the one that ``headers`` name."""
        response = await send(self._http, "GET", path, within=self._within, headers=headers)
        if response.status_code in (304, 404):
            return None
        try:
            return Catalogue.model_validate(response.json())
        except (ValidationError, ValueError) as error:
            raise Unavailable("policy-svc gave a catalogue that cannot be read.") from error
