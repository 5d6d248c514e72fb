"""The token endpoint as RFC 6749 wants it, and tokens that hold for ten minutes here and nowhere else."""

import base64
import time
import uuid
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway import store
from gateway.credentials import client_assertions
from gateway.credentials.tokens import AccessTokens, CredentialsInvalid, TokenInvalid, basic_credentials

from .running import PUBLIC_URL, Running, register

FORM = {"grant_type": "client_credentials"}
KEY = OKPKey.generate_key("Ed25519", auto_kid=True)
TOKENS = AccessTokens(KEY, PUBLIC_URL)


async def test_a_client_gets_a_token_that_works(running: Running) -> None:
    client_id, secret = await register(running.engine, "employment-agency")
    await running.app.state.parts.directory.refresh()
    response = await running.http.post("/oauth2/token", auth=(client_id, secret), data=FORM)
    assert (response.status_code, response.headers["cache-control"], response.headers["pragma"]) == (
        200,
        "no-store",
        "no-cache",
    )
    body = response.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    header = {"Authorization": f"bearer {body['access_token']}"}
    assert (await running.http.get("/v1/attributes", headers=header)).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password", "username": "x", "password": "y"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        (FORM | {"scope": "everything"}, "invalid_scope"),
        (FORM | {"client_id": "x", "client_secret": "y"}, "invalid_request"),
        (FORM | {"client_assertion": "x", "client_assertion_type": "y"}, "invalid_request"),
        (FORM | {"client_assertion": "x", "client_assertion_type": client_assertions.TYPE}, "invalid_request"),
        (FORM | {"client_assertion_type": client_assertions.TYPE}, "invalid_request"),
    ],
)
async def test_what_is_not_offered_is_refused_by_name(running: Running, form: dict[str, str], error: str) -> None:
    client_id, secret = await register(running.engine, "employment-agency")
    await running.app.state.parts.directory.refresh()
    response = await running.http.post("/oauth2/token", auth=(client_id, secret), data=form)
    assert (response.status_code, response.json()["error"]) == (400, error)
    assert response.headers["cache-control"] == "no-store"


async def test_a_wrong_secret_and_an_unknown_client_look_the_same(running: Running) -> None:
    client_id, secret = await register(running.engine, "employment-agency")
    revoked_id, revoked_secret = await register(running.engine, "employment-agency")
    await store.revoke(running.engine, revoked_id)
    await running.app.state.parts.directory.refresh()
    auths: list[Any] = [(client_id, "wrong"), ("cli_unknown", secret), ("", ""), (revoked_id, revoked_secret), None]
    answers = [await running.http.post("/oauth2/token", auth=auth, data=FORM) for auth in auths]
    assert len({(a.status_code, a.text, a.headers["www-authenticate"]) for a in answers}) == 1
    assert answers[0].status_code == 401
    assert answers[0].json()["error"] == "invalid_client"
    assert answers[0].headers["www-authenticate"].startswith("Basic ")


async def test_the_metadata_says_where_everything_is(running: Running) -> None:
    metadata = (await running.http.get("/.well-known/oauth-authorization-server")).json()
    assert (metadata["issuer"], metadata["token_endpoint"]) == (PUBLIC_URL, f"{PUBLIC_URL}/oauth2/token")
    keys = (await running.http.get(httpx.URL(metadata["jwks_uri"]).path)).json()["keys"]
    assert [(key["kty"], key["crv"], "d" in key) for key in keys] == [("OKP", "Ed25519", False)]


async def test_a_revoked_client_is_refused_within_a_second(running: Running) -> None:
    caller = await running.caller()
    assert (await caller.call("GET", "/v1/attributes", purpose=None)).status_code == 200
    await store.revoke(running.engine, caller.client_id)
    began = time.monotonic()
    while (await caller.call("GET", "/v1/attributes", purpose=None)).status_code != 401:
        assert time.monotonic() - began < 2, "a second, and one more for a busy machine"


def forged(*, key: OKPKey = KEY, typ: str = "at+jwt", **changes: Any) -> str:
    claims = {"iss": PUBLIC_URL, "aud": PUBLIC_URL, "sub": "cli_x", "exp": int(time.time()) + 600} | changes
    header = {"alg": "Ed25519", "typ": typ}
    return jwt.encode(header, claims, key, algorithms=["Ed25519"])


@pytest.mark.parametrize(
    "token",
    [
        forged(exp=int(time.time()) - 1),
        forged(iss="https://elsewhere.example"),
        forged(aud="https://elsewhere.example"),
        forged(typ="JWT"),
        forged(typ="grant+jws"),
        forged(key=OKPKey.generate_key("Ed25519")),
        forged(sub=None),
        forged(exp="tomorrow"),
        "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJjbGlfeCJ9.",
        "nonsense",
        "",
    ],
)
def test_a_token_that_is_not_ours_or_no_longer_one_is_invalid(token: str) -> None:
    with pytest.raises(TokenInvalid):
        TOKENS.client_of(token)


def test_a_token_of_ours_names_its_client() -> None:
    assert TOKENS.client_of(TOKENS.issue("cli_x")) == "cli_x"


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        (basic(b"id:secret"), ("id", "secret")),
        (basic(b"id:with:colons"), ("id", "with:colons")),
        (basic(b"a%2Bb+c:s%3Acret"), ("a+b c", "s:cret")),
        (basic("id:тайна".encode()), ("id", "тайна")),
        (basic(b":"), ("", "")),
    ],
)
def test_credentials_are_form_urlencoded_first(header: str, credentials: tuple[str, str]) -> None:
    assert basic_credentials(header) == credentials


@pytest.mark.parametrize(
    "header", [None, "", "Basic", "Basic !!!", basic(b"no colon"), basic(b"\xff:\xff"), "Bearer abc", "abc"]
)
def test_a_header_without_credentials_is_refused(header: str | None) -> None:
    with pytest.raises(CredentialsInvalid):
        basic_credentials(header)


async def test_the_person_of_a_client_goes_to_the_decision_and_nothing_that_the_caller_claims(running: Running) -> None:
    person = uuid.uuid4()
    caller = await running.caller("self-service", person)
    await caller.call("GET", "/v1/persons/psn_x", purpose="data-subject-access")
    asked = running.neighbours.decided()[-1]
    assert asked["subject"]["properties"] == {"client": caller.client_id, "person": str(person)}
    assert (asked["subject"]["id"], asked["context"]) == ("self-service", {"purpose": "data-subject-access"})


def test_that_a_token_was_authentic_once_does_not_keep_it_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, now = AccessTokens(KEY, PUBLIC_URL), time.time()
    token = tokens.issue("cli_1")
    assert [tokens.client_of(token) for _ in range(2)] == ["cli_1"] * 2
    monkeypatch.setattr(time, "time", lambda: now + 601)
    for reader in (tokens, AccessTokens(KEY, PUBLIC_URL)):
        with pytest.raises(TokenInvalid):
            reader.client_of(token)
    monkeypatch.setattr(time, "time", lambda: now)
    assert tokens.client_of(token) == "cli_1"
    with pytest.raises(TokenInvalid):
        AccessTokens(OKPKey.generate_key("Ed25519", auto_kid=True), PUBLIC_URL).client_of(token)
    with pytest.raises(TokenInvalid):
        tokens.client_of(token[:-6] + "AAAAAA")
