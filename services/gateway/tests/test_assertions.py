"""Clients that show who they are by a signature of their own: what is taken, and what is refused, and once each."""

import asyncio
import base64
import hmac
import json
import time
import uuid
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey

from gateway import store
from gateway.credentials import client_assertions, provider_keys, signed_tokens
from gateway.credentials.signed_tokens import KeysInvalid, own_keys
from gateway.credentials.tokens import new_secret, secret_hash
from gateway.store import assertions
from gateway.tables import client_assertions as client_assertions_table

from .running import PUBLIC_URL, Running, register

KEYS: Mapping[str, Key] = {
    "RS256": RSAKey.generate_key(2048, auto_kid=True),
    "PS256": RSAKey.generate_key(2048, auto_kid=True),
    "ES256": ECKey.generate_key("P-256", auto_kid=True),
    "Ed25519": OKPKey.generate_key("Ed25519", auto_kid=True),
}
OTHER = ECKey.generate_key("P-256", auto_kid=True)
ENDPOINT = f"{PUBLIC_URL}/oauth2/token"


def jwks(*keys: Key) -> str:
    return json.dumps(KeySet(list(keys)).as_dict(private=False))


async def registered(running: Running, **shown: Any) -> str:
    client_id = f"cli_{uuid.uuid4().hex[:20]}"
    secret = secret_hash(new_secret())
    row = store.Client(client_id, "a test", "employment-agency", None, secret, datetime.now(UTC), **shown)
    await store.register(running.engine, row)
    await running.app.state.parts.directory.refresh()
    return client_id


def assertion(client: str, key: Key = KEYS["ES256"], header: Mapping[str, Any] | None = None, **claims: Any) -> str:
    now = int(time.time())
    said = {"iss": client, "sub": client, "aud": PUBLIC_URL, "iat": now, "exp": now + 60, "jti": uuid.uuid4().hex} | claims
    told = {"alg": "ES256", "kid": key.kid} | dict(header or {})
    said, told = ({name: value for name, value in each.items() if value is not None} for each in (said, told))
    with warnings.catch_warnings(action="ignore", category=SecurityWarning):  # of the older name of Ed25519
        return jwt.encode(told, said, key, algorithms=[told["alg"]])


async def shown(running: Running, text: str, **more: str) -> httpx.Response:
    form = {"grant_type": "client_credentials", "client_assertion_type": client_assertions.TYPE, "client_assertion": text}
    return await running.http.post("/oauth2/token", data=form | more)


@pytest.mark.parametrize("algorithm", [*KEYS, "EdDSA"])
async def test_each_kind_of_key_gets_a_token_that_works(running: Running, algorithm: str) -> None:
    key = KEYS["Ed25519" if algorithm == "EdDSA" else algorithm]
    client = await registered(running, jwks=jwks(*KEYS.values()))
    text = assertion(client, key, {"alg": algorithm})
    answer = await shown(running, text, client_id=client)
    assert answer.status_code == 200, answer.text
    header = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await running.http.get("/v1/attributes", headers=header)).status_code == 200


def by_hmac(client: str) -> str:
    """No library makes this any more: signed with the public key for a secret."""
    claims = assertion(client).split(".")[1]
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": KEYS["RS256"].kid}).encode()).rstrip(b"=").decode()
    pem = RSAKey.import_key(KEYS["RS256"].as_dict()).as_pem(private=False)
    signature = base64.urlsafe_b64encode(hmac.digest(pem, f"{header}.{claims}".encode(), "sha256")).rstrip(b"=").decode()
    return f"{header}.{claims}.{signature}"


def refused(client: str) -> Mapping[str, str]:
    """Assertions that say the right thing in a wrong way."""
    now = int(time.time())
    unsigned = assertion(client).split(".")
    return {
        "by another's key": assertion(client, OTHER),
        "by another's key of the same name": assertion(client, OTHER, {"kid": KEYS["ES256"].kid}),
        "without the name of one of several keys": assertion(client, header={"kid": None}),
        "under a public key as a secret": by_hmac(client),
        "unsigned": f"eyJhbGciOiJub25lIn0.{unsigned[1]}.",
        "with what is critical": assertion(client, header={"crit": ["kid"]}),
        "of another kind": assertion(client, header={"typ": "at+jwt"}),
        "of another client": assertion(client, iss="cli_other", sub="cli_other"),
        "about another client": assertion(client, sub="cli_other"),
        "by another client": assertion(client, iss="cli_other"),
        "for another server": assertion(client, aud="https://elsewhere.example"),
        "for another server too": assertion(client, aud=[PUBLIC_URL, "https://elsewhere.example"]),
        "for nobody": assertion(client, aud=None),
        "for an empty list": assertion(client, aud=[]),
        "over": assertion(client, exp=now - 60),
        "without an end": assertion(client, exp=None),
        "that ends in words": assertion(client, exp="tomorrow"),
        "that lives for an hour": assertion(client, exp=now + 3600),
        "of tomorrow": assertion(client, iat=now + 86_400),
        "not before tomorrow": assertion(client, nbf=now + 86_400),
        "without a name": assertion(client, jti=None),
        "with an empty name": assertion(client, jti=""),
        "with a name of a page": assertion(client, jti="x" * 256),
        "nothing": "a.b.c",
        "empty": "",
    }


async def test_an_assertion_counts_only_as_it_should_be(running: Running) -> None:
    client = await registered(running, jwks=jwks(*KEYS.values()))
    answers = {how: await shown(running, text) for how, text in refused(client).items()}
    seen = {(answer.status_code, answer.text) for answer in answers.values()}
    assert len(seen) == 1, answers
    status, text = seen.pop()
    assert (status, json.loads(text)["error"]) == (400, "invalid_client")
    assert "www-authenticate" not in answers["nothing"].headers, "no scheme of HTTP was tried"
    now = int(time.time())
    for text in (
        assertion(client, aud=ENDPOINT),
        assertion(client, aud=[ENDPOINT, PUBLIC_URL]),
        assertion(client, header={"typ": "client-authentication+jwt"}),
        assertion(client, exp=now - 10),
        assertion(client, iat=None),
    ):
        assert (await shown(running, text)).status_code == 200, "what is wrong above is one thing each"


async def test_an_assertion_is_good_once_on_whatever_gateway(running: Running) -> None:
    client = await registered(running, jwks=jwks(KEYS["ES256"]))
    text = assertion(client)
    answers = await asyncio.gather(*(shown(running, text) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]
    assert (await shown(running, assertion(client, jti="again"))).status_code == 200
    assert (await shown(running, assertion(client, jti="again"))).status_code == 400, "whatever else it says"
    other = await registered(running, jwks=jwks(KEYS["ES256"]))
    assert (await shown(running, assertion(other, jti="again"))).status_code == 200, "names are each client's own"


async def test_what_has_ended_is_forgotten(running: Running) -> None:
    client = await registered(running, jwks=jwks(KEYS["ES256"]))
    past = time.time() - 1
    for number in range(3):
        await assertions.take(running.engine, client, str(number), past)
    await assertions.take(running.engine, client, "last", time.time() + 60)
    async with running.engine.begin() as connection:
        rows = await connection.execute(client_assertions_table.select())
        assert len(rows.all()) == 1


async def test_a_client_is_known_in_its_own_way_alone(running: Running) -> None:
    keyed = await registered(running, jwks=jwks(KEYS["ES256"]))
    with_secret, secret = await register(running.engine, "employment-agency")
    await running.app.state.parts.directory.refresh()
    assert (await shown(running, assertion(with_secret))).status_code == 400
    both = await running.http.post(
        "/oauth2/token",
        auth=(with_secret, secret),
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": client_assertions.TYPE,
            "client_assertion": assertion(keyed),
        },
    )
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
    assert (await shown(running, assertion(keyed), client_id=with_secret)).status_code == 400
    await store.revoke(running.engine, keyed)
    await running.app.state.parts.directory.refresh()
    assert (await shown(running, assertion(keyed))).status_code == 400


class Published:
    """Where a client publishes its keys."""

    url = "https://client.example/jwks.json"

    def __init__(self) -> None:
        self.keys: list[Key] = [KEYS["ES256"]]
        self.asked = 0
        self.answer: httpx.Response | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == self.url
        self.asked += 1
        return self.answer or httpx.Response(200, content=jwks(*self.keys))


async def test_keys_that_a_client_publishes_are_followed(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    published = running.neighbours.answer = Published()
    client = await registered(running, jwks_uri=published.url)
    assert (await shown(running, assertion(client))).status_code == 200
    assert (await shown(running, assertion(client))).status_code == 200
    assert published.asked == 1
    published.keys = [OTHER]
    for _ in range(3):
        assert (await shown(running, assertion(client, OTHER))).status_code == 400, "asked only just"
    assert published.asked == 1
    monkeypatch.setattr(provider_keys, "ASK_AGAIN", 0.0)
    assert (await shown(running, assertion(client, OTHER))).status_code == 200
    assert (await shown(running, assertion(client))).status_code == 400, "the old one is gone"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"Location": Published.url}),
        httpx.Response(200, content=b"no JSON"),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json={"keys": [OctKey.generate_key().as_dict()]}),
        httpx.Response(200, content=b" " * (1 << 18) + jwks(KEYS["ES256"]).encode()),
    ],
    ids=["failing", "elsewhere", "no JSON", "none", "a secret", "too long"],
)
async def test_keys_that_cannot_be_read_are_a_503_of_this_client_alone(running: Running, answer: httpx.Response) -> None:
    published = running.neighbours.answer = Published()
    published.answer = answer
    client = await registered(running, jwks_uri=published.url)
    refused = await shown(running, assertion(client))
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    again = await shown(running, assertion(client))
    assert (again.status_code, published.asked) == (503, 1), "nobody is asked again and again"
    well = await registered(running, jwks=jwks(KEYS["ES256"]))
    assert (await shown(running, assertion(well))).status_code == 200


async def test_the_metadata_names_the_method_and_no_shared_secret(running: Running) -> None:
    told = (await running.http.get("/.well-known/oauth-authorization-server")).json()
    assert "private_key_jwt" in told["token_endpoint_auth_methods_supported"]
    algorithms = told["token_endpoint_auth_signing_alg_values_supported"]
    assert set(algorithms) == {"EdDSA", "Ed25519", "ES256", "RS256", "PS256"}


GOOD = OTHER.as_dict(private=False)


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        '{"keys": []}',
        json.dumps({"keys": [OTHER.as_dict(private=True)]}),
        json.dumps({"keys": [{**GOOD, "kid": None}]}),
        json.dumps({"keys": [GOOD, GOOD]}),
        json.dumps({"keys": [{**GOOD, "use": "enc"}]}),
        json.dumps({"keys": [GOOD, {**GOOD, "kid": ["x"]}]}),
        json.dumps({"keys": [GOOD, "text", None, 5]}),
        json.dumps({"keys": [{"kty": "RSA", "kid": "x", "n": 5, "e": []}, {"kty": ["EC"]}, {"kty": "OKP", "crv": {}}]}),
        json.dumps({"keys": [GOOD, OctKey.generate_key(parameters={"kid": "x"}).as_dict()]}),
        json.dumps({"keys": [RSAKey.import_key(RSAKey.generate_key(2048).as_pem()).as_dict(private=False)]}),
        json.dumps({"keys": [ECKey.generate_key("P-521", auto_kid=True).as_dict(private=False)]}),
        '{"keys": [], ' + jwks(OTHER)[1:],
        json.dumps({"keys": [GOOD] * (signed_tokens.MOST_KEYS + 1)}),
    ],
    ids=[
        "text",
        "list",
        "none",
        "private",
        "unnamed",
        "twice",
        "enc",
        "named by a list",
        "no object",
        "no key",
        "secret",
        "no kid",
        "P-521",
        "doubled",
        "many",
    ],
)
def test_keys_that_are_handed_in_have_to_be_whole(text: str) -> None:
    with pytest.raises(KeysInvalid):
        own_keys(text)


def test_keys_that_are_handed_in_as_they_should_be_are_taken() -> None:
    assert len(own_keys(jwks(*KEYS.values())).keys) == len(KEYS)
