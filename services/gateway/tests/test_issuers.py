"""The file of issuers: what it may say, what it is told where it does not hold, and whom a token stands for by it."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from gateway.credentials import outside_tokens
from gateway.credentials.issuers import ClientIssuer, read_clients, read_sign_ins
from gateway.credentials.outside_clients import OutsideClients
from gateway.credentials.tokens import TokenInvalid, secret_hash
from gateway.store import Client
from stena.keys import KeyFileError

NAME, AUDIENCE = "https://login.example", "https://stena.example"
MAPPED = {"when": {"client_id": "case-system"}, "organisation": "employment-agency", "client": "cli_x"}
LISTED: dict[str, Any] = {"issuer": NAME, "audience": AUDIENCE, "clients": [MAPPED]}
KEY = ECKey.generate_key("P-256", auto_kid=True)


def written(folder: Path, listed: object) -> Path:
    (folder / "issuers.yaml").write_text(yaml.safe_dump(listed))
    return folder / "issuers.yaml"


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("text", "tuple"),
        ([LISTED | {"issuer": "http://login.example"}], "https://"),
        ([LISTED | {"algorithms": ["HS256"]}], "0/algorithms/0"),
        ([LISTED | {"algorithms": []}], "0/algorithms"),
        ([LISTED | {"clients": []}], "0/clients"),
        ([LISTED | {"clients": [MAPPED | {"when": {}}]}], "0/clients/0/when"),
        ([LISTED | {"clients": [MAPPED | {"when": {"client_id": 5}}]}], "0/clients/0/when/client_id"),
        ([LISTED | {"clients": [MAPPED | {"person": "x"}]}], "0/clients/0/person"),
        ([LISTED | {"skew_seconds": 3600}], "0/skew_seconds"),
        ([LISTED | {"token_types": ["ID"]}], "0/token_types/0"),
        ([LISTED, LISTED], "twice"),
    ],
    ids=["text", "http", "HS256", "no algorithm", "no client", "everybody", "number", "unknown", "skew", "type", "twice"],
)
def test_a_file_that_does_not_hold_says_where(tmp_path: Path, listed: object, said: str) -> None:
    with pytest.raises(KeyFileError) as error:
        read_clients(written(tmp_path, listed), beside={})
    assert said in str(error.value)
    assert "issuers.yaml" in str(error.value)


def test_a_file_that_is_missing_is_told_and_one_that_nobody_names_is_none(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="FileNotFoundError"):
        read_clients(tmp_path / "nothing", beside={})
    assert read_clients(None, beside={}) == {}


def test_the_file_on_the_page_holds(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "identity.md").read_text()
    (tmp_path / "issuers.yaml").write_text(page.partition("```yaml\n")[2].partition("```")[0])
    (issuer,) = read_clients(tmp_path / "issuers.yaml", beside={}).values()
    assert [each.acting_user for each in issuer.clients] == [None, "preferred_username"]


def test_an_issuer_of_people_is_none_of_systems(tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text(yaml.safe_dump([{"issuer": NAME, "audience": "x", "organisation": "self-service", "title": "eAuth"}]))
    with pytest.raises(KeyFileError, match="by which people sign in"):
        read_clients(written(tmp_path, [LISTED]), beside=read_sign_ins(people))


def token(*, typ: str = "at+jwt", **claims: Any) -> str:
    now = int(time.time())
    said = {"iss": NAME, "aud": AUDIENCE, "sub": "x", "client_id": "case-system", "iat": now, "exp": now + 300} | claims
    said = {name: value for name, value in said.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": KEY.kid, "typ": typ}, said, KEY, algorithms=["ES256"])


@pytest.mark.parametrize(
    "claims",
    [
        {"typ": "JWT"},
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"aud": ["https://elsewhere.example"]},
        {"iss": "https://elsewhere.example"},
        {"sub": None},
        {"exp": 86_400},
        {"exp": -60},
        {"iat": 600},
        {"nonce": "of an ID token"},
        {"at_hash": "of an ID token"},
    ],
    ids=lambda claims: " ".join(claims),
)
def test_an_access_token_is_for_us_short_and_no_id_token(claims: dict[str, Any]) -> None:
    """Times are seconds from now: between reading this file and running the test there may be many minutes."""
    issuer, keys, now = ClientIssuer.model_validate(LISTED), KeySet([KEY]), time.time()
    claims = {name: int(now) + said if isinstance(said, int) else said for name, said in claims.items()}
    assert outside_tokens.access(token(), issuer, keys, now)["client_id"] == "case-system"
    assert outside_tokens.access(token(aud=["https://other.example", AUDIENCE], azp="anybody"), issuer, keys, now)
    with pytest.raises(TokenInvalid):
        outside_tokens.access(token(**claims), issuer, keys, now)


class Registered:
    """The directory of one client."""

    def __init__(self, **shown: Any) -> None:
        told = {"client_id": "cli_x", "name": "a test", "organisation": "employment-agency", "person_id": None} | shown
        self.client = Client(**{"secret_hash": secret_hash("x"), "created_at": None, **told})

    async def active(self, client_id: str) -> Client | None:
        return self.client if client_id == self.client.client_id else None


async def caller(listed: dict[str, Any], registered: Registered, text: str) -> Any:
    async def fetch(where: str) -> KeySet:
        return KeySet([KEY])

    return await OutsideClients({NAME: ClientIssuer.model_validate(listed)}, fetch, registered).caller(text)


async def test_a_token_stands_for_a_client_that_was_registered_for_its_issuer_and_organisation() -> None:
    found = await caller(LISTED, Registered(issuer=NAME), token())
    assert (found.client, found.organisation, found.person, found.acting_user) == ("cli_x", "employment-agency", None, None)
    for registered in (
        Registered(),
        Registered(issuer="https://elsewhere.example"),
        Registered(issuer=NAME, organisation="vitosha-bakery"),
        Registered(issuer=NAME, client_id="cli_y"),
    ):
        with pytest.raises(TokenInvalid):
            await caller(LISTED, registered, token())


async def test_claims_say_which_client_it_is_and_who_acts_or_nobody_is_meant() -> None:
    users = MAPPED | {"when": {"client_id": "case-system", "groups": "placement"}, "acting_user": "email"}
    registered, listed = Registered(issuer=NAME), LISTED | {"clients": [users]}
    found = await caller(listed, registered, token(groups=["placement", "lunch"], email="petrova@agency.example"))
    assert found.acting_user == "petrova@agency.example"
    for claims in (
        {"groups": ["lunch"], "email": "petrova"},
        {"groups": "placement lunch", "email": "petrova"},
        {"groups": "placement"},
        {"groups": "placement", "email": ""},
        {"groups": "placement", "email": 5},
        {"groups": "placement", "email": "two\nlines"},
        {"groups": "placement", "email": "x" * 201},
    ):
        with pytest.raises(TokenInvalid):
            await caller(listed, registered, token(**claims))
    both = LISTED | {"clients": [MAPPED, users]}
    with pytest.raises(TokenInvalid):
        await caller(both, registered, token(groups="placement", email="petrova"))
