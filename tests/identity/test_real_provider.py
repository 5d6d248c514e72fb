"""Access tokens of a certified OpenID provider stand for registered clients; and a certified client at our own endpoint."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import yaml
from joserfc.jwk import ECKey

from gateway import store
from gateway.credentials import provider_keys
from gateway.credentials.tokens import new_secret, secret_hash
from stena_local.testing import Database
from tests.system.house import GATEWAY, House, standing
from tests.system.loopback import served

from . import node
from .node import Provider

SECRET: Final = "a secret that the provider knows"
BACK: Final = "https://casework.example/back"
ES256: Final = {"id_token_signed_response_alg": "ES256"}
SYSTEM: Final = {
    "client_id": "case-system",
    "client_secret": SECRET,
    "grant_types": ["client_credentials"],
    "redirect_uris": [],
    "response_types": [],
} | ES256
STRANGER: Final = SYSTEM | {"client_id": "stranger"}
APP: Final = {
    "client_id": "casework-app",
    "token_endpoint_auth_method": "none",
    "grant_types": ["authorization_code"],
    "redirect_uris": [BACK],
    "response_types": ["code"],
} | ES256
AGENCY = {"organisation": "employment-agency", "client": "cli_case_system"}
USERS = {"organisation": "bread-and-bridges", "client": "cli_casework_app"}
ELSEWHERE = {"organisation": "reception-agency", "client": "cli_of_another"}


def new_key(kid: str) -> dict[str, Any]:
    return {**ECKey.generate_key("P-256", private=True).as_dict(private=True), "kid": kid, "use": "sig", "alg": "ES256"}


@dataclass
class Stage:
    house: House
    provider: Provider
    other: Provider


@pytest.fixture(scope="module")
async def stage(
    programs: None, databases: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    place: Path = tmp_path_factory.mktemp("secrets")
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(node.provider([SYSTEM, STRANGER, APP], [new_key("one")]))
        other = await stack.enter_async_context(node.provider([SYSTEM, STRANGER], [new_key("one")]))
        (place / "issuers.yaml").write_text(yaml.safe_dump(listed(provider.issuer, other.issuer)))
        house = await stack.enter_async_context(standing(place, databases))
        house.board.outside |= {provider.issuer, other.issuer}
        for client, organisation, issuer in (
            ("cli_case_system", "employment-agency", provider.issuer),
            ("cli_casework_app", "bread-and-bridges", provider.issuer),
            ("cli_of_another", "reception-agency", provider.issuer),
        ):
            await register(house, client, organisation, issuer=issuer)
        yield Stage(house, provider, other)


def listed(issuer: str, other: str) -> list[dict[str, Any]]:
    users = {"when": {"client_id": "casework-app", "scope": "call"}, **USERS, "acting_user": "sub"}
    # Nobody registered a client of this provider's: what the file says alone is nothing.
    claimed = {"when": {"client_id": "stranger"}, **ELSEWHERE}
    ours = {"issuer": issuer, "audience": GATEWAY, "clients": [{"when": {"client_id": "case-system"}, **AGENCY}, users]}
    return [ours, {"issuer": other, "audience": GATEWAY, "clients": [claimed]}]


async def register(house: House, client_id: str, organisation: str, **shown: Any) -> None:
    row = store.Client(client_id, "test", organisation, None, secret_hash(new_secret()), datetime.now(UTC), **shown)
    await store.register(house.parts.engine, row)
    await house.parts.directory.refresh()


async def of_system(provider: Provider, client: str = "case-system", audience: str = GATEWAY) -> str:
    form = {"grant_type": "client_credentials", "resource": audience, "scope": "call"}
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{provider.issuer}/token", auth=(client, SECRET), data=form)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def of_user(provider: Provider, user: str) -> Mapping[str, Any]:
    """What somebody who signs in gets: authorization code with PKCE, as an app does it."""
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"client_id": "casework-app", "response_type": "code", "redirect_uri": BACK, "scope": "openid call"}
    asked |= {"resource": GATEWAY, "code_challenge": challenge, "code_challenge_method": "S256", "login_hint": user}
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{provider.issuer}/auth", params=asked)
        while not (where := answer.headers["location"]).startswith(BACK):
            answer = await http.get(httpx.URL(provider.issuer).join(where))
        code = parse_qs(urlsplit(where).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        form |= {"redirect_uri": BACK, "client_id": "casework-app"}
        answer = await http.post(f"{provider.issuer}/token", data=form)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def call(house: House, token: str, path: str = "/v1/purposes", **headers: str) -> httpx.Response:
    async with house.http(headers={"Authorization": f"Bearer {token}", **headers}) as http:
        for _ in range(20):
            answer = await http.get(path)
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.2)  # a busy machine: node may be late
    return answer


async def last_entry(house: House, organisation: str) -> tuple[str, str | None]:
    """Client and acting user of what the ledger says last of an organisation."""
    engine = house.parts.engine
    async with engine.begin() as connection:
        query = "SELECT client, acting_user FROM ledger WHERE organisation = %s ORDER BY at DESC LIMIT 1"
        row = (await connection.exec_driver_sql(query.replace("%s", "$1"), (organisation,))).one()
    return row.client, row.acting_user


async def test_a_system_calls_with_the_token_of_its_provider(stage: Stage) -> None:
    answer = await call(stage.house, await of_system(stage.provider))
    assert answer.status_code == 200, answer.text
    assert answer.json()["organisation"] == "employment-agency"
    purpose = {"Processing-Purpose": "job-ranking", "Acting-User": "somebody"}
    answer = await call(stage.house, await of_system(stage.provider), "/v1/persons?limit=1", **purpose)
    assert answer.status_code == 200, answer.text
    assert await last_entry(stage.house, "employment-agency") == ("cli_case_system", "somebody")


async def test_who_signed_in_there_is_who_acts_here_whatever_is_claimed(stage: Stage) -> None:
    token = (await of_user(stage.provider, "petrova"))["access_token"]
    purpose = {"Processing-Purpose": "job-ranking"}
    assert (await call(stage.house, token, "/v1/persons?limit=1", **purpose)).status_code == 200
    assert await last_entry(stage.house, "bread-and-bridges") == ("cli_casework_app", "petrova")
    assert (await call(stage.house, token, "/v1/persons?limit=1", **purpose, **{"Acting-User": "petrova"})).status_code == 200
    answer = await call(stage.house, token, "/v1/persons?limit=1", **purpose, **{"Acting-User": "ivanova"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/acting-user-differs")


async def test_a_token_that_is_not_for_us_not_now_or_not_from_there_is_nothing(stage: Stage) -> None:
    told = await of_user(stage.provider, "petrova")
    await stage.provider.tell(clock=-3600)
    expired = await of_system(stage.provider)
    await stage.provider.tell(clock=3600)
    tomorrow = await of_system(stage.provider)
    await stage.provider.tell(clock=0)
    good = await of_system(stage.provider)
    assert (await call(stage.house, good)).status_code == 200
    header, claims, signature = good.split(".")
    for how, token in {
        "for another audience": await of_system(stage.provider, audience="https://elsewhere.example"),
        "of a client that the file does not name": await of_system(stage.provider, "stranger"),
        "of an issuer for whose client nobody registered": await of_system(stage.other, "stranger"),
        "of an issuer with a key of the same name": await of_system(stage.other),
        "by the other issuer's signature": f"{header}.{claims}.{(await of_system(stage.other)).split('.')[2]}",
        "an ID token": told["id_token"],
        "expired": expired,
        "of tomorrow": tomorrow,
        "changed": f"{header}.{changed(claims)}.{signature}",
    }.items():
        answer = await call(stage.house, token)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-invalid"), how


def changed(claims: str) -> str:
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return base64.urlsafe_b64encode(json.dumps(read | {"client_id": "casework-app"}).encode()).rstrip(b"=").decode()


async def test_keys_that_the_provider_renews_while_it_runs_are_found(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await of_system(stage.provider)
    assert (await call(stage.house, before)).status_code == 200
    await stage.provider.tell(keys=[new_key("two")])
    after = await of_system(stage.provider)
    assert (await call(stage.house, after)).status_code == 401, "asked only just: strange tokens do not make us ask and ask"
    monkeypatch.setattr(provider_keys, "ASK_AGAIN", 0.0)
    assert (await call(stage.house, after)).status_code == 200
    assert (await call(stage.house, before)).status_code == 401, "its key is gone"
    await stage.provider.tell(keys=[new_key("one")])
    assert (await call(stage.house, await of_system(stage.provider))).status_code == 200, "another key of the old name"


async def test_an_issuer_that_does_not_answer_is_a_503_of_its_own_tokens(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_keys, "ASK_AGAIN", 0.0)
    monkeypatch.setattr(provider_keys, "KEYS_LAST", 0.0)
    theirs, others = await of_system(stage.provider), await stage.house.caller("danube-health")
    stage.house.board.outside.discard(stage.provider.issuer)
    async with stage.house.http(headers={"Authorization": f"Bearer {theirs}"}) as http:
        answer = await http.get("/v1/purposes")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await others("GET", "/v1/purposes")).status_code == 200
    stage.house.board.outside.add(stage.provider.issuer)
    assert (await call(stage.house, theirs)).status_code == 200


async def test_a_client_that_is_revoked_is_refused_whatever_its_provider_says(stage: Stage) -> None:
    token = (await of_user(stage.provider, "petrova"))["access_token"]
    assert (await call(stage.house, token)).status_code == 200
    await store.revoke(stage.house.parts.engine, "cli_casework_app")
    await stage.house.parts.directory.refresh()
    assert (await call(stage.house, token)).status_code == 401


async def test_a_certified_client_gets_a_token_by_its_own_key(stage: Stage) -> None:
    key = new_key("mine")
    public = {name: value for name, value in key.items() if name != "d"}
    await register(stage.house, "cli_with_a_key", "danube-health", jwks=json.dumps({"keys": [public]}))
    async with served(stage.house.apps[GATEWAY]) as address:
        told = {"issuer": GATEWAY, "address": address, "id": "cli_with_a_key", "jwk": key}
        got = await node.run("client.mjs", told)
        assert got["expires_in"] == 600
        answer = await call(stage.house, got["access_token"])
        assert answer.json()["organisation"] == "danube-health"
        await register(stage.house, "cli_with_another", "danube-health", jwks=json.dumps({"keys": [new_public("mine")]}))
        with pytest.raises(AssertionError, match="invalid_client"):
            await node.run("client.mjs", told | {"id": "cli_with_another"})


def new_public(kid: str) -> dict[str, Any]:
    return {name: value for name, value in new_key(kid).items() if name != "d"}
