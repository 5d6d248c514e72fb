"""People who sign in by a provider of their own: a real one on the loopback, with real keys that it renews."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from joserfc.jwk import RSAKey

from gateway.credentials import provider_keys, signing_in
from stena_local.testing import Database

from .house import House, standing
from .loopback import served
from .provider import Provider
from .test_casework import call, person
from .test_rights import OWN, ask

INTAKE = ("reception-agency", "registration")
PURPOSE = {"Processing-Purpose": "data-subject-access"}


@pytest.fixture(scope="module")
async def provider() -> AsyncIterator[Provider]:
    made = Provider("")
    async with served(made.app) as made.issuer:
        made.renew()
        yield made


@pytest.fixture(scope="module")
async def house(
    databases: Mapping[str, Database], tmp_path_factory: pytest.TempPathFactory, provider: Provider
) -> AsyncIterator[House]:
    place: Path = tmp_path_factory.mktemp("secrets")
    listed = {"issuer": provider.issuer, "audience": "stena", "organisation": "self-service", "title": "eAuth (demo)"}
    (place / "sign-in.yaml").write_text(yaml.safe_dump([listed]))
    async with standing(place, databases) as opened:
        opened.board.outside.add(provider.issuer)
        yield opened


@pytest.fixture
async def somebody(house: House, request: pytest.FixtureRequest) -> str:
    return await person(house, request.node.name)


async def issued(house: House, internal: str) -> str:
    body = {"verified_by": "identity-document"}
    made = await ask(house, INTAKE, "POST", "/sign-in-codes", internal, 201, json=body, headers={"Acting-User": "ivanova"})
    assert made["providers"] == ["eAuth (demo)"]
    return str(made["code"])


async def with_token(house: House, token: str, method: str, path: str, **kwargs: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", **PURPOSE}
    async with house.http(headers=headers) as http:
        for _ in range(3):
            answer = await http.request(method, path, **kwargs)
            if answer.status_code != 503:
                break
    return answer


async def link(house: House, token: str, code: str) -> httpx.Response:
    return await with_token(house, token, "POST", "/v1/sign-ins", json={"code": code})


async def test_a_person_verified_once_uses_every_right_by_their_own_sign_in(
    house: House, provider: Provider, somebody: str
) -> None:
    token = provider.token("subject-one")
    refused = await with_token(house, token, "GET", f"/v1/persons/{await house.pairwise(somebody, *OWN)}")
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/token-invalid")
    code = await issued(house, somebody)
    linked = await link(house, token, code.lower().replace("-", " "))
    assert linked.status_code == 201, linked.text
    own = linked.json()["person"]
    assert own == await house.pairwise(somebody, *OWN)
    assert (linked.json()["organisation"], linked.json()["verified_by"]) == ("reception-agency", "identity-document")
    later = provider.token("subject-one")
    assert (await with_token(house, later, "GET", f"/v1/persons/{own}")).status_code == 200
    everything = await with_token(house, later, "GET", f"/v1/persons/{own}/access")
    assert everything.json()["end"]["complete"], everything.json()["end"]
    told = (await with_token(house, later, "GET", f"/v1/persons/{own}/disclosures?limit=200")).json()["disclosures"]
    steps = [(each["organisation"], each["operation"], each["outcome"]) for each in told if each["resource"] == "sign-in"]
    assert {("reception-agency", "issue", "done"), ("self-service", "link", "done")} <= set(steps)


async def test_a_code_is_good_once_and_its_kind_of_badness_is_never_told(
    house: House, provider: Provider, somebody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = await issued(house, somebody)
    assert (await link(house, provider.token("subject-two"), code)).status_code == 201
    answers = [
        await link(house, provider.token("subject-three"), code),
        await link(house, provider.token("subject-two"), await issued(house, somebody)),
        await link(house, provider.token("subject-three"), signing_in.new_code()),
    ]
    monkeypatch.setattr(signing_in, "CODE_LASTS", -signing_in.CODE_LASTS)
    answers.append(await link(house, provider.token("subject-three"), await issued(house, somebody)))
    seen = {(answer.status_code, answer.json()["type"], answer.json()["detail"]) for answer in answers}
    assert len(seen) == 1, seen
    assert seen.pop()[:2] == (400, "/problems/code-invalid")


async def test_one_of_two_who_use_a_code_at_once_gets_in(house: House, provider: Provider, somebody: str) -> None:
    code = await issued(house, somebody)
    both = await asyncio.gather(*(link(house, provider.token(f"subject-race-{name}"), code) for name in "ab"))
    assert sorted(answer.status_code for answer in both) == [201, 400]


async def test_a_sign_in_that_is_ended_is_refused_with_the_next_call(house: House, provider: Provider, somebody: str) -> None:
    token = provider.token("subject-four")
    linked = (await link(house, token, await issued(house, somebody))).json()
    path = f"/v1/persons/{linked['person']}"
    (known,) = (await ask(house, INTAKE, "GET", "/sign-ins", somebody, 200))["sign_ins"]
    assert (known["provider"], known["ended_at"]) == ("eAuth (demo)", None)
    assert (await with_token(house, token, "GET", f"{path}/sign-ins")).status_code == 200
    ended = await call(house, *INTAKE, "DELETE", f"/v1/persons/{{id}}/sign-ins/{known['id']}", somebody)
    assert ended.status_code == 204, ended.text
    assert (await with_token(house, token, "GET", path)).status_code == 401
    assert (await link(house, token, await issued(house, somebody))).status_code == 201, "it may be linked again"


async def test_a_person_who_signed_in_is_nobody_else(house: House, provider: Provider, somebody: str) -> None:
    token = provider.token("subject-five")
    await link(house, token, await issued(house, somebody))
    other = await house.pairwise(await person(house, "sign-in-other"), *OWN)
    for path in ("", "/access", "/disclosures", "/sign-ins"):
        assert (await with_token(house, token, "GET", f"/v1/persons/{other}{path}")).status_code == 403
    async with house.http(headers={"Authorization": f"Bearer {token}", "Processing-Purpose": "job-ranking"}) as http:
        assert (await http.get("/v1/persons?limit=1")).status_code == 403


async def test_only_who_registered_somebody_vouches_for_them(house: House, somebody: str) -> None:
    body = {"verified_by": "known-in-person"}
    await ask(house, ("bread-and-bridges", "registration"), "POST", "/sign-in-codes", somebody, 404, json=body)
    await ask(house, OWN, "POST", "/sign-in-codes", somebody, 403, json=body)
    await ask(house, ("employment-agency", "job-ranking"), "POST", "/sign-in-codes", somebody, 403, json=body)


def forged(provider: Provider) -> Mapping[str, str]:
    """Tokens that say the right thing in a wrong way."""
    now, subject = int(time.time()), "subject-six"
    another = RSAKey.generate_key(2048, parameters={"kid": str(provider.keys[0].kid)})
    none = provider.token(subject).split(".")
    pem = RSAKey.import_key(provider.keys[0].as_dict()).as_pem(private=False)
    return {
        "expired": provider.token(subject, iat=now - 900, exp=now - 300),
        "of tomorrow": provider.token(subject, iat=now + 3600, exp=now + 7200),
        "not before tomorrow": provider.token(subject, nbf=now + 3600),
        "without an end": provider.token(subject, exp=None),
        "of no time": provider.token(subject, iat="now"),
        "for somebody else": provider.token(subject, aud="another-service"),
        "for several, made for another": provider.token(subject, aud=["stena", "other"], azp="other"),
        "by another issuer": provider.token(subject, iss="https://evil.example"),
        "of nobody": provider.token("", sub=""),
        "of a number": provider.token(subject, sub=6),
        "by another key of the same name": provider.token(subject, key=another),
        "by a key that nobody publishes": provider.token(subject, key=RSAKey.generate_key(2048, auto_kid=True)),
        "unsigned": f"{none[0]}.{none[1]}.",
        "with what is critical": provider.by_hand(subject, {"crit": ["exp"], "exp": now + 300}),
        "under the public key as a secret": provider.by_hand(subject, {"alg": "HS256"}, pem),
        "of another kind": provider.token(subject, header={"typ": "logout+jwt"}),
        "nothing": "a.b.c",
    }


async def test_a_token_counts_only_as_it_was_made(house: House, provider: Provider, somebody: str) -> None:
    linked = (await link(house, provider.token("subject-six"), await issued(house, somebody))).json()
    path = f"/v1/persons/{linked['person']}"
    for how, token in forged(provider).items():
        answer = await with_token(house, token, "GET", path)
        assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-invalid"), how
    now = int(time.time())
    for token in (
        provider.token("subject-six", exp=now - 10, iat=now - 300),
        provider.token("subject-six", iat=now + 10),
        provider.token("subject-six", aud=["stena", "other"], azp="stena"),
        provider.token("subject-six", header={"typ": "JWT"}),
    ):
        assert (await with_token(house, token, "GET", path)).status_code == 200, "clocks differ a little"
    by_hand = provider.by_hand("subject-six", {})
    assert (await with_token(house, by_hand, "GET", path)).status_code == 200, "what is wrong above is the header alone"


async def test_keys_that_the_provider_renews_are_found_and_old_ones_forgotten(
    house: House, provider: Provider, somebody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = (await link(house, provider.token("subject-seven"), await issued(house, somebody))).json()
    path = f"/v1/persons/{linked['person']}"
    before = provider.keys[0]
    monkeypatch.setattr(provider_keys, "ASK_AGAIN", 0.0)
    provider.renew()
    assert (await with_token(house, provider.token("subject-seven"), "GET", path)).status_code == 200
    assert (await with_token(house, provider.token("subject-seven", key=before), "GET", path)).status_code == 401
    monkeypatch.setattr(provider_keys, "ASK_AGAIN", 3600.0)
    asked = provider.asked
    for _ in range(5):
        token = provider.token("subject-seven", key=RSAKey.generate_key(2048, auto_kid=True))
        assert (await with_token(house, token, "GET", path)).status_code == 401
    assert provider.asked == asked, "strange tokens do not make us ask and ask"
