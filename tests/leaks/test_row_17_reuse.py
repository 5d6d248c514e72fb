"""Row 17: a token or a grant is good for exactly what it was made for. Forged, changed, old and borrowed ones open nothing."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.credentials.tokens import LIFETIME, SKEW
from stena_local.secret_files import SecretFiles
from tests.system.house import GATEWAY, MATCHING, POLICY, PROFILE, House
from tests.system.people import line
from tests.system.test_refusals import RECORD

from .hostile.forging import Key, edited, encoded, hs256, parts, token, unsigned
from .hostile.stand import CANARY, Stand
from .in_process import InProcess
from .target import CATALOGUE, Target

FOREIGN = Key()
"""A key of the attacker's own."""


@dataclass(frozen=True)
class Ours:
    """The house's key for a kind of token, and a good token of it, taken apart."""

    key: Key
    good: str
    header: dict[str, Any]
    claims: dict[str, Any]

    def signed(self, header: Any = None, /, **claims: Any) -> str:
        """By the true key, so that only what is said in it can be the reason for a refusal."""
        wanted = {name: value for name, value in (self.claims | claims).items() if value is not LEFT_OUT}
        return token(self.header | (header or {}), wanted, self.key.sign)


LEFT_OUT = object()
Forge = Callable[[Ours], str]


def _now() -> int:
    return int(time.time())


FORGED: dict[str, Forge] = {
    "alg none": lambda our: token(our.header | {"alg": "none"}, our.claims, unsigned),
    "alg None": lambda our: token(our.header | {"alg": "None"}, our.claims, unsigned),
    "alg missing": lambda our: token({"kid": our.header["kid"], "typ": our.header["typ"]}, our.claims, our.key.sign),
    "alg none and yet signed": lambda our: our.signed({"alg": "none"}),
    "no signature": lambda our: our.good.rsplit(".", 1)[0] + ".",
    "HS256 with the public key": lambda our: token(our.header | {"alg": "HS256"}, our.claims, hs256(our.key.public)),
    "HS256 with the public JWK": lambda our: token(
        our.header | {"alg": "HS256"}, our.claims, hs256(json.dumps(our.key.public_jwk).encode())
    ),
    "HS256 with an empty key": lambda our: token(our.header | {"alg": "HS256"}, our.claims, hs256(b"")),
    "the older name of the algorithm": lambda our: our.signed({"alg": "EdDSA"}),
    "another key under the same kid": lambda our: token(our.header, our.claims, FOREIGN.sign),
    "another key without a kid": lambda our: token({"alg": "Ed25519", "typ": our.header["typ"]}, our.claims, FOREIGN.sign),
    "another key, brought along": lambda our: token(our.header | {"jwk": FOREIGN.public_jwk}, our.claims, FOREIGN.sign),
    "another key, to be fetched": lambda our: token(
        our.header | {"jku": "http://profile.test/jwks.json"}, our.claims, FOREIGN.sign
    ),
    "a certificate to be fetched": lambda our: token(our.header | {"x5u": "http://policy.test/x"}, our.claims, FOREIGN.sign),
    "a kid that is a path": lambda our: token(our.header | {"kid": "../../../dev/null"}, our.claims, hs256(b"")),
    "a key to be fetched, although signed": lambda our: our.signed({"jku": "http://policy.test/.well-known/jwks.json"}),
    "something critical": lambda our: our.signed({"crit": ["b64"], "b64": True}),
    "something critical that nobody knows": lambda our: our.signed({"crit": ["exp"], "exp": 1}),
    "another type": lambda our: our.signed({"typ": "JWT"}),
    "a payload of another's": lambda our: edited(our.good, iat=our.claims["iat"] - 1),
    "a payload that is a list": lambda our: token(our.header, [our.claims], our.key.sign),
    "a payload that is no JSON": lambda our: token(our.header, b"{", our.key.sign),
    "a header that is no JSON": lambda our: token(b"{", our.claims, our.key.sign),
    "cut short": lambda our: our.good[:-8],
    "one part more": lambda our: our.good + ".e30",
    "an encrypted one": lambda our: encoded({"alg": "dir", "enc": "A256GCM"}) + "..aXY.eA.eQ",
    "JSON serialization": lambda our: json.dumps(
        dict(zip(("protected", "payload", "signature"), our.good.split("."), strict=True))
    ),
    "two of them": lambda our: f"{our.good},{our.good}",
    "two with a space": lambda our: f"{our.good} {our.good}",
    "quoted": lambda our: f'"{our.good}"',
    "a huge one": lambda our: f"{our.good}{'A' * 16_000}",
    "nothing": lambda our: "",
    "issued by somebody else": lambda our: our.signed(iss="https://evil.example"),
    "for somebody else": lambda our: our.signed(aud="https://evil.example"),
    "for somebody else too": lambda our: our.signed(aud=[our.claims["aud"], "https://evil.example"]),
    "for nobody": lambda our: our.signed(aud=LEFT_OUT),
    "by nobody": lambda our: our.signed(iss=None),
    "expired": lambda our: our.signed(iat=_now() - 700, exp=_now() - 1),
    "expiring this second": lambda our: our.signed(iat=_now() - 30, exp=_now()),
    "never expiring": lambda our: our.signed(exp=LEFT_OUT),
    "expiring in words": lambda our: our.signed(exp=str(_now() + 60)),
    "expiring at infinity": lambda our: token(
        our.header, json.dumps(our.claims).replace(str(our.claims["exp"]), "1e400").encode(), our.key.sign
    ),
    "expiring when it is true": lambda our: our.signed(exp=True),
    "living for a day": lambda our: our.signed(iat=_now(), exp=_now() + 86_400),
    "of the future": lambda our: our.signed(iat=_now() + SKEW + 30, exp=_now() + SKEW + 40),
    "issued at no time": lambda our: our.signed(iat=LEFT_OUT),
    "not valid yet": lambda our: our.signed(nbf=_now() + 3_600),
}  # fmt: skip


@pytest.fixture(scope="module")
def house(target: Target) -> House:
    assert isinstance(target, InProcess)
    return target.house


@pytest.fixture(scope="module")
def secrets(house: House) -> SecretFiles:
    return SecretFiles(house.secrets)


@pytest.fixture
def our_token(stand: Stand, secrets: SecretFiles) -> Ours:
    return Ours(Key(secrets.path("token-key")), stand.token, *parts(stand.token))


async def call(house: House, url: str, method: str, path: str, bearer: str, **options: Any) -> httpx.Response:
    """Straight at one of the services, as somebody inside the network would."""
    transport = httpx.ASGITransport(house.apps[url], raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=url) as http:
        headers = {"Authorization": f"Bearer {bearer}", **options.pop("headers", {})}
        return await http.request(method, path, headers=headers, **options)


def assert_unknown(answer: httpx.Response) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert CANARY not in answer.text


@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_access_token_is_nobody(stand: Stand, house: House, our_token: Ours, how: str) -> None:
    bearer = FORGED[how](our_token)
    for path in (f"/v1/persons/{stand.person}", "/v1/purposes"):
        purpose = {"Processing-Purpose": "job-ranking"} if "persons" in path else {}
        assert_unknown(await call(house, GATEWAY, "GET", path, bearer, headers=purpose))


@pytest.mark.parametrize("sub", ["cli_nobody", "", None, 7, ["a"], "employment-agency"])
async def test_a_token_for_no_client_is_nobody(stand: Stand, house: House, our_token: Ours, sub: Any) -> None:
    assert_unknown(await call(house, GATEWAY, "GET", "/v1/purposes", our_token.signed(sub=sub)))


@pytest.mark.parametrize("name", ["sub", "exp", "kid"])
async def test_what_is_said_twice_is_not_believed(stand: Stand, house: House, our_token: Ours, name: str) -> None:
    """By the true key, and each time the same."""

    def doubled(said: dict[str, Any]) -> bytes:
        again = {each: value for each, value in said.items() if each == name}
        return json.dumps(said).encode()[:-1] + (b", " + json.dumps(again).encode()[1:] if again else b"}")

    bearer = token(doubled(our_token.header), doubled(our_token.claims), our_token.key.sign)
    assert (await call(house, GATEWAY, "GET", "/v1/purposes", bearer)).status_code == 401


async def test_the_clocks_of_two_gateways_may_differ_by_a_little(stand: Stand, house: House, our_token: Ours) -> None:
    ahead = our_token.signed(iat=_now() + SKEW - 2, exp=_now() + SKEW - 2 + LIFETIME)
    assert (await call(house, GATEWAY, "GET", "/v1/purposes", ahead)).status_code == 200


@pytest.mark.parametrize("scheme", ["Basic", "Digest", "Token", "Bearer:", "Bearer,", "BearerBearer", ""])
async def test_a_token_under_another_name_is_none(stand: Stand, scheme: str) -> None:
    answer = await stand.door.one(
        b"GET /v1/purposes HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: "
        + f"{scheme} {stand.token}\r\n\r\n".encode()
    )
    assert answer.status == 401


async def test_a_token_somewhere_else_is_none(stand: Stand) -> None:
    for target, header in [
        (f"/v1/purposes?access_token={stand.token}", ("X", "y")),
        ("/v1/purposes", ("Cookie", f"access_token={stand.token}")),
        ("/v1/purposes", ("Proxy-Authorization", f"Bearer {stand.token}")),
        ("/v1/purposes", ("X-Authorization", f"Bearer {stand.token}")),
    ]:
        raw = f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{header[0]}: {header[1]}\r\n\r\n"
        assert (await stand.door.one(raw.encode())).status in (400, 401)


# Grants: what policy-svc signs for one call. An attacker inside the network has seen one pass by.


@dataclass(frozen=True)
class Seen:
    """Grants as they went over the wire, by operation and resource, and the person whom they are about."""

    person: str
    other: str
    grants: dict[tuple[str, str], str]


@pytest.fixture(scope="module")
async def seen(target: Target, house: House) -> Seen:
    lines = [line(CATALOGUE, f"granted-{n}", RECORD | {"assigned": ["employment-agency"]}, email=CANARY) for n in range(2)]
    person, other = await target.put(lines)
    agency = await target.client("employment-agency")
    path = f"/v1/persons/{await target.pairwise(person, 'employment-agency', 'job-ranking')}"
    before = len(house.board.seen)
    for method, where in [("GET", path), ("GET", "/v1/persons?limit=1"), ("GET", f"{path}/matches?kind=job")]:
        assert (await agency(method, where, "job-ranking")).status_code == 200
    sent = [request for request in house.board.seen[before:] if request.url.host in ("profile.test", "matching.test")]
    said = [request.headers.get("authorization", "") for request in sent]
    tokens = [each.removeprefix("Bearer ") for each in said if each.startswith("Bearer ")]
    grants = {(claims["operation"], claims["resource"]): each for each in tokens for claims in [parts(each)[1]]}
    return Seen(person, other, grants)


@pytest.fixture
def our_grant(seen: Seen, secrets: SecretFiles) -> Ours:
    good = seen.grants["read", "person"]
    return Ours(Key(secrets.path("grant-key")), good, *parts(good))


async def test_a_grant_opens_what_it_was_made_for(house: House, seen: Seen) -> None:
    """Otherwise the refusals below would show nothing."""
    answer = await call(house, PROFILE, "GET", f"/persons/{seen.person}", seen.grants["read", "person"])
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "grant"),
    [
        ("GET", "/persons/{other}", ("read", "person")),
        ("GET", "/persons/{PERSON}", ("read", "person")),
        ("GET", "/persons/{person}?operation=match", ("read", "person")),
        ("GET", "/persons/{person}", ("match", "person")),
        ("GET", "/persons/{person}", ("list", "person")),
        ("PATCH", "/persons/{person}", ("read", "person")),
        ("DELETE", "/persons/{person}", ("read", "person")),
        ("GET", "/persons/{person}/consents", ("read", "person")),
        ("PUT", "/persons/{person}/consents/job-ranking", ("read", "person")),
        ("GET", "/persons/{person}/notes", ("read", "person")),
        ("POST", "/persons/search", ("read", "person")),
        ("POST", "/persons/changes", ("list", "person")),
        ("GET", "/persons/changes/newest", ("list", "person")),
        ("POST", "/persons/resolve", ("list", "person")),
        ("POST", "/persons/resolve", ("match", "person")),
        ("POST", "/persons", ("list", "person")),
        ("POST", "/persons/read", ("list", "person")),
        ("POST", "/persons/read", ("read", "person")),
    ],
)
async def test_a_grant_for_another_call_is_refused(
    house: House, seen: Seen, method: str, path: str, grant: tuple[str, str]
) -> None:
    """``match`` on the one person of a call is not ``match`` on many, nor the other way round."""
    where = path.replace("{person}", seen.person).replace("{other}", seen.other).replace("{PERSON}", seen.person.upper())
    bodies: dict[str, Any] = {
        "/persons": {"attributes": {}},
        "/persons/resolve": {"ids": [seen.other]},
        "/persons/read": {"person": seen.other, "others": [{"person": seen.person, "grant": seen.grants["read", "person"]}]},
        "/persons/{person}/consents/job-ranking": {
            "state": "given", "text_version": "1", "language": "en", "method": "paper",
        },
    }  # fmt: skip
    body = bodies.get(path, {"attributes": {}} if method == "PATCH" else {})
    options: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": body, "headers": {"If-Match": '"x"'}}
    assert_unknown(await call(house, PROFILE, method, where, seen.grants[grant], **options))


async def test_a_grant_opens_nobody_who_is_asked_for_beside_its_own(house: House, seen: Seen) -> None:
    """Several people in one call are each under a grant of their own."""
    grant, match = seen.grants["read", "person"], seen.grants["match", "person"]
    others = [
        {"person": seen.other, "grant": grant},
        {"person": seen.person, "grant": match},
        {"person": seen.other, "grant": ""},
    ]
    answer = await call(house, PROFILE, "POST", "/persons/read", grant, json={"person": seen.person, "others": others})
    assert answer.status_code == 200
    shown, *rest = answer.json()["people"]
    assert (shown["id"], rest) == (seen.person, [None, None, None])


async def test_a_grant_for_another_service_is_refused(house: House, seen: Seen) -> None:
    """matching-svc does not take what was made for profile-svc, nor the gateway either of them for an access token."""
    of_person, of_opportunity = seen.grants["list", "person"], seen.grants["match", "opportunity"]
    request = {"person": "x", "kind": "job", "attributes": []}
    assert_unknown(await call(house, MATCHING, "POST", "/opportunities/search", of_person, json={}))
    assert_unknown(await call(house, MATCHING, "POST", "/matches", seen.grants["match", "person"], json=request))
    assert_unknown(await call(house, MATCHING, "POST", "/opportunities/search", of_opportunity, json={}))
    assert_unknown(await call(house, PROFILE, "POST", "/persons/search", of_opportunity, json={}))
    for grant in seen.grants.values():
        assert_unknown(await call(house, GATEWAY, "GET", "/v1/purposes", grant))
        assert_unknown(await call(house, POLICY, "POST", "/access/v1/evaluation", grant, json={}))


async def test_an_access_token_is_no_grant_and_a_key_is_neither(
    house: House, seen: Seen, stand: Stand, secrets: SecretFiles
) -> None:
    ask = secrets.path("policy-key").read_text().strip()
    rule = secrets.path("administrator-key").read_text().strip()
    for bearer in (stand.token, ask, rule):
        assert_unknown(await call(house, PROFILE, "GET", f"/persons/{seen.person}", bearer))
        assert_unknown(await call(house, MATCHING, "POST", "/opportunities/search", bearer, json={}))
    for bearer in (ask, rule):
        assert_unknown(await call(house, GATEWAY, "GET", "/v1/purposes", bearer))
    for bearer in (stand.token, rule, ask.upper(), ask[:-1], ""):
        for path in ("evaluation", "evaluations", "search/action"):
            assert (await call(house, POLICY, "POST", f"/access/v1/{path}", bearer, json={})).status_code == 401
    for bearer in (stand.token, ask, ""):
        for method, path in [("GET", "/rulebook/revisions"), ("POST", "/rulebook/revisions"), ("POST", "/rulebook/rollback")]:
            assert (await call(house, POLICY, method, path, bearer)).status_code == 401


async def test_a_grant_is_dead_after_a_minute(house: House, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = seen.grants["read", "person"]
    claims = parts(grant)[1]
    assert claims["exp"] - claims["iat"] <= 60
    for moment, status in [
        (claims["exp"] - 1, 200),
        (claims["exp"], 401),
        (claims["exp"] + 60, 401),
        (claims["iat"] - 60, 401),
    ]:
        monkeypatch.setattr("stena.grants.time.time", lambda moment=moment: moment)
        assert (await call(house, PROFILE, "GET", f"/persons/{seen.person}", grant)).status_code == status


@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_grant_is_refused(house: House, seen: Seen, our_grant: Ours, how: str) -> None:
    assert_unknown(await call(house, PROFILE, "GET", f"/persons/{seen.person}", FORGED[how](our_grant)))


@pytest.mark.parametrize(
    "change",
    [
        {"rows": True},
        {"target": None},
        {"disclose": {"gender": {"when": True, "otherwise": "not-necessary"}}},
        {"organisation": "danube-health"},
        {"purpose": "vital-interest"},
    ],
)
async def test_a_grant_that_was_widened_is_refused(house: House, seen: Seen, our_grant: Ours, change: dict[str, Any]) -> None:
    widened = edited(our_grant.good, **change)
    resigned = token(our_grant.header, our_grant.claims | change, FOREIGN.sign)
    for bearer in (widened, resigned):
        assert_unknown(await call(house, PROFILE, "GET", f"/persons/{seen.person}", bearer))


async def test_a_grant_signed_with_another_key_of_the_house_is_refused(
    house: House, seen: Seen, our_grant: Ours, secrets: SecretFiles
) -> None:
    of_gateway = Key(secrets.path("token-key"))
    for kid in (our_grant.header["kid"], of_gateway.jwk.get("kid"), None):
        signed = token(our_grant.header | {"kid": kid}, our_grant.claims, of_gateway.sign)
        assert_unknown(await call(house, PROFILE, "GET", f"/persons/{seen.person}", signed))


async def test_a_grant_of_another_rulebook_is_refused(house: House, seen: Seen, our_grant: Ours) -> None:
    """Signed by the true key, under a revision that nobody has."""
    other = our_grant.signed(rulebook="sha256:" + "0" * 64)
    assert_unknown(await call(house, PROFILE, "GET", f"/persons/{seen.person}", other))


async def test_a_grant_that_says_more_than_a_grant_can_is_refused(house: House, seen: Seen, our_grant: Ours) -> None:
    for more in ({"admin": True}, {"disclose_all": True}, {"rows": {"op": "eval", "values": []}}, {"target": 7}):
        assert_unknown(await call(house, PROFILE, "GET", f"/persons/{seen.person}", our_grant.signed(**more)))


async def test_no_source_is_open_without_a_grant(house: House, seen: Seen) -> None:
    """Every route that profile-svc and matching-svc have, but for health."""
    for url in (PROFILE, MATCHING):
        for path, methods in _routes(house, url):
            where = path.replace("{", "").replace("}", "")
            for method in methods:
                answer = await call(house, url, method, where, "", json={})
                assert answer.status_code in (400, 401), (method, path, answer.text)
                assert CANARY not in answer.text
                assert answer.status_code == 401 or url == MATCHING


def _routes(house: House, url: str) -> list[tuple[str, set[str]]]:
    found = []
    for route in house.apps[url].routes:
        for each in getattr(getattr(route, "original_router", None), "routes", [route]):
            path = getattr(each, "path", "")
            if path not in ("/healthz", "/readyz", ""):
                found.append((path, set(getattr(each, "methods", None) or ())))
    assert len(found) > 5
    return found
