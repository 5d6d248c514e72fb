"""Consents: what was said, what holds, and how soon rules see it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from stena.contracts.condition import Overlaps

from .people import OLENA
from .source import Service

GIVEN = {"state": "given", "text_version": "3", "language": "uk", "method": "interpreter"}


async def record(service: Service, person: str, purpose: str = "mentoring", **said: Any) -> httpx.Response:
    grant = service.grant("record", person, resource="consent", **said.pop("grant", {}))
    return await service.call("PUT", f"/persons/{person}/consents/{purpose}", grant, {**GIVEN, **said})


async def withdraw(service: Service, person: str, query: str = "") -> httpx.Response:
    grant = service.grant("withdraw", person, resource="consent")
    return await service.call("DELETE", f"/persons/{person}/consents/mentoring{query}", grant)


async def listed(service: Service, person: str) -> list[dict[str, Any]]:
    answer = await service.call("GET", f"/persons/{person}/consents", service.grant("read", person, resource="consent"))
    return list(answer.json()["consents"])


async def live(service: Service, person: str) -> list[str]:
    """The fact that rules see."""
    found = await service.sql("SELECT consents FROM persons WHERE person_id = CAST(:id AS uuid)", id=person)
    return list(found[0][0])


async def test_what_is_recorded_holds_at_once_and_what_is_withdrawn_ends_at_once(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    assert (await record(service, person)).status_code == 200
    assert (await record(service, person, recipient="bread-and-bridges")).status_code == 200
    assert await live(service, person) == ["mentoring", "mentoring@bread-and-bridges"]
    assert (await withdraw(service, person, "?recipient=bread-and-bridges")).json()["state"] == "withdrawn"
    assert await live(service, person) == ["mentoring@vitosha-bakery"], "those whom the consent for all still reaches"
    states = {(one["purpose"], one["recipient"]): one["state"] for one in await listed(service, person)}
    assert states == {("mentoring", None): "given", ("mentoring", "bread-and-bridges"): "withdrawn"}


async def test_withdrawing_again_is_as_good_as_once_and_nothing_is_forgotten(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    assert (await withdraw(service, person)).status_code == 404
    await record(service, person)
    once, again = await withdraw(service, person), await withdraw(service, person)
    assert once.json() == again.json()
    said = await service.sql("SELECT state FROM consents WHERE person_id = CAST(:id AS uuid) ORDER BY consent_id", id=person)
    assert said == [("given",), ("withdrawn",)]


async def test_a_refusal_takes_an_earlier_consent_away(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    await record(service, person)
    await record(service, person, state="refused")
    assert await live(service, person) == []


async def test_a_consent_ends_by_itself_within_a_second(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    end = datetime.now(UTC) + timedelta(seconds=0.3)
    await record(service, person, expires_at=end.isoformat())
    await record(service, person, "introduction", expires_at=(end + timedelta(days=1)).isoformat())
    assert await live(service, person) == ["introduction", "mentoring"]
    await asyncio.sleep(1.3)
    assert await live(service, person) == ["introduction"]
    ends = await service.sql("SELECT consent_ends_at FROM persons WHERE person_id = CAST(:id AS uuid)", id=person)
    assert ends == [(end + timedelta(days=1),)]


async def test_what_cannot_be_consented_to_is_refused(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    past = datetime.now(UTC) - timedelta(days=1)
    refused = [
        await record(service, person, "no-such-purpose"),
        await record(service, person, recipient="nobody"),
        await record(service, person, expires_at=past.isoformat()),
        await record(service, person, expires_at="2999-01-01T00:00:00"),
        await record(service, person, state="withdrawn"),
        await record(service, person, method="assumed"),
    ]
    assert [answer.status_code for answer in refused] == [400] * 6
    assert await listed(service, person) == []


async def test_rows_hold_for_consents_too(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    elsewhere = Overlaps(fact="region_path", values=("BG33",))
    assert (await record(service, person, grant={"rows": elsewhere})).status_code == 404
    for method, operation in (("GET", "read"), ("DELETE", "withdraw")):
        grant = service.grant(operation, person, resource="consent", rows=elsewhere)
        path = f"/persons/{person}/consents" + ("/mentoring" if method == "DELETE" else "")
        assert (await service.call(method, path, grant)).status_code == 404
    assert await live(service, person) == []
