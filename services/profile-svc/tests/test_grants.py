"""No grant, no data: a call without one that was made for exactly it gets 401 and nothing else."""

import time

from joserfc.jwk import OKPKey

from stena.contracts.condition import IsIn
from stena.grants import sign

from .people import OLENA
from .source import Service


async def test_without_a_grant_for_exactly_this_call_there_is_nothing(service: Service) -> None:
    person, other = (await service.register(OLENA))["id"], (await service.register(OLENA))["id"]
    stale = int(time.time()) - 61
    foreign = sign(service.plain_grant("read", person), OKPKey.generate_key("Ed25519", auto_kid=True))
    refused = [
        service.grant("read", other),
        service.grant("list", person),
        service.grant("match", person),
        service.grant("read", person, resource="note"),
        service.grant("read", None),
        service.grant("read", person, aud="matching-svc"),
        service.grant("read", person, iat=stale, exp=stale + 60),
        service.grant("read", person, exp=stale + 600),
        service.grant("read", person, rulebook="sha256:other"),
        service.grant("read", person, rows=IsIn(fact="favourite_colour", values=("red",))),
        foreign,
        "nonsense",
    ]
    for grant in refused:
        answer = await service.call("GET", f"/persons/{person}", grant)
        assert answer.status_code == 401, answer.text
        assert "Olena" not in answer.text
    bare = await service.http.get(f"/persons/{person}")
    assert bare.status_code == 401
    assert bare.headers["www-authenticate"].startswith("Bearer")


async def test_every_route_wants_a_grant(service: Service) -> None:
    routes = [(path, method) for path, methods in service.app.openapi()["paths"].items() for method in methods]
    for path, method in routes:
        url = path.replace("{person_id}", "0191d0a4-0000-7000-8000-000000000000").replace("{purpose}", "job-ranking")
        answer = await service.http.request(method, url, json={})
        assert answer.status_code == 401, path
    assert len(routes) == 51
