"""The gateway as the story calls it: like any developer's own HTTP client, with a token and a purpose."""

import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Final, Self
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import Key

from stena_local.trouble import DeploymentError


@dataclass(frozen=True)
class Client:
    """The credentials of one organisation's system."""

    organisation: str
    client_id: str
    client_secret: str


@dataclass(frozen=True)
class KeyHolder:
    """One organisation's system that shows who it is by a key of its own (RFC 7523)."""

    organisation: str
    client_id: str
    key: Key = field(repr=False)

    def assertion(self, audience: str) -> str:
        """Good once, for a minute."""
        now = int(time.time())
        said = {"iss": self.client_id, "sub": self.client_id, "aud": audience, "iat": now, "exp": now + 60, "jti": uuid4().hex}
        algorithm = _ALGORITHMS[self.key.key_type]
        return jwt.encode({"alg": algorithm, "kid": self.key.kid}, said, self.key, algorithms=[algorithm])


_ALGORITHMS: Final = {"OKP": "Ed25519", "EC": "ES256", "RSA": "PS256"}
ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any

    @property
    def reason(self) -> str:
        """Why it was refused, in one stable word: the rulebook's reason, else the kind of problem. Empty for an answer."""
        if self.status < 400 or not isinstance(self.body, dict):
            return ""
        return str(self.body.get("reason") or self.body.get("type", "").rsplit("/", 1)[-1])


def get(url: str) -> Answer:
    """What anybody gets who comes without credentials."""
    try:
        response = httpx.get(url, timeout=5, trust_env=False, verify=_trusted())
    except httpx.HTTPError as error:
        raise DeploymentError(f"Nothing answers at {url}: {error}. See `stena status`.") from error
    return Answer(response.status_code, response.json())


class Gateway:
    """Tokens are fetched when first needed; they live longer than the story takes."""

    def __init__(self, url: str, within: float = 15) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=within, trust_env=False, verify=_trusted())
        self._tokens: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, client: Client | KeyHolder, purpose: str | None = None, **options: Any) -> Answer:
        """One call; a refusal is an answer like any other. ``options`` as in httpx: params, json, headers."""
        headers = {"Authorization": f"Bearer {self._token(client)}", **options.pop("headers", {})}
        if purpose is not None:
            headers["Processing-Purpose"] = purpose
        response = self._send(method, path, headers=headers, **options)
        return Answer(response.status_code, response.json() if response.content else None)

    def expect(self, method: str, path: str, client: Client, purpose: str | None = None, **options: Any) -> Any:
        """The body of a call without which the story cannot go on."""
        answer = self.call(method, path, client, purpose, **options)
        if answer.status >= 400:
            raise DeploymentError(f"{method} {path} as {client.organisation} for {purpose}: {answer.status} {answer.body}")
        return answer.body

    def knows(self, client: Client) -> bool:
        """Whether the gateway gives this client a token."""
        return self._fetch_token(client).status_code == 200

    def _token(self, client: Client | KeyHolder) -> str:
        if client.client_id not in self._tokens:
            response = self._fetch_token(client)
            if response.status_code != 200:
                raise DeploymentError(f"No token for {client.organisation}: {response.status_code} {response.text}")
            self._tokens[client.client_id] = response.json()["access_token"]
        return self._tokens[client.client_id]

    def _fetch_token(self, client: Client | KeyHolder) -> httpx.Response:
        """Client credentials (RFC 6749, section 4.4), by HTTP Basic or by an assertion."""
        form, options = {"grant_type": "client_credentials"}, {}
        match client:
            case Client():
                options["auth"] = (client.client_id, client.client_secret)
            case KeyHolder():
                form |= {"client_assertion_type": ASSERTION, "client_assertion": client.assertion(self._issuer())}
        return self._send("POST", "/oauth2/token", data=form, **options)

    def _issuer(self) -> str:
        """What the gateway calls itself (RFC 8414): by the address at which it is reached here it may not know itself."""
        answer = self._send("GET", "/.well-known/oauth-authorization-server")
        if answer.status_code != 200:
            raise DeploymentError(f"The gateway at {self.url} does not say who it is: {answer.status_code} {answer.text}")
        return str(answer.json()["issuer"])

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise DeploymentError(f"The gateway at {self.url} does not answer: {error}. See `stena status`.") from error


def _trusted() -> ssl.SSLContext:
    """Whom this machine trusts, or whom the file in SSL_CERT_FILE names: an authority's network has authorities of its own."""
    return ssl.create_default_context()
