"""People looked up by what is sealed: the right ones, by who is shown it, and nothing of it in the database."""

import uuid
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from profile_svc import reindexing
from profile_svc.attributes import Attributes
from profile_svc.importing import import_people
from stena.contracts.access import Disclosure
from stena.contracts.condition import IsIn, Overlaps

from .people import OLENA, amend
from .source import Service

MINE = IsIn(fact="created_by", values=("lookup-lab",))
PHONE = "+359888123456"
NUMBER = "9001011234"


async def look_up(service: Service, match: Mapping[str, Any], **changes: Any) -> httpx.Response:
    body = {"match": match, **({"fields": changes.pop("fields")} if "fields" in changes else {})}
    return await service.call("POST", "/persons/lookup", service.grant("read", **{"rows": MINE, **changes}), body)


async def found(service: Service, match: Mapping[str, Any], **changes: Any) -> list[str]:
    answer = await look_up(service, match, **changes)
    assert answer.status_code == 200, answer.text
    return [person["id"] for person in answer.json()["people"]]


async def index(service: Service) -> list[Any]:
    return sorted(await service.sql("SELECT person_id::text, attribute, token FROM lookups"))


@pytest.fixture
async def olena(service: Service) -> str:
    own = {"phone": PHONE, "email": "Olena@example.org", "national_number": NUMBER}
    return str((await service.register(OLENA | own, organisation="lookup-lab"))["id"])


@pytest.fixture(autouse=True)
async def nobody_left(service: Service) -> Any:
    yield
    for (person,) in await service.sql("SELECT person_id::text FROM persons WHERE created_by = 'lookup-lab'"):
        await service.call("DELETE", f"/persons/{person}", service.grant("erase", person))


@pytest.mark.parametrize(
    "match",
    [
        {"phone": "00359 888 123 456"},
        {"email": "olena@EXAMPLE.org"},
        {"national_number": NUMBER},
        {"given_name": "ОЛЕНА"},
        {"given_name": "olena"},
        {"given_name": "Olena", "family_name": "Коваленко", "phone": PHONE},
    ],
)
async def test_a_person_is_found_by_what_is_known_of_them(service: Service, olena: str, match: dict[str, str]) -> None:
    assert await found(service, match) == [olena]


@pytest.mark.parametrize(
    "match",
    [
        {"phone": "+359888123457"},
        {"given_name": "Kovalenko"},
        {"national_number": "359888123456"},
        {"given_name": "Olena", "phone": "+359888123457"},
    ],
)
async def test_everything_that_is_said_has_to_be_true(service: Service, olena: str, match: dict[str, str]) -> None:
    assert await found(service, match) == []


async def test_who_is_not_visible_is_not_found(service: Service, olena: str) -> None:
    assert await found(service, {"phone": PHONE}, rows=IsIn(fact="created_by", values=("another",))) == []
    assert await found(service, {"phone": PHONE}, rows=False) == []


@pytest.mark.parametrize("match", [{"phone": PHONE}, {"given_name": "Olena", "phone": PHONE}])
async def test_nobody_looks_up_what_is_withheld(service: Service, olena: str, match: dict[str, str]) -> None:
    answer = await look_up(service, match, disclose=["given_name"])
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/attribute-not-disclosed")
    assert answer.json()["attributes"] == ["phone"]


async def test_what_is_shown_on_a_condition_finds_those_of_whom_it_is_true(service: Service, olena: str) -> None:
    for organisation, ids in (("lookup-lab", [olena]), ("another", [])):
        shown = {"phone": Disclosure(when=Overlaps(fact="assigned", values=(organisation,)), otherwise="not-assigned")}
        assert await found(service, {"phone": PHONE}, disclose=shown) == ids


@pytest.mark.parametrize(
    ("match", "slug"),
    [
        ({"skills": "x"}, "no-lookup"),
        ({"initials": "O. K."}, "no-lookup"),
        ({"shoe_size": "42"}, "unknown-attribute"),
        ({"phone": "none"}, "malformed-request"),
        ({}, "malformed-request"),
        ({"phone": 359}, "malformed-request"),
        (dict.fromkeys(("phone", "email", "given_name", "family_name"), "x"), "malformed-request"),
    ],
)
async def test_what_cannot_be_looked_up_is_said(service: Service, match: dict[str, Any], slug: str) -> None:
    answer = await look_up(service, match)
    assert (answer.status_code, answer.json()["type"]) == (400, f"/problems/{slug}")
    if slug == "no-lookup":
        assert answer.json()["possible"] == ["given_name", "family_name", "national_number", "phone", "email"]


async def test_a_sealed_filter_leads_to_the_lookup(service: Service) -> None:
    body = {"filters": [{"attribute": "phone", "operator": "eq", "value": PHONE}]}
    answer = await service.call("POST", "/persons/search", service.grant("list"), body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-filterable")
    assert "/v1/persons/lookup" in answer.json()["detail"]


async def test_whoever_means_many_is_shown_nobody(service: Service) -> None:
    for _ in range(10):
        await service.register({"given_name": {"native": "Іван", "latin": "Ivan"}}, organisation="lookup-lab")
    assert len(await found(service, {"given_name": "ivan"})) == 10
    await service.register({"given_name": {"native": "Иван", "latin": "Ivan"}}, organisation="lookup-lab")
    answer = await look_up(service, {"given_name": "ivan"})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/lookup-too-wide")
    assert len(await found(service, {"given_name": "Іван"})) == 10
    assert len(await found(service, {"given_name": "ivan"}, rows=IsIn(fact="created_by", values=("another",)))) == 0


async def test_a_value_that_was_corrected_is_found_and_the_old_one_is_not(service: Service, olena: str) -> None:
    await amend(service, olena, {"phone": "+359888999999", "email": None})
    assert await found(service, {"phone": PHONE}) == []
    assert await found(service, {"email": "olena@example.org"}) == []
    assert await found(service, {"phone": "+359888999999", "national_number": NUMBER}) == [olena]


async def test_who_was_erased_is_in_no_index(service: Service, olena: str) -> None:
    assert [row for row in await index(service) if row[0] == olena]
    await service.call("DELETE", f"/persons/{olena}", service.grant("erase", olena))
    assert not [row for row in await index(service) if row[0] == olena]


async def test_a_stolen_index_tells_no_value_and_no_two_attributes_share_a_token(service: Service) -> None:
    person = await service.register({"phone": "+35912345", "national_number": "35912345"}, organisation="lookup-lab")
    tokens = [bytes(token) for person_id, _, token in await index(service) if person_id == person["id"]]
    assert len(set(tokens)) == len(tokens) == 3  # and one by which duplicates meet
    assert {len(token) for token in tokens} == {32}
    assert not any(b"35912345" in token for token in tokens)


async def test_the_index_that_writing_made_is_the_one_that_is_made_anew(
    service: Service, attributes: Attributes, olena: str
) -> None:
    line = b'{"external_id":"%s","created_by":"import-lab","attributes":{"email":"a@example.org","phone":"+35988800%s"}}'
    name = uuid.uuid4().hex.encode()
    for number in (b"0001", b"0002"):  # the second corrects the first
        assert not (await import_people(service.vault, attributes, [line % (name, number)])).bad
    await amend(service, olena, {"phone": "+359888999999"})
    written = await index(service)
    await service.sql("DELETE FROM lookups WHERE attribute <> 'phone'")
    await service.sql("UPDATE lookups SET token = sha256(token)")
    steps: list[uuid.UUID] = []
    await reindexing.rebuild(service.vault, attributes, None, lambda last, _: steps.append(last))
    assert await index(service) == written


async def test_making_it_anew_goes_on_where_it_broke_off(service: Service, attributes: Attributes, olena: str) -> None:
    written = [row for row in await index(service) if row[0] == olena]
    others = [row for row in await index(service) if row[0] < olena]
    await service.sql("DELETE FROM lookups WHERE person_id >= CAST(:olena AS uuid)", olena=olena)
    before = uuid.UUID(int=uuid.UUID(olena).int - 1)
    assert await reindexing.left(service.vault, before) >= 1
    await reindexing.rebuild(service.vault, attributes, before, lambda *_: None)
    assert [row for row in await index(service) if row[0] == olena] == written
    assert [row for row in await index(service) if row[0] < olena] == others
