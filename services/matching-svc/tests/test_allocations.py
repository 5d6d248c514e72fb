"""Allocations as jobs, on a real PostgreSQL: found, taken over, never done twice, cancelled inside the solver."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from matching_svc import allocation_running
from matching_svc.allocation_running import Runner
from matching_svc.concepts import small_set
from matching_svc.store import allocation_jobs, retention
from matching_svc.store.allocation_jobs import claim
from stena.database import transaction

SKILLS = sorted(small_set().skills)
JOB: dict[str, Any] = {"kind": "job", "title": "A job", "capacity": 1}
LOST = """UPDATE allocations SET state = 'running', runner = 'dead', lease_until = now() - INTERVAL '1 second'
    WHERE allocation_id = :id"""
READER: dict[str, Any] = {"organisation": "employment-agency", "purpose": "job-ranking", "acting_user": "officer"}


def skilled(*numbers: int, **rest: Any) -> dict[str, Any]:
    return {"skills": [SKILLS[100 * number] for number in numbers], "of_working_age": True, **rest}


@pytest.fixture
async def known(service: Any) -> Any:
    """Four people: ann and ben fit the first job, ann better; cid and dee fit the second."""
    people = {"ann": skilled(1, 2), "ben": skilled(1), "cid": skilled(3), "dee": skilled(3, 4)}
    await service.follow({**people, "ben2": None})  # as an earlier test may have left them
    async with transaction(service.parts.database) as connection:
        await connection.execute(text("DELETE FROM allocations"))
    return service


async def ask(service: Any, **changes: Any) -> Any:
    first = await service.create({**JOB, "essential_skills": [SKILLS[100], SKILLS[200]]})
    second = await service.create({**JOB, "essential_skills": [SKILLS[300]], "capacity": 2})
    body = {
        "kind": "job",
        "opportunities": [first["id"], second["id"]],
        "people": ["ann", "ben", "cid", "dee"],
        "attributes": ["skills", "of_working_age"],
        **changes,
    }
    return first["id"], second["id"], await service.call("POST", "/allocations", "allocate", json=body, **READER)


async def look(service: Any, id_: str, **how: Any) -> dict[str, Any]:
    answer = await service.call("GET", f"/allocations/{id_}", "allocate", **{**READER, **how})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ended(service: Any, id_: str) -> dict[str, Any]:
    for _ in range(300):
        found = await look(service, id_)
        if found["state"] not in ("queued", "running"):
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(found)


async def test_people_get_places_with_reasons(known: Any) -> None:
    first, second, answer = await ask(known)
    assert answer.status_code == 202, answer.text
    found = await ended(known, answer.json()["id"])
    assert found["state"] == "done", found
    placed = {each["person"]: each for each in found["placements"]}
    assert placed["ann"]["opportunity"] == first
    assert {placed["cid"]["opportunity"], placed["dee"]["opportunity"]} == {second}
    assert placed["ben"]["opportunity"] is None
    assert placed["ben"]["why"] == "seats-worth-more-to-others"
    assert found["totals"]["placed"] == 3
    assert found["totals"]["gap"] == 0
    assert found["totals"]["seats"] == {first: 1, second: 2}


async def test_those_who_belong_together_go_together_or_nowhere(known: Any) -> None:
    first, second, answer = await ask(known, together=[["ann", "ben"]], required=["ann"])
    found = await ended(known, answer.json()["id"])
    placed = {each["person"]: each["opportunity"] for each in found["placements"]}
    assert placed["ann"] == placed["ben"] == second  # the first has one seat
    assert {placed["cid"], placed["dee"]} == {first, None}


async def test_who_is_too_many_is_said(known: Any) -> None:
    first, second, answer = await ask(known, required=["ann", "ben", "cid", "dee"])
    found = await ended(known, answer.json()["id"])
    assert (found["state"], found["reason"]) == ("failed", "infeasible")
    assert set(found["shortage"]["people"]) == {"ann", "ben", "cid", "dee"}
    assert set(found["shortage"]["opportunities"]) == {first, second}
    (seats,) = found["shortage"]["constraints"]
    assert (seats["constraint"], set(seats["people"]), set(seats["opportunities"])) == (
        "seats",
        {"ann", "ben", "cid", "dee"},
        {first, second},
    )


async def test_each_constraint_that_keeps_somebody_out_is_named(known: Any) -> None:
    """ann may not work yet, ben and cid find no place that takes both, and dee is in nobody's way."""
    await known.follow({"ann": skilled(1, 2, of_working_age=False)})
    first, _, _ = await ask(known)
    small = {"kind": "job", "opportunities": [first], "people": ["ann", "ben", "cid", "dee"]}
    body = {**small, "together": [["ben", "cid"]], "required": ["ann", "ben"], "attributes": ["skills", "of_working_age"]}
    answer = await known.call("POST", "/allocations", "allocate", json=body, **READER)
    shortage = (await ended(known, answer.json()["id"]))["shortage"]
    assert set(shortage["people"]) == {"ann", "ben", "cid"}
    said = {(each["constraint"], each["gate"]): set(each["people"]) for each in shortage["constraints"]}
    assert said == {("gate", "working-age"): {"ann"}, ("together", None): {"ben", "cid"}}
    assert all(each["opportunities"] == [first] for each in shortage["constraints"])


async def test_a_gate_that_is_not_met_is_never_passed(known: Any) -> None:
    await known.follow({"ann": skilled(1, 2, of_working_age=False)})
    first, _, answer = await ask(known)
    placed = {each["person"]: each for each in (await ended(known, answer.json()["id"]))["placements"]}
    assert placed["ann"]["opportunity"] is None
    assert placed["ann"]["why"] == "nothing-open"
    assert placed["ben"]["opportunity"] == first


async def test_nobody_else_sees_it(known: Any) -> None:
    _, _, answer = await ask(known)
    for other in ({"organisation": "bread-and-bridges"}, {"purpose": "training-placement"}):
        refused = await known.call("GET", f"/allocations/{answer.json()['id']}", "allocate", **{**READER, **other})
        assert refused.status_code == 404


async def test_whoever_is_no_longer_disclosed_is_in_no_proposal(known: Any) -> None:
    _, _, answer = await ask(known)
    id_ = answer.json()["id"]
    await ended(known, id_)
    await known.follow({"ann": None, "ben2": skilled(1)}, replaces={"ben2": ["ben"]})
    assert {each["person"] for each in (await look(known, id_))["placements"]} == {"ben2", "cid", "dee"}


async def test_another_decision_needs_a_reason(known: Any) -> None:
    first, _, answer = await ask(known)
    id_ = answer.json()["id"]
    await ended(known, id_)

    async def confirm(**said: Any) -> Any:
        return await known.call("POST", f"/allocations/{id_}/confirmations", "allocate", json=said, **READER)

    assert (await confirm(people=["ann"], opportunity=first)).status_code == 200
    assert (await confirm(people=["cid"], opportunity=None)).json()["type"] == "/problems/reason-needed"
    assert (await confirm(people=["cid"], opportunity=None, reason="person-declined")).status_code == 200
    confirmed = {each["person"]: each["confirmed"] for each in (await look(known, id_))["placements"]}
    assert confirmed["cid"]["reason"] == "person-declined"
    assert confirmed["cid"]["acting_user"] == "officer"
    assert confirmed["ann"]["opportunity"] == first
    assert confirmed["dee"] is None


async def test_a_key_that_comes_again_makes_no_second_job(known: Any) -> None:
    first, _, _ = await ask(known)
    body = {"kind": "job", "opportunities": [first], "people": ["ann"], "attributes": ["skills"]}
    headers = {"Idempotency-Key": "once"}
    one = await known.call("POST", "/allocations", "allocate", json=body, headers=headers, **READER)
    two = await known.call("POST", "/allocations", "allocate", json=body, headers=headers, **READER)
    other = await known.call("POST", "/allocations", "allocate", json={**body, "people": []}, headers=headers, **READER)
    assert (one.status_code, two.status_code, other.status_code) == (202, 200, 409)
    assert one.json()["id"] == two.json()["id"]


async def test_two_runners_never_take_one_job(known: Any, slow: None) -> None:
    _, _, answer = await ask(known)
    database = known.parts.database

    async def take(runner: str) -> Any:
        async with transaction(database) as connection:
            return await claim(connection, runner)

    taken = [job for job in await asyncio.gather(*(take(f"r{at}") for at in range(8))) if job is not None]
    running = (await look(known, answer.json()["id"]))["state"] == "running"
    assert running
    assert len(taken) <= 1  # the service's own runner may have been quicker


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[int]]:
    """Solving takes for ever: the process sleeps. Gives the pids of such processes."""
    program = "import sys, time; sys.stdin.buffer.read(1); time.sleep(600)"
    pids: list[int] = []
    start = asyncio.create_subprocess_exec

    async def instead(*args: Any, **how: Any) -> Any:
        process = await start(sys.executable, "-c", program, **how)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", instead)
    return lambda: pids


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_a_cancelled_job_has_no_process_a_second_later(known: Any, slow: Callable[[], list[int]]) -> None:
    _, _, answer = await ask(known)
    await known.until(lambda: bool(slow()))
    cancelled = await known.call("DELETE", f"/allocations/{answer.json()['id']}", "allocate", **READER)
    assert cancelled.json()["state"] == "cancelled"
    for _ in range(20):
        if not lives(slow()[0]):
            break
        await asyncio.sleep(0.05)
    assert not lives(slow()[0])
    assert (await look(known, answer.json()["id"]))["state"] == "cancelled"


async def test_a_process_that_dies_fails_the_job_with_the_reason(known: Any, slow: Callable[[], list[int]]) -> None:
    _, _, answer = await ask(known)
    await known.until(lambda: bool(slow()))
    os.kill(slow()[0], signal.SIGKILL)
    found = await ended(known, answer.json()["id"])
    assert (found["state"], found["reason"]) == ("failed", "solver-failed")


async def test_a_job_whose_runner_died_is_taken_over_and_the_dead_one_can_end_nothing(known: Any) -> None:
    database = known.parts.database
    _, _, answer = await ask(known)
    id_ = answer.json()["id"]
    async with transaction(database) as connection:
        await connection.execute(text(LOST), {"id": id_})
    assert (await ended(known, id_))["state"] == "done"
    async with transaction(database) as connection:
        assert not await allocation_jobs.end(connection, id_, "dead", "failed")
        assert not await allocation_jobs.alive(connection, id_, "dead", "solving", 0.5)


async def test_a_job_that_kills_its_runners_is_given_up(known: Any) -> None:
    _, _, answer = await ask(known)
    id_ = answer.json()["id"]
    await ended(known, id_)
    async with transaction(known.parts.database) as connection:
        await connection.execute(
            text(
                "UPDATE allocations SET state='running', runner='dead', lease_until=now(), attempts=3 WHERE allocation_id=:id"
            ),
            {"id": id_},
        )
    found = await ended(known, id_)
    assert (found["state"], found["reason"]) == ("failed", "too-many-attempts")


async def test_nothing_is_kept_for_longer_than_a_month(known: Any) -> None:
    _, _, answer = await ask(known)
    await ended(known, answer.json()["id"])
    async with transaction(known.parts.database) as connection:
        await connection.execute(text("UPDATE allocations SET created_at = now() - INTERVAL '31 days'"))
        await retention.forget(connection, datetime.now(UTC).date())
        left = (await connection.execute(text("SELECT count(*) FROM allocation_people"))).scalar_one()
    assert left == 0


CLAIMING = """
import asyncio, sys, time
from sqlalchemy.engine import make_url
from matching_svc.store import allocation_jobs
from stena.database import create_engine, transaction

async def claim():
    engine = create_engine(make_url(sys.argv[1]))
    async with transaction(engine) as connection:
        assert await allocation_jobs.claim(connection, "killed")
    print("claimed", flush=True)

asyncio.run(claim())
time.sleep(600)
"""


async def test_a_runner_that_is_killed_loses_its_job_to_another(
    known: Any, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def idle(runner: Runner) -> bool:
        return False

    with monkeypatch.context() as paused:
        paused.setattr(Runner, "step", idle)
        await asyncio.sleep(2 * allocation_running.LOOK)
        _, _, answer = await ask(known)
        id_, url = answer.json()["id"], database.app_url.render_as_string(hide_password=False)
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", CLAIMING, url, stdout=asyncio.subprocess.PIPE)
        assert other.stdout is not None
        assert await asyncio.wait_for(other.stdout.readline(), 60) == b"claimed\n"
        assert (await look(known, id_))["state"] == "running"
        other.send_signal(signal.SIGKILL)
        await other.wait()
    assert (await ended(known, id_))["state"] == "done"


async def test_the_process_ends_when_nobody_listens_any_more() -> None:
    """Its parent dies while it hands the task over."""
    worker = (sys.executable, "-m", "matching_svc.allocation_worker")
    process = await asyncio.create_subprocess_exec(
        *worker, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write((1_000).to_bytes(8, "big") + b"half")
    process.stdin.close()
    assert await asyncio.wait_for(process.wait(), 60) != 0
