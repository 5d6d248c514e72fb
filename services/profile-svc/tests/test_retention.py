"""Records end: people are told first, nobody is erased whom something keeps, and what grows for ever is cut."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from profile_svc import erasing, pruning, retaining
from profile_svc.keeping import Keeping
from stena.contracts.catalogue import Catalogue
from stena.contracts.condition import IsIn
from stena_local.testing import Postgres

from .people import OLENA, amend
from .source import Place, Service
from .test_keeping import RETENTION, with_retention

NOW = datetime.now(UTC)
LATER = NOW + timedelta(days=31)


@pytest.fixture(scope="module")
def rulebook(catalogue: Catalogue) -> Catalogue:
    return with_retention(catalogue, RETENTION)


@pytest.fixture(scope="module")
def place(postgres: Postgres, pattern: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place.make(postgres, tmp_path_factory.mktemp("retention"), like=pattern)
    yield made
    made.drop()


@pytest.fixture(scope="module")
async def own(place: Place, rulebook: Catalogue) -> AsyncIterator[Service]:
    async with place.serving(rulebook) as running:
        yield running


async def resting(service: Service, organisation: str, years: int, **values: Any) -> str:
    """Somebody of whom nothing was done for so many years."""
    person = str((await service.register({**OLENA, **values}, organisation))["id"])
    long_ago = NOW - timedelta(days=366 * years)
    await service.sql("UPDATE persons SET updated_at = :at WHERE person_id = :id", at=long_ago, id=UUID(person))
    await service.sql("UPDATE cases SET closed_at = :at WHERE person_id = :id", at=long_ago, id=UUID(person))
    return person


async def run(service: Service, rulebook: Catalogue, now: datetime, *, dry_run: bool = False) -> dict[str, int]:
    done = await retaining.run(service.vault, Keeping(rulebook), now, lambda number: None, dry_run=dry_run)
    return {name: number for name, number in vars(done).items() if number}


async def there(service: Service, *people: str) -> list[bool]:
    found = {row[0] for row in await service.sql("SELECT person_id FROM persons")}
    return [UUID(person) in found for person in people]


async def notices(service: Service, organisation: str) -> list[str]:
    rows = IsIn(fact="created_by", values=(organisation,))
    grant = service.grant("list", resource="retention", rows=rows, organisation=organisation)
    found: list[str] = []
    page: dict[str, Any] = {"next": None}
    while True:
        body = {"limit": 1, "after": page["next"]}
        page = (await service.call("POST", "/retention-notices/search", grant, body)).json()
        found += [notice["person"] for notice in page["notices"]]
        if page["next"] is None:
            return found


async def about(service: Service, person: str) -> Any:
    answer = await service.call("GET", f"/persons/{person}/retention", service.grant("read", person, resource="retention"))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_people_are_told_and_erased_when_the_notice_is_over_unless_something_keeps_them(
    own: Service, rulebook: Catalogue
) -> None:
    gone, saved, owed = [await resting(own, "import-lab", 20) for _ in range(3)]
    recent = await resting(own, "import-lab", 0)
    other = await resting(own, "facts-lab", 20)
    await own.sql("UPDATE persons SET restricted = true WHERE person_id = :id", id=UUID(other))
    await own.sql("UPDATE cases SET closed_at = NULL WHERE person_id = :id", id=UUID(owed))

    assert await run(own, rulebook, NOW, dry_run=True) == {"told": 2}
    assert await notices(own, "import-lab") == []
    assert await run(own, rulebook, NOW) == {"told": 2}
    assert sorted(await notices(own, "import-lab")) == sorted([gone, saved])
    assert await notices(own, "facts-lab") == []
    assert (await about(own, gone))["notice"]["erased_from"][:10] == (NOW + timedelta(days=30)).date().isoformat()

    assert await run(own, rulebook, NOW + timedelta(days=29)) == {}, "told once, and not yet erased"
    await amend(own, saved, {"skills": []}, organisation="import-lab")
    assert await run(own, rulebook, LATER) == {"withdrawn": 1, "erased": 1}
    assert await there(own, gone, saved, owed, recent, other) == [False, True, True, True, True]
    assert (await about(own, saved))["notice"] is None
    assert await own.vault.person_keys.fetch([UUID(gone)]) == {}
    assert '"cause":"retention"' in own.vault.journal.path.read_text()


async def test_what_comes_up_at_the_last_moment_keeps_the_record(
    own: Service, rulebook: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await resting(own, "rila-lab", 20)
    await run(own, rulebook, NOW)
    whole = retaining._withdraw

    async def meanwhile(*arguments: Any, **named: Any) -> None:
        await whole(*arguments, **named)
        await own.sql("UPDATE cases SET closed_at = NULL WHERE person_id = :id", id=UUID(person))

    monkeypatch.setattr(retaining, "_withdraw", meanwhile)
    await run(own, rulebook, LATER)
    assert await there(own, person) == [True]
    assert (await about(own, person))["notice"] is None


async def test_what_the_law_forbids_to_erase_is_refused_with_the_reason_and_the_person_sees_it(own: Service) -> None:
    appeal = {"stage": "appeal", "registered_on": "2025-01-01", "accelerated": False}
    person = await resting(own, "bread-and-bridges", 1, procedure_stage=appeal)
    answer = await own.call("DELETE", f"/persons/{person}", own.grant("erase", person))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/erasure-refused")
    duties = {duty["duty"]: duty["until"] for duty in answer.json()["duties"]}
    assert list(duties) == ["open-procedure", "case"]
    assert duties["open-procedure"] is None
    assert duties["case"] is not None
    told = await about(own, person)
    assert told["duties"] == answer.json()["duties"]
    assert (told["ends_at"], {kept["because"] for kept in told["kept"]}) == (None, {"record", "case"})

    await amend(own, person, {"procedure_stage": None})
    await own.sql("DELETE FROM cases WHERE person_id = :id", id=UUID(person))
    answer = await own.call("DELETE", f"/persons/{person}", own.grant("erase", person))
    assert answer.status_code == 204


async def test_a_run_that_breaks_off_is_gone_on_with(
    own: Service, rulebook: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retaining, "BATCH", 2)
    people = [await resting(own, "vitosha-lab", 20) for _ in range(5)]
    assert (await run(own, rulebook, NOW))["told"] == 5
    whole, batches = erasing.erase_people, 0

    async def dying(*arguments: Any) -> Any:
        nonlocal batches
        batches += 1
        if batches > 1:
            raise KeyboardInterrupt
        return await whole(*arguments)

    monkeypatch.setattr(erasing, "erase_people", dying)
    with pytest.raises(KeyboardInterrupt):
        await run(own, rulebook, LATER)
    assert sum(await there(own, *people)) == 3
    monkeypatch.setattr(erasing, "erase_people", whole)
    assert (await run(own, rulebook, LATER))["erased"] == 3
    assert sum(await there(own, *people)) == 0


async def test_the_log_is_cut_and_a_follower_from_before_begins_anew(own: Service) -> None:
    async def follow(position: Any) -> Any:
        body = {"limit": 500, "position": position}
        return await own.call("POST", "/persons/changes", own.grant("changes"), body)

    person = str((await own.register(OLENA))["id"])
    behind = (await follow(None)).json()["position"]
    await amend(own, person, {"skills": []})
    here = (await follow(behind)).json()["position"]
    while (page := (await follow(here)).json())["more"]:
        here = page["position"]
    here = page["position"]
    before = await own.sql("SELECT count(*) FROM changes")

    assert sum((await pruning.prune(own.vault, NOW + timedelta(days=20))).values()) == 0, "nobody is late yet"
    assert (await pruning.prune(own.vault, NOW + timedelta(days=40), dry_run=True))["lines cut off the log of changes"] > 0
    assert await own.sql("SELECT count(*) FROM changes") == before
    await pruning.prune(own.vault, NOW + timedelta(days=40))
    assert await own.sql("SELECT (SELECT count(*) FROM changes) + (SELECT count(*) FROM erased_changes)") == [(0,)]

    late = await follow(behind)
    assert (late.status_code, late.json()["type"]) == (410, "/problems/gone")
    assert (await follow(here)).json()["changes"] == [], "who had read everything has missed nothing"
    await amend(own, person, {"gender": "male"})
    assert [change["id"] for change in (await follow(here)).json()["changes"]] == [person]


async def test_keys_of_requests_are_remembered_for_a_week(own: Service) -> None:
    async def register(status: int) -> None:
        grant = own.grant("create")
        answer = await own.call("POST", "/persons", grant, {"attributes": OLENA}, Idempotency_Key="of-a-week-ago")
        assert answer.status_code == status

    await register(201)
    await pruning.prune(own.vault, NOW + timedelta(days=6))
    await register(200)
    await pruning.prune(own.vault, NOW + timedelta(days=8))
    await register(201)
