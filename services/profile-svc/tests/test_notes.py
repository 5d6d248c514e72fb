"""Notes: free text, sealed, seen by whom the rows of a grant let see it."""

from typing import Any

import httpx

from stena.contracts.condition import AllOf, IsIn, Overlaps

from .people import IN_SOFIA, OLENA
from .source import Service


def own(organisation: str) -> AllOf:
    """Notes that the organisation wrote itself, of people in Sofia."""
    return AllOf(of=(IN_SOFIA, IsIn(fact="created_by", values=(organisation,))))


async def write(service: Service, person: str, text: str, organisation: str, **headers: str) -> httpx.Response:
    grant = service.grant(
        "create", person, resource="note", organisation=organisation, rows=own(organisation), acting_user="vera"
    )
    return await service.call("POST", f"/persons/{person}/notes", grant, {"text": text, "language": "bg"}, **headers)


async def texts(service: Service, person: str, rows: Any, query: str = "") -> list[str]:
    grant = service.grant("read", person, resource="note", organisation="bread-and-bridges", rows=rows)
    answer = await service.call("GET", f"/persons/{person}/notes{query}", grant)
    assert answer.status_code == 200, answer.text
    return [note["text"] for note in answer.json()["notes"]]


async def test_each_organisation_sees_its_own_notes_newest_first(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    for text in ("first", "second", "third"):
        assert (await write(service, person, text, "bread-and-bridges")).status_code == 201
    await write(service, person, "theirs", "employment-agency")
    assert await texts(service, person, own("bread-and-bridges")) == ["third", "second", "first"]
    assert set(await texts(service, person, True)) == {"first", "second", "third", "theirs"}


async def test_notes_come_in_pages(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    ids = [(await write(service, person, str(number), "bread-and-bridges")).json()["id"] for number in range(3)]
    assert await texts(service, person, True, "?limit=2") == ["2", "1"]
    assert await texts(service, person, True, f"?limit=2&after={ids[1]}") == ["0"]


async def test_a_person_out_of_sight_has_no_notes_to_read_or_write(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    elsewhere = Overlaps(fact="region_path", values=("BG33",))
    for who, rows in ((person, elsewhere), ("0191d0a4-0000-7000-8000-000000000000", True)):
        for method, operation, body in (("GET", "read", None), ("POST", "create", {"text": "x"})):
            grant = service.grant(operation, who, resource="note", rows=rows)
            assert (await service.call(method, f"/persons/{who}/notes", grant, body)).status_code == 404


async def test_a_note_sent_twice_is_written_once(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    first = await write(service, person, "once", "bread-and-bridges", Idempotency_Key="note-1")
    second = await write(service, person, "once", "bread-and-bridges", Idempotency_Key="note-1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    other = await write(service, person, "another", "bread-and-bridges", Idempotency_Key="note-1")
    assert other.status_code == 409
    assert await texts(service, person, True) == ["once"]


async def test_who_wrote_is_kept_and_the_text_is_not_there_to_read(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    note = (await write(service, person, "canary-in-a-note", "bread-and-bridges")).json()
    assert note.items() >= {"written_by": "bread-and-bridges", "acting_user": "vera", "language": "bg"}.items()
    stored = await service.sql("SELECT sealed FROM notes WHERE person_id = CAST(:id AS uuid)", id=person)
    assert stored
    assert "canary" not in str(stored)
