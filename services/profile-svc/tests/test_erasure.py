"""Who was erased is gone from every table, and stays gone in whatever backup is restored."""

import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from profile_svc import erasing
from profile_svc.store import erasures
from profile_svc.tables import metadata
from stena.contracts.catalogue import Catalogue
from stena.contracts.condition import IsIn
from stena.erasure_journal import NAME, JournalError
from stena_local.testing import Postgres

from .people import IN_SOFIA, IN_VARNA, OLENA, amend
from .source import Place, Service

REGION = "BG344"


@pytest.fixture(scope="module")
def place(postgres: Postgres, pattern: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for this module: whoever spoils it mends it."""
    made = Place.make(postgres, tmp_path_factory.mktemp("erasure"), like=pattern)
    yield made
    made.drop()


@pytest.fixture(scope="module")
async def own(place: Place, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with place.serving(catalogue) as running:
        yield running


async def somebody(service: Service, canary: str = "canary") -> str:
    """A person of whom every table holds something, and ``canary`` whatever may be chosen freely."""
    known = {
        **OLENA,
        "family_name": {"native": canary, "latin": canary},
        "residence": {"municipality": canary, "nuts": REGION, "settlement": canary},
    }
    grant = service.grant("create")
    made = await service.call("POST", "/persons", grant, {"attributes": known}, Idempotency_Key=f"{canary}-{uuid4()}")
    assert made.is_success, made.text
    person = str(made.json()["id"])
    await amend(service, person, {"gender": "male", "skills": []})
    consent = {"state": "given", "text_version": canary, "language": "en", "method": "paper"}
    note = await call(service, "POST", person, "notes", "note", "create", {"text": canary})
    await call(service, "PUT", person, "consents/registration", "consent", "record", consent)
    share = {"purpose": "mentoring", "until": (datetime.now(UTC) + timedelta(days=30)).isoformat()}
    await call(service, "POST", person, f"notes/{note['id']}/shares", "note", "share", share)
    referral = {"recipient": "employment-agency", "purpose": "job-ranking", "reason": canary}
    await call(service, "POST", person, "referrals", "referral", "create", referral)
    return person


async def call(service: Service, method: str, person: str, path: str, resource: str, operation: str, body: Any) -> Any:
    grant = service.grant(operation, person, resource=resource, organisation="reception-agency")
    answer = await service.call(method, f"/persons/{person}/{path}", grant, body)
    assert answer.is_success, answer.text
    return answer.json()


async def erase(service: Service, person: str) -> None:
    answer = await service.call("DELETE", f"/persons/{person}", service.grant("erase", person))
    assert answer.status_code == 204, answer.text


async def changes(service: Service, position: Any = None, rows: Any = True) -> tuple[list[Any], Any]:
    """What a follower is told from ``position`` to the end: id and whether the person is shown, and the place then reached."""
    told: list[Any] = []
    for _ in range(20):
        body = {"limit": 100, "position": position}
        page = (await service.call("POST", "/persons/changes", service.grant("changes", rows=rows), body)).json()
        told += [(change["id"], change["person"] is not None) for change in page["changes"]]
        position = page["position"]
        if page["settled"] and not page["more"]:
            return told, position
    raise AssertionError("the feed has no end")


def held(place: Place, *wanted: str) -> list[str]:
    """Which of ``wanted`` a backup of both databases would hold."""
    both = place.people.dump() + place.person_keys.dump()
    return [each for each in wanted if each in both]


async def test_nothing_of_an_erased_person_is_in_any_table(place: Place, own: Service) -> None:
    person, other = await somebody(own, "canary-1"), str((await own.register(OLENA))["id"])
    assert held(place, person, REGION, "canary-1") == [person, REGION, "canary-1"]
    await erase(own, person)
    assert held(place, person, REGION, "canary-1") == []
    assert (await own.read(other))["attributes"]["given_name"] == OLENA["given_name"]
    again = await own.call("DELETE", f"/persons/{person}", own.grant("erase", person))
    assert again.status_code == 404
    journal = (place.folder / "erasures" / NAME).read_text()
    assert (journal.count(person), REGION in journal, "canary-1" in journal) == (1, False, False)


async def test_who_was_two_records_once_is_erased_under_both_ids(place: Place, own: Service) -> None:
    person, merged = await somebody(own, "canary-3"), await somebody(own, "canary-4")
    grant = own.grant("merge", person, acting_user="Ivanova")
    body = {"other": merged, "take": {"family_name": "this", "residence": "this"}}
    done = await own.call("POST", f"/persons/{person}/merge", grant, body)
    assert done.status_code == 201, done.text
    await erase(own, person)
    assert held(place, person, merged, "canary-3", "canary-4") == []
    assert await own.vault.person_keys.fetch([UUID(person), UUID(merged)]) == {}


async def test_every_table_of_people_may_be_emptied(own: Service) -> None:
    """Also tables that are added later: what is about a person can be taken away, or it would stay."""
    columns = ", ".join(f"'{name}'" for name in sorted(erasures.NAMING))
    query = (
        "SELECT DISTINCT table_name, has_table_privilege('profile_app', table_name, 'DELETE') "  # noqa: S608
        f"FROM information_schema.columns WHERE table_schema = 'public' AND column_name IN ({columns}) ORDER BY 1"
    )
    tables = await own.sql(query)
    known = {table.name for table in metadata.sorted_tables if not erasures.NAMING.isdisjoint(table.c.keys())}
    assert {name for name, _ in tables} == known
    assert [name for name, may in tables if not may] == []


async def test_followers_learn_that_somebody_is_gone_from_wherever_they_are(own: Service) -> None:
    _, before = await changes(own)
    person = await somebody(own)
    _, after = await changes(own)
    mine = IsIn(fact="created_by", values=("canary-lab",))
    _, strange = await changes(own, rows=mine)
    await amend(own, person, {"residence": IN_VARNA})
    await erase(own, person)
    assert (await changes(own, after))[0] == [(person, False)]
    assert (await changes(own, before))[0] == [], "who heard of nobody has nobody to forget"
    assert (await changes(own, strange, rows=mine))[0] == []


async def test_who_left_the_sight_of_a_follower_is_not_told_to_be_erased(own: Service) -> None:
    person = str((await own.register(OLENA))["id"])
    told, here = await changes(own, rows=IN_SOFIA)
    assert (person, True) in told
    await amend(own, person, {"residence": IN_VARNA})
    told, left = await changes(own, here, rows=IN_SOFIA)
    assert told == [(person, False)]
    await erase(own, person)
    assert (await changes(own, left, rows=IN_SOFIA))[0] == []
    assert (await changes(own, here, rows=IN_SOFIA))[0] == [(person, False)], "told once, wherever it stopped reading"


async def test_an_erasure_that_breaks_off_is_done_by_whoever_comes_next(
    place: Place, own: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await somebody(own, "canary-2")

    async def die(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr(erasures, "empty", die)
    answer = await own.call("DELETE", f"/persons/{person}", own.grant("erase", person))
    assert answer.status_code == 503
    # The key goes before the rows do: what is left of the person is unreadable from here on.
    assert await own.vault.person_keys.fetch([UUID(person)]) == {}
    monkeypatch.undo()
    await erasing.keep_up(own.vault)
    assert held(place, person, "canary-2") == []


async def test_without_the_journal_nobody_is_erased(place: Place, own: Service) -> None:
    person = str((await own.register(OLENA))["id"])
    journal = place.folder / "erasures" / NAME
    away = journal.rename(place.folder / "away")
    answer = await own.call("DELETE", f"/persons/{person}", own.grant("erase", person))
    assert (answer.status_code, str(place.folder) in answer.text) == (503, False)
    away.rename(journal)
    assert (await own.read(person))["attributes"]["given_name"] == OLENA["given_name"]


@asynccontextmanager
async def restored(place: Place, postgres: Postgres, backup: tuple[str, str], catalogue: Catalogue) -> AsyncIterator[Service]:
    """The service on databases made from a backup, keys and all."""
    again = dataclasses.replace(place, people=postgres.database("profile"), person_keys=postgres.database("profile_keys"))
    try:
        for database, dump in zip((again.people, again.person_keys), backup, strict=True):
            database.load(dump)
        async with again.serving(catalogue) as service:
            yield service
    finally:
        again.drop()


async def test_whoever_was_erased_stays_so_when_a_backup_from_before_is_restored(
    place: Place, own: Service, postgres: Postgres, catalogue: Catalogue
) -> None:
    person, other = await somebody(own), str((await own.register(OLENA))["id"])
    _, follower = await changes(own)
    backup = place.people.dump(), place.person_keys.dump()
    await erase(own, person)
    newer = place.people.dump()
    # Also where only the keys are those of before.
    for dumps in (backup, (newer, backup[1])):
        async with restored(place, postgres, dumps, catalogue) as back:
            answer = await back.call("GET", f"/persons/{person}", back.grant("read", person))
            assert answer.status_code == 404
            assert await back.vault.person_keys.fetch([UUID(person)]) == {}
            for table in ("persons", "notes", "changes", "idempotency", "lookups"):
                assert not [row for row in await back.sql(f"TABLE {table}") if UUID(person) in row]
            assert (await back.read(other))["attributes"]["given_name"] == OLENA["given_name"]
            # Places of before are none in what was restored: a follower who went on from one would miss what comes.
            stale = await back.call("POST", "/persons/changes", back.grant("changes"), {"limit": 9, "position": follower})
            assert (stale.status_code, stale.json()["type"]) == (410, "/problems/gone")


@pytest.mark.parametrize("spoil", ["gone", "older", "cut"])
async def test_a_restored_system_does_not_serve_without_the_newest_journal(
    place: Place, own: Service, catalogue: Catalogue, spoil: str
) -> None:
    journal = place.folder / "erasures" / NAME
    for _ in range(2):
        older = journal.read_bytes()
        await erase(own, str((await own.register(OLENA))["id"]))
    newest = journal.read_bytes()
    match spoil:
        case "gone":
            journal.unlink()
        case "older":
            journal.write_bytes(older)
        case "cut":
            lines = journal.read_bytes().splitlines(keepends=True)
            journal.write_bytes(b"".join(lines[:-2] + lines[-1:]))
    try:
        with pytest.raises(JournalError, match=str(place.folder)):
            async with place.serving(catalogue):
                pytest.fail("it serves")
    finally:
        journal.write_bytes(newest)


async def test_a_journal_under_another_key_is_refused(place: Place, own: Service, catalogue: Catalogue) -> None:
    await erase(own, str((await own.register(OLENA))["id"]))
    key = place.folder / "journal"
    known = key.read_text()
    key.write_text("ab" * 32)
    try:
        with pytest.raises(JournalError, match="key of the journal"):
            async with place.serving(catalogue):
                pytest.fail("it serves")
    finally:
        key.write_text(known)
