"""Who was shown and what was decided: kept, told to audits as ids, and forgotten with whoever it is about."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from matching_svc import auditing
from matching_svc.auditing import FEWEST, TooClose, considered, counted, exposures, require_apart
from matching_svc.features import MatchFeatures, of_attributes
from matching_svc.outcome_tables import KEPT_DAYS, shown
from matching_svc.store import retention
from stena.contracts.matching import NewOpportunity

JOB = "job-ranking"
TODAY = datetime.now(UTC).date()
BAKER = {"kind": "job", "title": "Baker"}
WHY = {"outcome": "rejected", "reason": "not-available"}
OLENA: dict[str, Any] = {"education_level": 4, "of_working_age": True}
SCOPE = {"since": TODAY.isoformat(), "until": TODAY.isoformat()}


@pytest.fixture
async def opportunity(service: Any) -> AsyncIterator[str]:
    await service.until(lambda: service.parts.index.size(JOB) >= 0 and _heard(service))
    yield str((await service.create(BAKER))["id"])
    async with service.parts.database.begin() as connection:
        for table in ("shown", "selections", "audited", "features"):
            await connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 -- our own names


def _heard(service: Any) -> bool:
    try:
        service.parts.index.require_heard(JOB)
    except Exception:
        return False
    return True


async def show(service: Any, opportunity: str, *people: str, **how: Any) -> None:
    body = {"model": "weights-1", "people": people}
    answer = await service.call("POST", f"/opportunities/{opportunity}/shown", "match", opportunity, json=body, **how)
    assert answer.status_code == 204, answer.text


async def decide(service: Any, opportunity: str, person: str, **changes: Any) -> Any:
    how = {"resource": "selection", "acting_user": "ivanova", **changes.pop("how", {})}
    path = f"/opportunities/{opportunity}/selections"
    return await service.call("POST", path, "record", opportunity, json={"person": person, **WHY, **changes}, **how)


async def listed(service: Any, opportunity: str) -> list[dict[str, Any]]:
    path = f"/opportunities/{opportunity}/selections"
    answer = await service.call("GET", path, "list", opportunity, resource="selection")
    return list(answer.json()["selections"])


async def audit(service: Any, opportunity: str) -> Any:
    scope = {"opportunity": opportunity, **SCOPE}
    return await service.call("POST", "/audits/outcomes", "read", resource="outcome", kinds=(), json=scope)


async def test_the_best_place_of_a_day_stands(service: Any, opportunity: str) -> None:
    await show(service, opportunity, "psn_a", "psn_b")
    await show(service, opportunity, "psn_b", "psn_a")
    await show(service, opportunity, "psn_c", organisation="rila-build")
    found = (await audit(service, opportunity)).json()
    assert found["shown"] == ["psn_a", "psn_b", "psn_c"]
    assert found["exposure"] == {"psn_a": 1.0, "psn_b": 1.0, "psn_c": 1.0}
    assert found["models"] == ["weights-1"]


async def test_a_decision_says_where_the_machine_had_put_the_person(service: Any, opportunity: str) -> None:
    await show(service, opportunity, "psn_a", "psn_b")
    made = (await decide(service, opportunity, "psn_b")).json()
    assert (made["rank"], made["model"], made["acting_user"]) == (2, "weights-1", "ivanova")
    assert await listed(service, opportunity) == [made]


async def test_the_last_word_counts_for_an_audit(service: Any, opportunity: str) -> None:
    await show(service, opportunity, "psn_a")
    await decide(service, opportunity, "psn_a")
    await decide(service, opportunity, "psn_a", outcome="selected", reason="other")
    found = (await audit(service, opportunity)).json()
    assert (found["selected"], found["rejected"]) == (["psn_a"], [])
    assert len(await listed(service, opportunity)) == 2


async def test_nobody_decides_without_a_name_or_about_strangers(service: Any, opportunity: str) -> None:
    await show(service, opportunity, "psn_a")
    assert (await decide(service, opportunity, "psn_a", how={"acting_user": None})).status_code == 400
    assert (await decide(service, opportunity, "psn_z")).status_code == 409
    assert (await decide(service, opportunity, "psn_a", how={"organisation": "rila-build"})).status_code == 409
    assert (await decide(service, opportunity, "psn_a", how={"kinds": ()})).status_code == 404
    assert (await decide(service, opportunity, "psn_a", how={"rows": False})).status_code == 404
    assert await listed(service, opportunity) == []


async def test_who_was_known_by_another_id_is_found(service: Any, opportunity: str) -> None:
    await show(service, opportunity, "psn_old")
    made = (await decide(service, opportunity, "psn_new", also=["psn_old"])).json()
    assert made["person"] == "psn_old"


async def test_a_new_id_is_the_same_person(service: Any, feed: Any, opportunity: str) -> None:
    await service.follow({"psn_a": OLENA, "psn_b": OLENA})
    await show(service, opportunity, "psn_a", "psn_b")
    await decide(service, opportunity, "psn_a")
    await audit(service, opportunity)
    await service.follow({"psn_a2": OLENA}, replaces={"psn_a2": ["psn_a"]})
    assert (await audit(service, opportunity)).json()["shown"] == ["psn_a2", "psn_b"]
    assert [each["person"] for each in await listed(service, opportunity)] == ["psn_a2"]


async def test_an_id_that_is_there_already_does_not_stop_the_feed(service: Any, feed: Any, opportunity: str) -> None:
    await service.follow({"psn_a": OLENA})
    await show(service, opportunity, "psn_a", "psn_a2")
    await service.follow({"psn_a2": OLENA}, replaces={"psn_a2": ["psn_a"]})
    assert (await audit(service, opportunity)).json()["shown"] == ["psn_a2"]


async def test_whoever_is_no_longer_disclosed_is_forgotten(service: Any, feed: Any, opportunity: str) -> None:
    await service.follow({"psn_a": OLENA, "psn_b": OLENA})
    await show(service, opportunity, "psn_a", "psn_b")
    await decide(service, opportunity, "psn_a")
    await audit(service, opportunity)
    await service.follow({"psn_a": None})
    assert await _rows(service, "psn_a") == 0
    assert (await audit(service, opportunity)).json()["considered"] == ["psn_b"]


async def test_whoever_went_while_nobody_listened_is_forgotten(service: Any, feed: Any, opportunity: str) -> None:
    await service.follow({"psn_a": OLENA, "psn_b": OLENA})
    await show(service, opportunity, "psn_a", "psn_b")
    await decide(service, opportunity, "psn_a")
    feed.answer(JOB, 410)
    await service.follow({"psn_b": OLENA})
    assert await _rows(service, "psn_a") == 0
    assert await _rows(service, "psn_b") == 1


async def _rows(service: Any, person: str) -> int:
    async with service.parts.database.begin() as connection:
        counts = [
            await connection.scalar(text(f"SELECT count(*) FROM {table} WHERE person_id = :person"), {"person": person})  # noqa: S608
            for table in ("shown", "selections", "audited")
        ]
    return sum(counts)


async def test_what_is_old_is_forgotten(service: Any, opportunity: str) -> None:
    async with service.parts.database.begin() as connection:
        for days in (KEPT_DAYS - 1, KEPT_DAYS + 1):
            fixed = {"purpose": JOB, "opportunity_id": opportunity, "organisation": "o", "rank": 1, "model": "m"}
            day = TODAY - timedelta(days=days)
            await connection.execute(insert(shown).values(person_id=f"psn_{days}", day=day, **fixed))
        would = await retention.forget(connection, TODAY, dry_run=True)
        assert await retention.forget(connection, TODAY) == would
        assert would == {"shown": 1, "selections": 0, "audited": 0, "allocations": 0, "idempotency": 0}
    assert await _rows(service, f"psn_{KEPT_DAYS - 1}") == 1
    assert await _rows(service, f"psn_{KEPT_DAYS + 1}") == 0


async def test_an_audit_of_almost_the_same_people_is_refused(service: Any, opportunity: str) -> None:
    people = [f"psn_{at:02}" for at in range(30)]
    await show(service, opportunity, *people)
    assert (await audit(service, opportunity)).status_code == 200
    assert (await audit(service, opportunity)).status_code == 200
    await show(service, opportunity, *people, "psn_one_more")
    refused = await audit(service, opportunity)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "audit-too-close")
    await show(service, opportunity, *people, "psn_one_more", *(f"psn_more_{at}" for at in range(FEWEST)))
    assert (await audit(service, opportunity)).status_code == 200


async def test_an_audit_wants_its_own_grant(service: Any, opportunity: str) -> None:
    scope = {"opportunity": opportunity, **SCOPE}
    for operation, resource in (("match", "opportunity"), ("list", "selection"), ("run", "audit")):
        answer = await service.call("POST", "/audits/outcomes", operation, resource=resource, json=scope)
        assert answer.status_code == 401


SETS = st.frozensets(st.integers(0, 40).map(str), max_size=30)


@given(st.lists(st.fixed_dictionaries({"considered": SETS, "shown": SETS}), max_size=4))
def test_no_two_sets_that_are_counted_differ_by_a_few(audits: list[dict[str, frozenset[str]]]) -> None:
    passed: list[dict[str, frozenset[str]]] = []
    for each in audits:
        try:
            require_apart(each, passed)
        except TooClose:
            continue
        passed.append(each)
    for at, one in enumerate(passed):
        for other in passed[at + 1 :]:
            for left in one.values():
                for right in other.values():
                    told = min(len(left), len(right)) >= FEWEST
                    assert not (told and 0 < len(left ^ right) < FEWEST)


def test_a_place_that_is_taken_since_is_no_word_about_anybody() -> None:
    full = NewOpportunity(kind="job", title="Baker", capacity=1, filled=1, apply_until=date(2026, 3, 1))
    people = {"grown": of_attributes(OLENA), "child": of_attributes({"of_working_age": False})}
    assert considered(people, [(full, date(2026, 4, 1))], ["shown"]) == {"grown", "shown"}
    assert considered({"grown": MatchFeatures()}, [], []) == frozenset()


def test_exposure_is_of_singh_and_joachims() -> None:
    rows = [
        SimpleNamespace(person_id="a", rank=1),
        SimpleNamespace(person_id="a", rank=3),
        SimpleNamespace(person_id="b", rank=7),
    ]
    assert exposures(rows) == pytest.approx({"a": 1.5, "b": 1 / 3})


def test_decisions_are_counted_to_the_nearest_five() -> None:
    rows = [SimpleNamespace(outcome="rejected", reason="other")] * 7 + [
        SimpleNamespace(outcome="moved", reason="data-wrong")
    ] * 2
    assert counted(rows) == {"moved": {"data-wrong": 0}, "rejected": {"other": 5}}
    assert auditing.STEP == 5
