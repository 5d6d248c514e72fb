"""The gateway as matching-svc's only source of people: its token endpoint and its changes feed, as for any other client."""

import asyncio
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus, urlencode

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from stena import request_id
from stena.problems import Forbidden, Gone, Unauthenticated, Unavailable
from stena.upstreams import Http, Response

WITHIN: Final = 10.0
"""Seconds for one page of changes, beside those for which the gateway is asked to wait for some."""
WAIT: Final = 5
"""Seconds for which it is: it is heard often enough to be known to be there."""


Body = TypeVar("Body", bound=BaseModel)


class Person(BaseModel):
    """Of a person in the feed, only what features are made from."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    attributes: dict[str, Any]


class Change(BaseModel):
    """``person`` is none for a tombstone: no longer disclosed. ``replaces``: ids by which the same person was known before."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    replaces: tuple[str, ...] = ()
    person: Person | None


class Page(BaseModel):
    """``waited``: it came when there was something to tell, or when the time was up."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    changes: tuple[Change, ...]
    cursor: str
    more: bool
    waited: bool = False


class _Token(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    access_token: str
    expires_in: float


@dataclass(frozen=True, slots=True)
class Credentials:
    """The secret stays in its file, so that it can be renewed while the service runs."""

    client_id: str
    secret_file: Path

    async def basic(self) -> str:
        """The ``Authorization`` header of ``client_secret_basic`` (RFC 6749 §2.3.1: both parts form-encoded first)."""
        try:
            secret = (await asyncio.to_thread(self.secret_file.read_text)).strip()
        except OSError as error:
            raise Unavailable("The client's secret is not there yet.") from error
        pair = f"{quote_plus(self.client_id)}:{quote_plus(secret)}"
        return f"Basic {b64encode(pair.encode()).decode()}"


class Gateway:
    """Raises ``Gone`` when the feed must be read anew, ``Forbidden`` when the rules do not let matching follow it, and
    ``Unavailable`` for everything that may pass."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials
        self._token: str | None = None
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    async def changes(self, purpose: str, since: str | None, limit: int, *, wait: bool = False) -> Page:
        """The next page of the changes feed under ``purpose``; ``since`` none begins with everybody. ``wait`` for one with
        something in it."""
        headers = {"Authorization": f"Bearer {await self._bearer()}", "Processing-Purpose": purpose}
        headers |= {"Prefer": f"wait={WAIT}"} if wait else {}
        parameters = {"limit": str(limit)} | ({"since": since} if since is not None else {})
        response = await self._call("GET", f"/v1/persons/changes?{urlencode(parameters)}", headers)
        if response.status_code == 401:
            self._token = None  # revoked, or signed with a key that is gone: the next call gets a new one
        _refuse(response)
        page = _parsed(Page, response)
        return page.model_copy(update={"waited": "preference-applied" in response.headers})

    async def _bearer(self) -> str:
        async with self._renewing:
            if self._token is None or time.monotonic() >= self._renew_at:
                token = await self._fetch_token()
                # A fifth of its life is left to calls under way.
                self._token, self._renew_at = token.access_token, time.monotonic() + 0.8 * token.expires_in
            return self._token

    async def _fetch_token(self) -> _Token:
        headers = {"Authorization": await self._credentials.basic(), "Content-Type": "application/x-www-form-urlencoded"}
        response = await self._call("POST", "/oauth2/token", headers, b"grant_type=client_credentials")
        if response.status_code != 200:
            raise Unavailable("The gateway gives this client no token.")
        return _parsed(_Token, response)

    async def _call(self, method: str, path: str, headers: Mapping[str, str], content: bytes | None = None) -> Response:
        try:
            async with asyncio.timeout(WAIT + WITHIN):
                sent = {**headers, **request_id.current().headers}
                return await self._http.request(method, path, headers=sent, content=content)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise Unavailable("The gateway does not answer.") from error


_REFUSALS: Final[Mapping[int, type[Exception]]] = {
    400: Gone,  # a cursor that the gateway cannot read any more, because its key was renewed
    401: Unauthenticated,
    403: Forbidden,
    410: Gone,
}


def _refuse(response: Response) -> None:
    """Anything but 200 is an answer that means something to a follower, or else a fault that may pass."""
    if response.status_code == 200:
        return
    raise _REFUSALS.get(response.status_code, Unavailable)(f"The gateway answered {response.status_code}.")


def _parsed(form: type[Body], response: Response) -> Body:
    try:
        return form.model_validate_json(response.content)
    except ValidationError as error:
        raise Unavailable("The gateway gave an answer that cannot be read.") from error
