"""Who lets whom call: clients, their credentials and the rulebook, by the API, with two people for whatever opens something."""

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import text
from typer.testing import CliRunner

from gateway import store
from gateway.credentials.tokens import new_secret, secret_hash
from policy_svc.loading import read_files
from stena.problems import Unavailable
from stena_local.admin_commands import admin
from stena_local.demo.upstreams import ASSERTION, KeyHolder

from .house import GATEWAY, RULEBOOK, Caller, House
from .loopback import served

PURPOSE = "administration"
OPERATOR = "stena-operator"
BAKERY = {"organisation": "vitosha-bakery", "name": "shop", "credentials": {"type": "secret"}}


@dataclass
class Desk:
    """Somebody who administers, by a client of their own or of somebody else."""

    caller: Caller
    name: str | None

    async def __call__(self, method: str, path: str, status: int = 200, **kwargs: Any) -> Any:
        headers = ({"Acting-User": self.name} if self.name else {}) | kwargs.pop("headers", {})
        for _ in range(20):
            answer = await self.caller(method, path, PURPOSE, headers=headers, **kwargs)
            if answer.status_code != 503:
                break
            await asyncio.sleep(0.2)  # a busy machine may be late: ask again
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
async def clients(house: House) -> tuple[Caller, Caller]:
    """Two clients of the operator."""
    made = []
    for _ in range(2):
        token = await house.token(*await house.register(OPERATOR))
        made.append(Caller(await house.stack.enter_async_context(house.http(headers={"Authorization": f"Bearer {token}"}))))
    return made[0], made[1]


@pytest.fixture
def ivanova(clients: tuple[Caller, Caller]) -> Desk:
    return Desk(clients[0], "ivanova")


@pytest.fixture
def petrova(clients: tuple[Caller, Caller]) -> Desk:
    return Desk(clients[1], "petrova")


async def refused(answer: Any, slug: str) -> None:
    assert answer["type"] == f"/problems/{slug}", answer


async def works(house: House, client_id: str, secret: str) -> bool:
    async with house.http(auth=(client_id, secret)) as http:
        for _ in range(50):
            with suppress(Unavailable):
                await house.parts.directory.refresh()
                answer = await http.post("/oauth2/token", data={"grant_type": "client_credentials"})
                if answer.status_code != 503:
                    break
            await asyncio.sleep(0.2)
    return answer.status_code == 200


async def test_a_client_is_let_in_by_two(house: House, ivanova: Desk, petrova: Desk) -> None:
    proposal = await ivanova("POST", "/v1/clients", 202, json=BAKERY | {"comment": "for the new shop"})
    assert (proposal["state"], proposal["proposed_by"], proposal["comment"]) == (
        "open",
        f"{OPERATOR}: ivanova",
        "for the new shop",
    )
    client_id, path = proposal["client"]["id"], f"/v1/proposals/{proposal['id']}/confirmation"
    assert client_id not in {each["id"] for each in (await ivanova("GET", "/v1/clients?limit=200"))["clients"]}
    for alone in (ivanova, Desk(ivanova.caller, "petrova"), Desk(petrova.caller, " Ivanova ")):
        await refused(await alone("PUT", path, 403), "second-person-needed")
    assert [each["id"] for each in (await petrova("GET", "/v1/proposals"))["proposals"]] == [proposal["id"]]
    done = await petrova("PUT", path)
    assert await works(house, client_id, done["client_secret"])
    assert (done["proposal"]["state"], done["proposal"]["settled"]["by"]) == ("confirmed", f"{OPERATOR}: petrova")
    await refused(await petrova("PUT", path, 409), "proposal-settled")
    (shown,) = (await ivanova("GET", "/v1/clients?organisation=vitosha-bakery"))["clients"]
    assert (shown["id"], shown["name"], shown["credentials"], shown["revoked_at"]) == (client_id, "shop", "secret", None)
    assert done["client_secret"] not in json.dumps(await kept(house)), "a secret is kept nowhere"


async def kept(house: House) -> list[Any]:
    async with house.parts.engine.begin() as connection:
        rows = await connection.execute(text("SELECT row_to_json(proposals)::text FROM proposals"))
        return [row[0] for row in rows]


async def test_what_is_done_stands_in_the_ledger_under_its_purpose(house: House, ivanova: Desk, petrova: Desk) -> None:
    begun = datetime.now(UTC)
    proposal = await ivanova("POST", "/v1/clients", 202, json=BAKERY)
    await ivanova("PUT", f"/v1/proposals/{proposal['id']}/confirmation", 403)
    await petrova("PUT", f"/v1/proposals/{proposal['id']}/confirmation")
    async with house.parts.engine.begin() as connection:
        query = "SELECT operation, resource, outcome, acting_user FROM ledger WHERE purpose = $1 AND at > $2 ORDER BY at"
        rows = [tuple(row) for row in await connection.exec_driver_sql(query, (PURPOSE, begun))]
    wanted = [
        ("propose", "client", "intent", "ivanova"),
        ("propose", "client", "done", "ivanova"),
        ("confirm", "client", "intent", "ivanova"),
        ("confirm", "client", "denied", "ivanova"),
        ("confirm", "client", "intent", "petrova"),
        ("confirm", "client", "done", "petrova"),
    ]
    assert list(dict.fromkeys(row for row in rows if row in wanted)) == wanted


async def test_a_client_is_revoked_by_one_at_once(house: House, ivanova: Desk, petrova: Desk) -> None:
    client_id, secret = await house.register("rila-build")
    assert await works(house, client_id, secret)
    await petrova("DELETE", f"/v1/clients/{client_id}", 204)
    assert not await works(house, client_id, secret)
    await petrova("DELETE", f"/v1/clients/{client_id}", 404)
    await petrova("DELETE", "/v1/clients/cli_nobody", 404)
    newest, *_ = (await ivanova("GET", "/v1/proposals?state=all"))["proposals"]
    assert (newest["kind"], newest["state"], newest["client"]["id"]) == ("revocation", "at-once", client_id)
    assert newest["settled"]["by"] == f"{OPERATOR}: petrova"


async def test_credentials_are_renewed_by_two_and_the_earlier_secret_is_good_for_a_while(
    house: House, ivanova: Desk, petrova: Desk
) -> None:
    client_id, earlier = await house.register("rila-build")
    body: dict[str, Any] = {"credentials": {"type": "secret"}}
    proposal = await ivanova("POST", f"/v1/clients/{client_id}/credentials", 202, json=body)
    later = (await petrova("PUT", f"/v1/proposals/{proposal['id']}/confirmation"))["client_secret"]
    assert await works(house, client_id, later)
    assert await works(house, client_id, earlier)
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    jwks = {"keys": [key.as_dict(private=False)]}
    body = {"credentials": {"type": "keys", "jwks": jwks}, "keep_earlier_hours": 0}
    proposal = await ivanova("POST", f"/v1/clients/{client_id}/credentials", 202, json=body)
    assert proposal["client"]["key_ids"] == [key.kid]
    done = await petrova("PUT", f"/v1/proposals/{proposal['id']}/confirmation")
    assert done["client_secret"] is None
    assert not await works(house, client_id, later)
    assert not await works(house, client_id, earlier)
    shown = await listed(ivanova, client_id)
    assert (shown["credentials"], shown["key_ids"]) == ("keys", [key.kid])


async def test_other_keys_take_two_and_those_before_are_good_for_a_while(house: House, ivanova: Desk, petrova: Desk) -> None:
    first, second, third = (OKPKey.generate_key("Ed25519", auto_kid=True) for _ in range(3))
    client_id = await register_with(house, first)
    path = f"/v1/clients/{client_id}/credentials"
    assert await shows(house, client_id, first)
    proposal = await ivanova("POST", path, 202, json=by_keys(second))
    assert not await shows(house, client_id, second)
    await petrova("PUT", f"/v1/proposals/{proposal['id']}/confirmation")
    assert [await shows(house, client_id, key) for key in (first, second)] == [True, True]
    shown = await listed(ivanova, client_id)
    assert (shown["key_ids"], shown["earlier_key_ids"]) == ([second.kid], [first.kid])
    proposal = await ivanova("POST", path, 202, json=by_keys(second, third) | {"keep_earlier_hours": 0})
    await petrova("PUT", f"/v1/proposals/{proposal['id']}/confirmation")
    assert [await shows(house, client_id, key) for key in (first, second, third)] == [False, True, True]


async def test_fewer_keys_take_one_and_those_left_out_are_refused_at_once(house: House, ivanova: Desk, petrova: Desk) -> None:
    first, second, third = (OKPKey.generate_key("Ed25519", auto_kid=True) for _ in range(3))
    client_id = await register_with(house, first, second)
    path = f"/v1/clients/{client_id}/credentials"
    proposal = await ivanova("POST", path, 202, json=by_keys(first, second, third))
    await petrova("PUT", f"/v1/proposals/{proposal['id']}/confirmation")
    headers = {"Idempotency-Key": "fewer"}
    done = await ivanova("POST", path, 200, json=by_keys(first), headers=headers)
    assert (done["state"], done["settled"]["by"]) == ("at-once", f"{OPERATOR}: ivanova")
    assert [await shows(house, client_id, key) for key in (first, second, third)] == [True, False, False]
    assert await ivanova("POST", path, 200, json=by_keys(first), headers=headers) == done
    shown = await listed(ivanova, client_id)
    assert (shown["key_ids"], shown["earlier_key_ids"], shown["earlier_secret_until"]) == ([first.kid], [], None)
    other = OKPKey.generate_key("Ed25519", {"kid": str(first.kid)})
    await ivanova("POST", path, 202, json=by_keys(other))
    assert not await shows(house, client_id, other), "another key is another one whatever its name"


def by_keys(*keys: OKPKey) -> dict[str, Any]:
    return {"credentials": {"type": "keys", "jwks": {"keys": [key.as_dict(private=False) for key in keys]}}}


async def register_with(house: House, *keys: OKPKey, organisation: str = "rila-build") -> str:
    client_id, jwks = f"cli_{secrets.token_hex(8)}", json.dumps(by_keys(*keys)["credentials"]["jwks"])
    row = store.Client(client_id, "a test", organisation, None, secret_hash(new_secret()), datetime.now(UTC), jwks=jwks)
    await store.register(house.parts.engine, row)
    return client_id


async def shows(house: House, client_id: str, key: OKPKey) -> bool:
    """Whether the client gets a token by this key."""
    holder = KeyHolder("a test", client_id, key)
    async with house.http() as http:
        for _ in range(20):
            form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION}
            with suppress(Unavailable):
                await house.parts.directory.refresh()
                answer = await http.post("/oauth2/token", data=form | {"client_assertion": holder.assertion(GATEWAY)})
                if answer.status_code != 503:
                    break
            await asyncio.sleep(0.2)
    return answer.status_code == 200


async def listed(desk: Desk, client_id: str) -> Any:
    return next(each for each in (await desk("GET", "/v1/clients?limit=200"))["clients"] if each["id"] == client_id)


async def test_a_proposal_is_withdrawn_by_anybody_who_administers(house: House, ivanova: Desk, petrova: Desk) -> None:
    proposal = await ivanova("POST", "/v1/clients", 202, json=BAKERY)
    assert (await petrova("DELETE", f"/v1/proposals/{proposal['id']}"))["state"] == "withdrawn"
    await refused(await petrova("PUT", f"/v1/proposals/{proposal['id']}/confirmation", 409), "proposal-settled")
    proposal = await ivanova("POST", "/v1/clients", 202, json=BAKERY)
    for name in ("clp_" + "0" * 32, "rbp_" + "0" * 32, "nothing", proposal["id"].upper(), "rbp_" + proposal["id"][4:]):
        await petrova("PUT", f"/v1/proposals/{name}/confirmation", 404)
    await petrova("DELETE", f"/v1/proposals/{proposal['id']}")


async def test_a_proposal_sent_again_is_the_same_one(ivanova: Desk) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await ivanova("POST", "/v1/clients", 202, json=BAKERY, headers=headers)
    assert await ivanova("POST", "/v1/clients", 200, json=BAKERY, headers=headers) == first
    other = BAKERY | {"name": "another shop"}
    await refused(await ivanova("POST", "/v1/clients", 409, json=other, headers=headers), "idempotency-key-reused")


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"organisation": "nobody"}, "/organisation"),
        ({"credentials": {"type": "keys", "jwks": {"keys": []}}}, "/credentials/jwks"),
        ({"credentials": {"type": "published-keys", "jwks_uri": "http://client.example/keys"}}, "/credentials/jwks_uri"),
        ({"credentials": {"type": "issuer", "issuer": "ftp://login.example"}}, "/credentials/issuer"),
    ],
    ids=["organisation", "jwks", "jwks_uri", "issuer"],
)
async def test_a_proposal_that_cannot_be_taken_says_why(ivanova: Desk, changed: Mapping[str, Any], place: str) -> None:
    answer = await ivanova("POST", "/v1/clients", 400, json={**BAKERY, **changed})
    assert [fault["pointer"] for fault in answer["errors"]] == [place]


async def test_somebody_has_to_act_and_nobody_else_may(house: House, ivanova: Desk) -> None:
    answer = await Desk(ivanova.caller, None)("POST", "/v1/clients", 403, json=BAKERY)
    assert answer["reason"] == "acting-user-missing"
    assert (await Desk(ivanova.caller, None)("GET", "/v1/clients"))["clients"], "to look is nobody's act"
    for organisation in ("employment-agency", "privacy-office", "stena-matching"):
        stranger = Desk(await house.caller(organisation), "ivanova")
        for method, path in (
            ("GET", "/v1/clients"),
            ("GET", "/v1/proposals"),
            ("GET", "/v1/rulebook"),
            ("GET", "/v1/organisations"),
        ):
            assert (await stranger(method, path, 403))["reason"] == "purpose-not-approved"
        await stranger("POST", "/v1/clients", 403, json=BAKERY)


async def test_organisations_and_their_approvals_are_those_of_the_rulebook(house: House, ivanova: Desk) -> None:
    await house.register("school-board")
    listed = await ivanova("GET", "/v1/organisations")
    office = next(each for each in listed["organisations"] if each["id"] == "privacy-office")
    assert [each["purpose"] for each in office["approvals"]] == ["data-protection-audit"]
    assert {each["id"]: each["clients"] for each in listed["organisations"]}["school-board"] == 1


def with_approval(files: Mapping[str, str], organisation: str, line: str) -> dict[str, str]:
    """The rulebook in which an organisation has one approval more."""
    listed = files["organisations.yaml"]
    at = listed.index("approvals:\n", listed.index(f"\n{organisation}:")) + len("approvals:\n")
    return {**files, "organisations.yaml": listed[:at] + f"    - {line}\n" + listed[at:]}


async def test_a_rulebook_that_opens_takes_two_and_one_that_closes_does_not(house: House, ivanova: Desk, petrova: Desk) -> None:
    before = (await ivanova("GET", "/v1/rulebook"))["active"]
    files = read_files(RULEBOOK)
    assert (await ivanova("GET", f"/v1/rulebook/revisions/{before.removeprefix('sha256:')}"))["files"] == files
    line = "{purpose: mentoring, legal_basis: GDPR-6-1-f, regions: [BG], from: 2026-01-01, until: 2028-12-31}"
    wider = with_approval(files, "school-board", line)
    loaded = (await ivanova("POST", "/v1/rulebook/revisions", 201, json={"files": wider}))["revision"]
    body = {"revision": loaded, "comment": "the board has mentors now"}
    proposal = await ivanova("POST", "/v1/rulebook/activations", 202, json=body, headers={"Idempotency-Key": "open"})
    assert proposal["rulebook"]["instead_of"] == before
    assert any("school-board" in each for each in proposal["rulebook"]["opens"])
    again = await ivanova("POST", "/v1/rulebook/activations", 202, json=body, headers={"Idempotency-Key": "open"})
    assert again["id"] == proposal["id"]
    path = f"/v1/proposals/{proposal['id']}/confirmation"
    await refused(await ivanova("PUT", path, 403), "second-person-needed")
    assert (await ivanova("GET", "/v1/rulebook"))["active"] == before
    await petrova("PUT", path)
    assert (await petrova("GET", "/v1/rulebook"))["active"] == loaded
    newest, *_ = (await petrova("GET", "/v1/rulebook"))["activations"]
    assert (newest["by"], newest["widened"]) == (f"{OPERATOR}: ivanova, confirmed by {OPERATOR}: petrova", True)
    closed = await petrova("POST", "/v1/rulebook/activations", 200, json={"revision": before})
    assert (closed["activation"]["revision"], closed["activation"]["widened"]) == (before, False)


async def test_a_rulebook_that_was_overtaken_is_not_activated_by_an_old_confirmation(
    house: House, ivanova: Desk, petrova: Desk
) -> None:
    before = (await ivanova("GET", "/v1/rulebook"))["active"]
    files = read_files(RULEBOOK)
    line = "{purpose: mentoring, legal_basis: GDPR-6-1-f, regions: [BG], from: 2026-01-01, until: 2028-12-31}"
    wider = with_approval(files, "danube-health", line)
    loaded = (await ivanova("POST", "/v1/rulebook/revisions", 201, json={"files": wider}))["revision"]
    proposal = await ivanova("POST", "/v1/rulebook/activations", 202, json={"revision": loaded})
    same = {**files, "organisations.yaml": files["organisations.yaml"] + "\n# looked over\n"}
    other = (await ivanova("POST", "/v1/rulebook/revisions", 201, json={"files": same}))["revision"]
    await ivanova("POST", "/v1/rulebook/activations", 200, json={"revision": other})
    answer = await petrova("PUT", f"/v1/proposals/{proposal['id']}/confirmation", 409)
    await refused(answer, "rulebook-overtaken")
    assert (await petrova("GET", "/v1/rulebook"))["active"] == other
    await ivanova("POST", "/v1/rulebook/activations", 200, json={"revision": before})


async def test_a_rulebook_that_does_not_hold_is_told_where(ivanova: Desk) -> None:
    files = read_files(RULEBOOK)
    broken = {**files, "organisations.yaml": files["organisations.yaml"].replace("kind: authority", "kind: empire", 1)}
    answer = await ivanova("POST", "/v1/rulebook/revisions", 400, json={"files": broken})
    await refused(answer, "rulebook-refused")
    assert answer["errors"][0]["file"] == "organisations.yaml"


async def test_the_commands_do_the_same(house: House, tmp_path: Path) -> None:
    async with served(house.apps[GATEWAY]) as url:
        ivanova = partial(run, *await as_somebody(house, tmp_path, url, "ivanova"))
        petrova = partial(run, *await with_a_key(house, tmp_path, url, "petrova"))
        proposed = await ivanova("propose-client", "--organisation", "rila-build", "--name", "site office")
        (proposal,) = re.findall("clp_[0-9a-f]{32}", proposed)
        assert proposal in await petrova("proposals")
        refused = await ivanova("confirm", proposal, fails=True)
        assert "Somebody else has to confirm it" in refused
        confirmed = await petrova("confirm", proposal)
        (client_id,) = re.findall(r"client id +(\S+)", confirmed)
        (secret,) = re.findall(r"client secret +(\S+)", confirmed)
        assert await works(house, client_id, secret)
        (proposal,) = re.findall("clp_[0-9a-f]{32}", await ivanova("propose-credentials", client_id))
        assert "Withdrawn: renew site office of rila-build" in await petrova("withdraw", proposal)
        assert "is revoked" in await petrova("revoke-client", client_id)
        assert not await works(house, client_id, secret)
        assert "decides." in await ivanova("rulebook", str(RULEBOOK))


async def as_somebody(house: House, folder: Path, url: str, name: str) -> tuple[str, ...]:
    """The options by which somebody administers with a client of their own."""
    client_id, secret = await house.register(OPERATOR)
    assert await works(house, client_id, secret)
    (folder / name).write_text(secret)
    return ("--client-id", client_id, "--client-secret-file", str(folder / name), "--as", name, "--url", url)


async def with_a_key(house: House, folder: Path, url: str, name: str) -> tuple[str, ...]:
    """The same with a key of their own in the place of a secret."""
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    client_id = await register_with(house, key, organisation=OPERATOR)
    assert await shows(house, client_id, key)
    (folder / f"{name}.key").write_text(json.dumps(key.as_dict(private=True)))
    return ("--client-id", client_id, "--client-key-file", str(folder / f"{name}.key"), "--as", name, "--url", url)


async def test_who_shows_in_no_way_or_in_two_who_they_are_is_told(tmp_path: Path) -> None:
    public = OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=False)
    (tmp_path / "public").write_text(json.dumps(public))
    (tmp_path / "none").write_text("no key")
    both = ("--client-key-file", str(tmp_path / "public"), "--client-secret-file", str(tmp_path / "none"))
    for options, told in (
        ((), "in one way"),
        (both, "in one way"),
        (both[:2], "no private key"),
        (("--client-key-file", str(tmp_path / "none")), "no key that can be read"),
    ):
        assert told in await run("--client-id", "cli_x", "--as", "ivanova", *options, "proposals", fails=True)


async def run(*arguments: str, fails: bool = False) -> str:
    """What the command says; a busy machine may be late: again."""
    for _ in range(20):
        done = await asyncio.to_thread(CliRunner().invoke, admin, list(arguments), env={"COLUMNS": "300"})
        said = done.output + str(done.exception or "")
        if "Try again shortly" not in said:
            break
        await asyncio.sleep(0.2)
    assert (done.exit_code != 0) == fails, said
    return said
