import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson
import pytest
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey
from pydantic import ValidationError

from stena import grants
from stena.contracts.access import Disclosure, Grant
from stena.contracts.condition import Overlaps
from stena.problems import Unauthenticated

KEY = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
CALL = {"operation": "read", "resource": "person", "target": "p1"}


def a_grant(**changes: Any) -> Grant:
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": grants.ISSUER,
        "aud": "profile-svc",
        "iat": now,
        "exp": now + grants.LIFETIME,
        "jti": "dec_1",
        "organisation": "agency",
        "operation": "read",
        "resource": "person",
        "target": "p1",
        "purpose": "job-ranking",
        "rulebook": "sha256:0",
        "rows": True,
    }
    return Grant.model_validate(claims | changes)


@pytest.fixture(scope="module")
def verifier() -> grants.Verifier:
    return grants.Verifier({"keys": [KEY.as_dict(private=False)]}, "profile-svc")


def test_a_grant_is_read_back_as_it_was_made(verifier: grants.Verifier) -> None:
    grant = a_grant()
    assert verifier.verify(grants.sign(grant, KEY), **CALL) == grant


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "matching-svc"},
        {"operation": "list"},
        {"resource": "note"},
        {"target": "p2"},
        {"target": None},
        {"iss": "gateway"},
        {"exp": int(time.time()) - 1},
        {"exp": int(time.time()) + 3600},  # longer than a grant may live
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3660},
    ],
)
def test_a_grant_holds_for_one_call_only(verifier: grants.Verifier, changes: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        verifier.verify(grants.sign(a_grant(**changes), KEY), **CALL)


def forged(header: dict[str, Any], key: Any, algorithm: str) -> str:
    payload = a_grant().model_dump_json().encode()
    return jws.serialize_compact({"typ": grants.TYPE} | header, payload, key, algorithms=[algorithm])


def unsigned() -> str:
    header, payload = ({"alg": "none", "typ": grants.TYPE}, a_grant().model_dump(mode="json"))
    return ".".join(urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in (header, payload)) + "."


def test_other_keys_and_algorithms_are_refused(verifier: grants.Verifier) -> None:
    public = KEY.as_dict(private=False)["x"]
    stranger = OKPKey.generate_key("Ed25519", {"kid": str(KEY.kid)})
    tokens = [
        forged({"alg": "Ed25519", "kid": KEY.kid}, stranger, "Ed25519"),
        forged({"alg": "HS256", "kid": KEY.kid}, OctKey.import_key(str(public)), "HS256"),
        unsigned(),
        forged({"alg": "Ed25519", "kid": KEY.kid, "typ": "at+jwt"}, KEY, "Ed25519"),
        "",
        "a.b.c",
    ]
    for token in tokens:
        with pytest.raises(Unauthenticated):
            verifier.verify(token, **CALL)


def test_an_unknown_claim_is_refused(verifier: grants.Verifier) -> None:
    payload = orjson.dumps(a_grant().model_dump(mode="json") | {"everything": True})
    token = jws.serialize_compact(
        {"alg": grants.ALGORITHM, "kid": KEY.kid, "typ": grants.TYPE}, payload, KEY, algorithms=[grants.ALGORITHM]
    )
    with pytest.raises(Unauthenticated):
        verifier.verify(token, **CALL)


def test_a_condition_that_many_attributes_share_is_said_once(verifier: grants.Verifier) -> None:
    assigned = Disclosure(when=Overlaps(fact="assigned", values=("agency",)), otherwise="not-assigned")
    grant = a_grant(disclose={"skills": Disclosure(when=True), "email": assigned, "phone": assigned})
    token = grants.sign(grant, KEY)
    assert urlsafe_b64decode(token.split(".")[1] + "==").count(b"overlaps") == 1
    assert verifier.verify(token, **CALL).disclose == grant.disclose


def test_an_attribute_is_granted_once() -> None:
    twice = [{"when": True, "attributes": ["gender"]}, {"when": False, "attributes": ["gender"]}]
    with pytest.raises(ValidationError, match="named twice"):
        a_grant(disclose=twice)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Grant abc"])
def test_a_call_without_a_bearer_grant_is_refused(header: str | None) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        grants.bearer(header)
    assert refusal.value.headers["WWW-Authenticate"].startswith("Bearer")
