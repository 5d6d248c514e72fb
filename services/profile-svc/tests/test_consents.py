"""Consents: what was said, what holds, and how soon rules see it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from profile_svc.attributes import Attributes
from profile_svc.importing import import_people
from profile_svc.upkeep import end_consents
from stena.contracts.access import Disclosure
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


async def listed(service: Service, person: str, path: str = "", **changes: Any) -> list[dict[str, Any]]:
    grant = service.grant("read", person, resource="consent", **changes)
    answer = await service.call("GET", f"/persons/{person}/consents{path}", grant)
    assert answer.status_code == 200, answer.text
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
    person, another = [(await service.register(OLENA))["id"] for _ in range(2)]
    end = datetime.now(UTC) + timedelta(seconds=0.3)
    await record(service, another, expires_at=(end + timedelta(days=2)).isoformat())
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
        await record(service, person, recipient="employment-agency"),  # not approved for it
        await record(service, person, recipient="facts-lab"),  # not any more
        await record(service, person, expires_at=past.isoformat()),
        await record(service, person, expires_at="2999-01-01T00:00:00"),
        *[await record(service, person, expires_at=f"{year}-01-01T00:00:00Z") for year in ("0001", "2999", "9999")],
        await record(service, person, state="withdrawn"),
        await record(service, person, method="assumed"),
    ]
    assert [answer.status_code for answer in refused] == [400] * 11
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


async def test_where_nothing_rests_on_consent_none_is_asked_for(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    for state in ("given", "refused"):
        answer = await record(service, person, "job-ranking", state=state)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/consent-not-a-basis")
        assert answer.json()["legal_bases"] == ["GDPR-6-1-e"]
    assert await listed(service, person) == []


async def rows(service: Service, person: str) -> list[Any]:
    """Everything that was ever recorded, as it is stored."""
    return await service.sql("SELECT * FROM consents WHERE person_id = CAST(:id AS uuid) ORDER BY recorded_at", id=person)


async def test_the_same_words_again_change_nothing(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    end = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    once, again = [await record(service, person, expires_at=end) for _ in range(2)]
    assert once.json() == again.json()
    assert len(await rows(service, person)) == 1
    other = await record(service, person, expires_at=end, grant={"organisation": "bread-and-bridges"})
    assert other.json()["recorded_by"] == "bread-and-bridges"
    assert len(await rows(service, person)) == 2, "who recorded it matters"
    await withdraw(service, person)
    await record(service, person, expires_at=end)
    assert await live(service, person) == ["mentoring"]


async def test_a_no_for_all_said_twice_ends_what_was_given_between(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    await record(service, person, state="refused")
    await record(service, person, recipient="vitosha-bakery")
    assert await live(service, person) == ["mentoring@vitosha-bakery"]
    await record(service, person, state="refused")
    assert await live(service, person) == []


async def test_whoever_comes_last_is_the_newest_whatever_the_clocks_say(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    await record(service, person)
    ahead = "UPDATE consents SET recorded_at = now() + interval '1 hour' WHERE person_id = CAST(:id AS uuid)"
    await service.sql(ahead, id=person)
    await withdraw(service, person)
    assert await live(service, person) == []
    assert [one["state"] for one in await listed(service, person)] == ["withdrawn"]


async def test_two_who_record_at_once_leave_the_fact_and_the_record_in_line(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    await record(service, person)
    calls = [record(service, person, text_version=str(number)) for number in range(5)]
    calls += [withdraw(service, person) for _ in range(3)]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200}
    [newest] = await listed(service, person)
    assert await live(service, person) == (["mentoring"] if newest["state"] == "given" else [])
    history = await listed(service, person, "/mentoring")
    assert [one["recorded_at"] for one in history] == sorted({one["recorded_at"] for one in history}, reverse=True)


async def test_two_who_compare_their_records_find_nothing_to_join_them_by(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    await record(service, person, expires_at=(datetime.now(UTC) + timedelta(days=9)).isoformat())
    [ours], [theirs] = await listed(service, person), await listed(service, person, organisation="bread-and-bridges")
    for member in ("id", "recorded_at", "expires_at"):
        assert ours[member] != theirs[member]
    assert theirs["recorded_at"].endswith("T00:00:00+00:00")
    assert theirs["expires_at"].endswith("T00:00:00+00:00")
    assert ours["id"] == (await listed(service, person, "/mentoring"))[0]["id"]
    [stored] = await service.sql("SELECT consent_id FROM consents WHERE person_id = CAST(:id AS uuid)", id=person)
    assert str(stored[0]) not in (ours["id"], theirs["id"])


async def test_an_end_is_an_end_even_where_the_sweep_does_not_come(service: Service) -> None:
    person = (await service.register({**OLENA, "phone": "+359881234567"}))["id"]
    consented = {"phone": Disclosure(when=Overlaps(fact="consents", values=("mentoring",)), otherwise="consent-missing")}
    end = datetime.now(UTC) + timedelta(seconds=0.7)
    await record(service, person, expires_at=end.isoformat())
    async with service.vault.transaction() as connection:
        # Whoever holds the row keeps the sweep away from it.
        await connection.execute(text("SELECT 1 FROM persons WHERE person_id = :id FOR UPDATE"), {"id": UUID(person)})
        assert (await service.read(person, disclose=consented))["attributes"]["phone"]
        await asyncio.sleep((end - datetime.now(UTC)).total_seconds())
        assert (await service.read(person, disclose=consented))["withheld"]["phone"] == "consent-missing"
        assert await live(service, person) == ["mentoring"], "not the sweep's doing"


async def test_a_great_many_end_at_once(service: Service) -> None:
    people = [{"external_id": f"M-{number}", "created_by": "import-lab", "attributes": {}} for number in range(450)]
    end = datetime.now(UTC) + timedelta(days=400)
    consent = {"purpose": "mentoring", "text_version": "1", "language": "uk", "method": "paper", "expires_at": end.isoformat()}
    lines = [json.dumps({**person, "consents": [consent]}).encode() for person in people]
    assert (await import_people(service.vault, Attributes(service.catalogue), lines)).created == len(people)
    assert await end_consents(service.vault, end) >= len(people)
    still = "SELECT count(*) FROM persons WHERE consent_ends_at <= :end"
    assert await service.sql(still, end=end) == [(0,)]
    [(told,)] = await service.sql("SELECT count(*) FROM changes WHERE facts_after->'consents' = '[]' AND at = :end", end=end)
    assert told >= len(people), "followers hear of each"
