"""Two of a service are one: what was begun at one of them is gone on with at the other."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

from matching_svc.concepts import small_set
from stena_local.demo.upstreams import Client, Gateway
from stena_local.testing import free_port
from tests.system.provider import Provider

from .callers import client
from .docker import containers, docker
from .drills import OWN, all_healthy, require, say, until
from .page import pasted

OFFICER: Final = {"Acting-User": "officer"}
ASKED: Final = 5


def direct(container: str) -> str:
    """Where this very gateway is reached from the machine that it runs on."""
    networks = json.loads(docker("inspect", "--format", "{{json .NetworkSettings.Networks}}", container))
    (front,) = (each["IPAddress"] for name, each in networks.items() if name.endswith("_front"))
    return f"http://{front}:8400"


@contextmanager
def both() -> Iterator[list[Gateway]]:
    addresses = [direct(each) for each in containers("gateway")]
    require(len(addresses) == 2, f"there are {len(addresses)} gateways")
    with Gateway(addresses[0]) as one, Gateway(addresses[1]) as other:
        yield [one, other]


def a_job_goes_on() -> None:
    """An allocation: asked for at one gateway, read at both, and whichever replica of matching-svc is there."""
    agency, bakery = client("employment-agency"), client("vitosha-bakery")
    skills = sorted(small_set().skills)[:2]
    with both() as (one, other):
        body = {"kind": "job", "title": "Baker", "essential_skills": skills, "capacity": 1}
        place = one.expect("POST", "/v1/opportunities", bakery, "opportunity-management", json=body)["id"]
        asked = {
            "kind": "job",
            "opportunities": [place],
            "filters": [{"attribute": "municipality", "operator": "eq", "value": "Sofia"}],
        }
        job = patiently(other, "POST", "/v1/allocations", agency, json=asked, headers=OFFICER)["id"]
        address = f"/v1/allocations/{job}"
        took = until(lambda: patiently(one, "GET", address, agency)["state"] not in ("queued", "running"), "end of a job")
        shown = [patiently(each, "GET", address, agency) for each in (one, other) for _ in range(ASKED)]
        require({each["state"] for each in shown} == {"done"}, f"the job is {shown[0]['state']}: {shown[0].get('reason')}")
        for replica in containers("matching-svc"):
            docker("stop", replica)
            require(patiently(one, "GET", address, agency)["state"] == "done", "a job is gone with a replica")
            docker("start", replica)
            until(all_healthy, "health of a replica that was stopped")
    say(f"a job asked for at one gateway is read at both, after {took:.1f} s, with either replica of matching-svc away")


def patiently(gateway: Gateway, method: str, path: str, caller: Client, **sent: Any) -> Any:
    """A replica that has just come or gone may be a 503 for a second; whatever else fails is a failure."""
    ends = time.monotonic() + 10
    while True:
        answer = gateway.call(method, path, caller, "job-ranking", **sent)
        if answer.status != 503 or time.monotonic() > ends:
            require(answer.status < 400, f"{method} {path}: {answer.status} {answer.body}")
            return answer.body
        time.sleep(0.2)


def a_sign_in_goes_on() -> None:
    """A code from one gateway, linked at the other with a token of the person's provider, used at both."""
    provider = Provider(f"http://127.0.0.1:{free_port()}")
    provider.renew()
    known_to_gateways(provider, Path(os.environ["BACKUPS"]).parent / "provider")
    desk, token = client("reception-agency"), provider.token("somebody")
    with both() as (one, other):
        person = one.expect("POST", "/v1/persons", desk, "registration", json={"attributes": {"remote": True}})["id"]
        address, verified = f"/v1/persons/{person}/sign-in-codes", {"verified_by": "identity-document"}
        code = one.expect("POST", address, desk, "registration", json=verified, headers=OFFICER)["code"]
        status, linked = as_themselves(other, token, "POST", "/v1/sign-ins", json={"code": code})
        require(status == 201, f"a code of one gateway is none at the other: {status} {linked}")
        own = f"/v1/persons/{linked['person']}"
        seen = [as_themselves(each, token, "GET", own)[0] for each in (one, other)]
        require(seen == [200, 200], f"a sign-in holds here and not there: {seen}")
    say("a sign-in begun at one gateway is finished at the other, and holds at both")


def as_themselves(gateway: Gateway, token: str, method: str, path: str, **sent: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}", "Processing-Purpose": OWN}
    answer = httpx.request(method, gateway.url + path, headers=headers, trust_env=False, **sent)
    return answer.status_code, answer.json()


def known_to_gateways(provider: Provider, folder: Path) -> None:
    """New gateways that know the provider, which each has on its own loopback: of others they want TLS."""
    files: Mapping[str, Any] = {
        "keys": {"keys": [key.as_dict(private=False) for key in provider.keys]},
        ".well-known/openid-configuration": {"issuer": provider.issuer, "jwks_uri": f"{provider.issuer}/keys"},
        "sign-in.yaml": [
            {"issuer": provider.issuer, "audience": "stena", "organisation": "self-service", "title": "eAuth (demo)"}
        ],
        "mine.yaml": {
            "services": {
                "gateway": {
                    "environment": {"GATEWAY_SIGN_IN_FILE": "/provider/sign-in.yaml"},
                    "volumes": [f"{folder}:/provider:ro"],
                }
            }
        },
    }
    (folder / ".well-known").mkdir(mode=0o755, parents=True)
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content) if name.endswith(".yaml") else json.dumps(content))
    pasted("deploy/roll.sh gateway", "roll.sh", COMPOSE_FILE=f"{os.environ['COMPOSE_FILE']}:{folder / 'mine.yaml'}")
    port = provider.issuer.rpartition(":")[2]
    for each in containers("gateway"):
        docker("exec", "--detach", each, "python", "-m", "http.server", port, "--bind", "127.0.0.1", "--directory", "/provider")
