"""Sharing a note: by its writer's organisation, for a purpose, until a moment, and not a moment longer."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from stena.contracts.condition import AllOf, AnyOf, IsIn, Overlaps

from .people import IN_SOFIA, OLENA
from .source import Service

WRITER, READER = "bread-and-bridges", "employment-agency"


def rows(organisation: str, purpose: str = "registration") -> AllOf:
    """Own notes and those shared with the organisation for the purpose, of people in Sofia."""
    own = IsIn(fact="created_by", values=(organisation,))
    shared = Overlaps(fact="shared", values=(purpose, f"{purpose}@{organisation}"))
    return AllOf(of=(IN_SOFIA, AnyOf(of=(own, shared))))


async def written(service: Service, text: str = "canary", person: str | None = None) -> tuple[str, str]:
    person = person or str((await service.register(OLENA))["id"])
    grant = service.grant("create", person, resource="note", organisation=WRITER, rows=rows(WRITER), acting_user="vera")
    note = (await service.call("POST", f"/persons/{person}/notes", grant, {"text": text})).json()
    return person, note["id"]


async def share(service: Service, person: str, note: str, by: str = WRITER, **body: Any) -> httpx.Response:
    headers = body.pop("headers", {})
    wanted = {"purpose": "registration", "recipient": READER, "until": soon(days=30)} | body
    grant = service.grant("share", person, resource="note", organisation=by, rows=IsIn(fact="created_by", values=(by,)))
    return await service.call("POST", f"/persons/{person}/notes/{note}/shares", grant, wanted, **headers)


def soon(**later: float) -> str:
    return (datetime.now(UTC) + timedelta(**later)).isoformat()


async def notes(service: Service, person: str, organisation: str = READER, purpose: str = "registration") -> list[Any]:
    allowed = rows(organisation, purpose)
    grant = service.grant("read", person, resource="note", organisation=organisation, purpose=purpose, rows=allowed)
    answer = await service.call("GET", f"/persons/{person}/notes", grant)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["notes"])


async def test_a_share_opens_a_note_to_whom_it_names_and_says_until_when(service: Service) -> None:
    person, note = await written(service)
    assert await notes(service, person) == []
    made = await share(service, person, note)
    assert made.status_code == 201, made.text
    seen = await notes(service, person)
    assert [(each["text"], each["written_by"]) for each in seen] == [("canary", WRITER)]
    assert seen[0]["shared_until"] == made.json()["until"]
    assert seen[0]["acting_user"] is None, "who it was there is the writer's own affair"
    assert (await notes(service, person, WRITER))[0]["acting_user"] == "vera"
    assert await notes(service, person, "vitosha-bakery") == [], "shared with somebody else"
    assert await notes(service, person, READER, "mentoring") == [], "shared for something else"


async def test_a_share_opens_the_note_that_it_is_of_and_no_other(service: Service) -> None:
    person, note = await written(service)
    await written(service, "another", person)
    await share(service, person, note)
    assert [each["text"] for each in await notes(service, person)] == ["canary"]


async def test_without_a_recipient_it_is_for_everybody_with_the_purpose(service: Service) -> None:
    person, note = await written(service)
    assert (await share(service, person, note, recipient=None)).status_code == 201
    for organisation in (READER, "vitosha-bakery"):
        assert len(await notes(service, person, organisation)) == 1
    assert await notes(service, person, READER, "mentoring") == []


async def test_a_share_ends_when_it_is_ended(service: Service) -> None:
    person, note = await written(service)
    made = (await share(service, person, note)).json()
    path = f"/persons/{person}/notes/{note}/shares/{made['id']}"
    grant = service.grant("unshare", person, resource="note", organisation=WRITER, rows=rows(WRITER))
    for _ in range(2):
        assert (await service.call("DELETE", path, grant)).status_code == 204
    assert await notes(service, person) == []
    read = service.grant("read", person, resource="note", organisation=WRITER, rows=rows(WRITER))
    listed = (await service.call("GET", path.rpartition("/")[0], read)).json()["shares"]
    assert [each["id"] for each in listed] == [made["id"]]
    assert listed[0]["ended_at"] is not None


async def test_a_share_ends_on_the_second_without_anybody_sweeping(service: Service) -> None:
    person, note = await written(service)
    assert (await share(service, person, note, until=soon(seconds=0.6))).status_code == 201
    assert len(await notes(service, person)) == 1
    await asyncio.sleep(0.7)
    assert await notes(service, person) == []


async def test_the_longest_of_several_shares_counts(service: Service) -> None:
    person, note = await written(service)
    later = (await share(service, person, note, recipient=None, until=soon(days=60))).json()["until"]
    await share(service, person, note, until=soon(days=2))
    await share(service, person, note, recipient="vitosha-bakery", until=soon(days=90))
    assert [each["shared_until"] for each in await notes(service, person)] == [later]


async def test_a_reader_neither_shares_on_nor_learns_with_whom_else_it_is_shared(service: Service) -> None:
    person, note = await written(service)
    await share(service, person, note)
    assert (await share(service, person, note, by=READER, recipient="vitosha-bakery")).status_code == 404
    grant = service.grant("read", person, resource="note", organisation=READER, rows=rows(READER))
    assert (await service.call("GET", f"/persons/{person}/notes/{note}/shares", grant)).status_code == 404


async def test_what_cannot_be_shared_so_is_refused_by_place(service: Service) -> None:
    person, note = await written(service)
    for body, pointer in (
        ({"purpose": "gossip"}, "/purpose"),
        ({"recipient": "nobody"}, "/recipient"),
        ({"recipient": WRITER}, "/recipient"),
        ({"until": soon(days=400)}, "/until"),
        ({"until": soon(days=-1)}, "/until"),
    ):
        answer = await share(service, person, note, **body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)
    assert (await share(service, person, note, until="2027-01-01T00:00:00")).status_code == 400, "without an offset from UTC"


async def test_a_share_sent_twice_is_made_once(service: Service) -> None:
    person, note = await written(service)
    until, headers = soon(days=3), {"Idempotency_Key": "share-once"}
    first, second = [await share(service, person, note, until=until, headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


async def test_who_is_erased_leaves_no_share(service: Service) -> None:
    person, note = await written(service)
    await share(service, person, note)
    await service.call("DELETE", f"/persons/{person}", service.grant("erase", person))
    assert await service.sql("SELECT 1 FROM note_shares WHERE person_id = CAST(:id AS uuid)", id=person) == []
