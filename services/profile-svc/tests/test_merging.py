"""Two records of one person become one and two again: nothing is lost, nobody sees more unsaid, a no stays one."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Table
from uuid_utils.compat import uuid7

from profile_svc import casework_tables, duplicate_tables, erasure_tables, rights_tables
from profile_svc.attributes import Attributes
from profile_svc.importing import import_people, reference
from profile_svc.merging import newest_of
from profile_svc.said import Said, live_consents
from profile_svc.said_twice import words_to_add
from profile_svc.store import records as stored_records
from profile_svc.store.erasures import NAMING
from profile_svc.store.merges import DROPPED, MOVED
from profile_svc.tables import changes, lookups, metadata, person_history, persons
from stena.contracts.condition import IsIn, Overlaps

from .people import IN_SOFIA, IN_VARNA, OLENA, amend
from .source import Service

OTHER = {**OLENA, "given_name": {"native": "Олена", "latin": "Olenna"}, "phone": "+359888000111", "skills": []}
SEEN = ["given_name", "family_name", "date_of_birth", "national_number"]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def merge(service: Service, this: str, other: str, status: int = 201, **body: Any) -> Any:
    changes = body.pop("grant", {})
    grant = service.grant("merge", this, **{"disclose": SEEN, "acting_user": "Ivanova", **changes})
    answer = await service.call("POST", f"/persons/{this}/merge", grant, {"other": other, **body})
    assert answer.status_code == status, answer.text
    return answer.json()


async def undo(service: Service, this: str, merge_id: str, status: int = 200) -> Any:
    grant = service.grant("separate", this, disclose=SEEN)
    answer = await service.call("POST", f"/persons/{this}/merges/{merge_id}/undo", grant)
    assert answer.status_code == status, answer.text
    return answer.json()


async def pair(service: Service, organisation: str = "reception-agency", **changes: Any) -> tuple[str, str]:
    this = await service.register(OLENA)
    other = await service.register({**OTHER, **changes}, organisation)
    return this["id"], other["id"]


async def facts(service: Service, person: str) -> dict[str, Any]:
    names = ("assigned", "consents", "restricted", "minor", "region_path", "created_by")
    ((row,),) = await service.sql("SELECT to_jsonb(persons) FROM persons WHERE person_id = :id", id=UUID(person))
    return {name: row[name] for name in names}


async def say(service: Service, person: str, state: str, recipient: str | None = None) -> None:
    body = {"state": state, "recipient": recipient, "text_version": "1", "language": "en", "method": "paper"}
    grant = service.grant("record", person, resource="consent")
    answer = await service.call("PUT", f"/persons/{person}/consents/mentoring", grant, body)
    assert answer.status_code == 200, answer.text


async def note(service: Service, person: str, words: str) -> None:
    grant = service.grant("create", person, resource="note")
    assert (await service.call("POST", f"/persons/{person}/notes", grant, {"text": words})).status_code == 201


async def notes(service: Service, person: str) -> set[str]:
    answer = await service.call("GET", f"/persons/{person}/notes", service.grant("read", person, resource="note"))
    return {each["text"] for each in answer.json()["notes"]} if answer.status_code == 200 else set()


async def follow(service: Service, position: Any = None, **changes: Any) -> tuple[list[dict[str, Any]], Any]:
    found: list[dict[str, Any]] = []
    while True:
        grant = service.grant("changes", **changes)
        page = (await service.call("POST", "/persons/changes", grant, {"position": position, "limit": 500})).json()
        found, position = found + page["changes"], page["position"]
        if not page["more"]:
            return found, position


async def dump(service: Service, person: str) -> dict[str, Any]:
    """Everything about one record, whatever table it stands in, but for how often it was written."""
    found: dict[str, Any] = {}
    for table in (persons, lookups, *MOVED):
        query = f"SELECT to_jsonb(t) FROM {table.name} AS t WHERE person_id = :id"  # noqa: S608
        rows = [row for (row,) in await service.sql(query, id=UUID(person))]
        told = [{name: value for name, value in row.items() if name not in UNTOLD} for row in rows]
        found[table.name] = sorted(json.dumps(row, sort_keys=True) for row in told)
    return found


UNTOLD = {"version", "updated_at", "sealed"}


def test_every_table_about_people_says_what_becomes_of_it() -> None:
    modules = (casework_tables, duplicate_tables, erasure_tables, rights_tables)
    about: set[Table] = {table for table in metadata.tables.values() if NAMING & set(table.c.keys())}
    stay = {persons, person_history, lookups, changes, duplicate_tables.merges, duplicate_tables.distinctions}
    assert about == {*MOVED, *DROPPED, *stay}, modules
    for table, sealed in MOVED.items():
        names = {column.name for column in table.c}
        assert sealed.keys() == {name for name in names if name.startswith("sealed") or name == "masked"}


async def test_the_merged_person_has_what_both_had(service: Service) -> None:
    this, other = await pair(service, national_number="1000000001")
    await note(service, this, "one")
    await note(service, other, "two")
    done = await merge(service, this, other, take={"given_name": "other", "skills": "both"})
    assert (done["person"], done["merged"], done["widened"]) == (this, other, [])
    assert done["view"]["attributes"]["given_name"]["latin"] == "Olenna"
    seen = (await service.read(this))["attributes"]
    assert (seen["phone"], seen["skills"]) == ("+359888000111", OLENA["skills"])
    assert await notes(service, this) == {"one", "two"}
    assert (await service.call("GET", f"/persons/{other}", service.grant("read", other))).status_code == 404
    assert await merge(service, this, other, 200) == done | {"view": done["view"]}


async def test_what_was_not_taken_stands_in_the_history(service: Service) -> None:
    this, other = await pair(service)
    await amend(service, other, {"phone": "+359888000222"})
    await merge(service, this, other, take={"given_name": "this"})
    rows = await service.sql("SELECT attribute, version FROM person_history WHERE person_id = :id", id=UUID(this))
    assert sorted(name for name, _ in rows) == ["given_name", "phone", "skills"]
    assert await service.sql("SELECT FROM person_history WHERE person_id = :id", id=UUID(other)) == []


async def test_what_the_caller_sees_has_to_be_decided_and_what_they_do_not_see_is_not_told(service: Service) -> None:
    this, other = await pair(service, gender="male", family_name={"native": "Коваленко", "latin": "Kovalenka"})
    problem = await merge(service, this, other, 409)
    assert problem["type"].endswith("/merge-conflict")
    assert problem["attributes"] == ["family_name", "given_name"]
    assert "gender" not in json.dumps(problem)
    await merge(service, this, other, take={"given_name": "this", "family_name": "this"})


@pytest.mark.parametrize("take", [{"given_name": "both"}, {"municipality": "this"}, {"shoe_size": "this"}])
async def test_what_cannot_be_decided_so_is_refused(service: Service, take: dict[str, str]) -> None:
    this, other = await pair(service)
    await merge(service, this, other, 400, take=take)


async def test_who_is_not_visible_is_not_merged(service: Service) -> None:
    this, other = await pair(service, residence=IN_VARNA)
    for one, two in ((this, other), (other, this), (this, this)):
        await merge(service, one, two, 404, grant={"rows": IN_SOFIA})
    assert (await service.read(other))["id"] == other


async def test_nobody_sees_more_unless_that_was_said(service: Service) -> None:
    this, other = await pair(service, "bread-and-bridges")
    problem = await merge(service, this, other, 409, take={"given_name": "this"})
    assert (problem["type"].rsplit("/")[-1], problem["widening"]) == ("merge-widens", ["assigned"])
    assert "bread-and-bridges" not in json.dumps(problem)
    done = await merge(service, this, other, take={"given_name": "this"}, widen=True)
    assert done["widened"] == ["assigned"]
    assert (await facts(service, this))["assigned"] == ["bread-and-bridges", "reception-agency"]


async def test_who_is_hidden_from_somebody_is_not_shown_to_them(service: Service) -> None:
    this, other = await pair(service, "bread-and-bridges")
    body = {"ground": "protected-address"}
    grant = service.grant("restrict", this)
    assert (await service.call("POST", f"/persons/{this}/restrictions", grant, body)).status_code == 201
    problem = await merge(service, this, other, 409, take={"given_name": "this"}, widen=True)
    assert problem["type"].endswith("/merge-restricted")


async def test_a_restriction_of_either_holds(service: Service) -> None:
    this, other = await pair(service)
    grant = service.grant("restrict", other)
    body = {"ground": "protected-address"}
    assert (await service.call("POST", f"/persons/{other}/restrictions", grant, body)).status_code == 201
    await merge(service, this, other, take={"given_name": "this"})
    assert (await facts(service, this))["restricted"] is True


async def test_a_no_in_one_of_them_is_a_no(service: Service) -> None:
    this, other = await pair(service)
    await say(service, other, "refused")
    await say(service, this, "given")
    await say(service, this, "given", "vitosha-bakery")
    await merge(service, this, other, take={"given_name": "this"})
    assert (await facts(service, this))["consents"] == []


async def test_two_again_as_they_were(service: Service) -> None:
    this, other = await pair(service, national_number="1000000002", residence=IN_VARNA)
    for person, words in ((this, "one"), (other, "two")):
        await note(service, person, words)
        await amend(service, person, {"email": f"{words}@example.org"})
    await say(service, this, "given")
    await say(service, other, "refused", "vitosha-bakery")
    before = [await dump(service, person) for person in (this, other)]
    history = await service.sql("SELECT person_id, version, attribute FROM person_history ORDER BY 1, 2, 3")
    done = await merge(service, this, other, take={"given_name": "other", "skills": "both"}, widen=True)
    undone = await undo(service, this, done["id"])
    assert undone["undone_at"] is not None
    assert [await dump(service, person) for person in (this, other)] == before
    assert await service.sql("SELECT person_id, version, attribute FROM person_history ORDER BY 1, 2, 3") == history
    assert (await service.read(other))["attributes"]["email"] == "two@example.org"
    assert (await notes(service, this), await notes(service, other)) == ({"one"}, {"two"})
    assert await undo(service, this, done["id"]) == undone
    await merge(service, other, this, take={"given_name": "this"}, widen=True)


async def test_what_was_written_since_stays_and_a_no_counts_in_both(service: Service) -> None:
    this, other = await pair(service)
    await say(service, other, "given")
    done = await merge(service, this, other, take={"given_name": "other"}, widen=True)
    await amend(service, this, {"phone": "+359888000333"})
    await note(service, this, "since")
    await say(service, this, "refused")
    await undo(service, this, done["id"])
    seen, back = [(await service.read(person))["attributes"] for person in (this, other)]
    assert (seen["phone"], seen["given_name"]["latin"]) == ("+359888000333", "Olena")
    assert back["phone"] == "+359888000111"
    assert (await notes(service, this), await notes(service, other)) == ({"since"}, set())
    assert [(await facts(service, person))["consents"] for person in (this, other)] == [[], []]


async def test_merges_are_taken_back_in_turn(service: Service) -> None:
    this, other = await pair(service)
    third = (await service.register(OTHER))["id"]
    first = await merge(service, this, other, take={"given_name": "this"})
    second = await merge(service, this, third, take={"given_name": "this"})
    assert (await undo(service, this, first["id"], 409))["type"].endswith("/merge-final")
    await undo(service, this, second["id"])
    await undo(service, this, first["id"])


async def test_whoever_is_asked_about_all_that_made_them_one_is_told_and_under_a_grant_about_them(service: Service) -> None:
    this, other = await pair(service)
    further, _ = await pair(service)
    first = (await merge(service, this, other, take={"given_name": "this"}))["id"]
    second = (await merge(service, further, this))["id"]

    async def parts(person: str, status: int = 200, of: str | None = None) -> set[tuple[str, str, str]]:
        grant = service.grant("read", of or person, resource="ledger")
        answer = await service.call("GET", f"/persons/{person}/parts?operation=read&resource=ledger", grant)
        assert answer.status_code == status, answer.text
        return {(each["person"], each["part"], each["merge"]) for each in answer.json().get("parts", [])}

    everything = {(this, other, first), (further, this, second)}
    for each in (this, other, further):
        assert await parts(each) == everything
    await undo(service, further, second)
    assert [await parts(each) for each in (further, other)] == [set(), {(this, other, first)}]
    assert await parts(str(uuid7())) == set()
    await parts(this, status=401, of=further)


async def test_followers_learn_whose_record_it_is_now(service: Service) -> None:
    this, other = await pair(service)
    _, position = await follow(service)
    done = await merge(service, this, other, take={"given_name": "this"})
    told, position = await follow(service, position)
    assert [(each["id"], each.get("merged")) for each in told] == [(this, [other])]
    await undo(service, this, done["id"])
    told, _ = await follow(service, position)
    assert {each["id"]: "merged" in each for each in told if each["person"] is not None} == {this: False, other: False}


async def test_who_never_saw_one_of_them_learns_of_no_merge(service: Service) -> None:
    this, other = await pair(service, "bread-and-bridges", residence=IN_VARNA)
    positions = [(await follow(service, rows=rows))[1] for rows in (IN_SOFIA, Overlaps(fact="region_path", values=("BG331",)))]
    await merge(service, this, other, take={"given_name": "this", "residence": "this"}, widen=True)
    sofia, _ = await follow(service, positions[0], rows=IN_SOFIA)
    varna, _ = await follow(service, positions[1], rows=Overlaps(fact="region_path", values=("BG331",)))
    assert all("merged" not in each for each in sofia + varna)
    assert [(each["id"], each["person"]) for each in varna] == [(other, None)]


async def test_a_record_that_was_merged_is_not_imported_anew(service: Service, attributes: Attributes) -> None:
    names = [f"merged {uuid7()}" for _ in range(2)]
    lines = [
        json.dumps({"external_id": name, "created_by": "reception-agency", "assigned": [], "attributes": known}).encode()
        for name, known in zip(names, (OLENA, OTHER), strict=True)
    ]
    assert (await import_people(service.vault, attributes, lines)).created == 2
    refs = [reference(service.vault, "reception-agency", name) for name in names]
    async with service.vault.transaction() as connection:
        known_people = await stored_records.lock_by_reference(connection, refs)
    ids = [str(known_people[ref].person_id) for ref in refs]
    done = await merge(service, ids[0], ids[1], take={"given_name": "this"}, widen=True)
    again = await import_people(service.vault, attributes, lines)
    assert (again.created, again.updated, again.unchanged, again.merged) == (0, 0, 1, 1)
    await undo(service, ids[0], done["id"])
    assert (await import_people(service.vault, attributes, lines)).unchanged == 2


async def test_who_is_erased_is_erased_with_what_was_merged(service: Service) -> None:
    this, other = await pair(service)
    await merge(service, this, other, take={"given_name": "this"})
    assert (await service.call("DELETE", f"/persons/{this}", service.grant("erase", this))).status_code == 204
    assert await service.sql("SELECT FROM merges") == []
    for person in (this, other):
        assert await service.keys_sql("SELECT FROM person_keys WHERE person_id = :id", id=UUID(person)) == []


async def test_proposals_and_what_was_told_apart(service: Service) -> None:
    lab = f"lab-{uuid7()}"
    known = (OLENA, OTHER, {**OTHER, "date_of_birth": "1961-01-30"})
    this, other, stranger = [(await service.register(each, lab))["id"] for each in known]

    async def proposed(**changes: Any) -> Any:
        rows = IsIn(fact="created_by", values=(lab,))
        grant = service.grant("compare", **{"disclose": SEEN, "rows": rows, "organisation": lab, **changes})
        answer = await service.call("POST", "/persons/duplicates", grant, {})
        assert answer.status_code == 200, answer.text
        return answer.json()["duplicates"]

    (found,) = await proposed()
    assert {each["id"] for each in found["people"]} == {this, other}
    assert stranger not in json.dumps(found)
    assert found["agreement"] == {"given_name": "same", "family_name": "same", "date_of_birth": "same"}
    assert await proposed(rows=IsIn(fact="created_by", values=("nobody",))) == []
    assert await proposed(disclose=["family_name"]) == []
    grant = service.grant("distinguish", other, organisation=lab)
    assert (await service.call("POST", f"/persons/{other}/distinctions", grant, {"other": this})).status_code == 204
    assert await proposed() == []
    assert len(await proposed(organisation="bread-and-bridges")) == 1


async def test_proposals_come_page_by_page_and_each_once(service: Service) -> None:
    lab = f"lab-{uuid7()}"
    ids = {(await service.register({**OLENA, "email": f"{number}@example.org"}, lab))["id"] for number in range(4)}
    rows, after = IsIn(fact="created_by", values=(lab,)), None
    pairs: list[tuple[str, ...]] = []
    while True:
        grant = service.grant("compare", disclose=SEEN, rows=rows, organisation=lab)
        page = (await service.call("POST", "/persons/duplicates", grant, {"after": after, "limit": 1})).json()
        pairs += [tuple(each["id"] for each in found["people"]) for found in page["duplicates"]]
        after = page["after"]
        if after is None:
            break
    assert len(pairs) == len(set(pairs)) == 6
    assert {each for pair in pairs for each in pair} == ids
    one = min(ids)
    grant = service.grant("compare", one, disclose=SEEN, rows=rows, organisation=lab)
    found = (await service.call("POST", "/persons/duplicates", grant, {"person": one})).json()
    assert {each["people"][1]["id"] for each in found["duplicates"]} == ids - {one}


STATES = st.sampled_from(["given", "refused", "withdrawn"])
RECIPIENTS = st.sampled_from([None, "a", "b"])


@st.composite
def records(draw: st.DrawFn) -> list[Said]:
    words = draw(st.lists(st.tuples(RECIPIENTS, STATES, st.integers(1, 9), st.none() | st.integers(20, 30)), max_size=4))
    return newest_of(
        Said(
            uuid7(),
            "mentoring",
            recipient,
            state,  # type: ignore[arg-type]
            NOW + timedelta(hours=hour),
            "x",
            None if ends is None or state != "given" else NOW + timedelta(days=ends),
            covers=("a", "b") if recipient is None and state == "given" else (),
        )
        for recipient, state, hour, ends in words
    )


@given(this=records(), other=records())
def test_nobody_may_do_by_both_what_either_record_refused(this: list[Said], other: list[Said]) -> None:
    at = NOW + timedelta(days=1)
    merged = newest_of([*this, *other, *words_to_add(this, other, "x", at)])

    def allowed(words: list[Said], recipient: str, when: datetime) -> bool:
        tokens = live_consents(words, minor=False, now=when).tokens
        return "mentoring" in tokens or f"mentoring@{recipient}" in tokens

    def refuses(words: list[Said], recipient: str) -> bool:
        by_recipient = {word.recipient: word for word in words}
        word = by_recipient.get(recipient) or by_recipient.get(None)
        return word is not None and word.state != "given"

    for recipient in ("a", "b"):
        for when in (at, NOW + timedelta(days=25), NOW + timedelta(days=40)):
            if allowed(merged, recipient, when):
                assert not any(refuses(record, recipient) for record in (this, other))
                assert any(allowed(record, recipient, when) for record in (this, other))
