"""The list for review on a real PostgreSQL: one access for what was said, and nobody who serves can take it back."""

import asyncio
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway import access_ids
from gateway.calls import Access, Caller, Entry, Pass, Permit, Seen, Stated
from gateway.emergencies import Emergencies, statement_of
from gateway.firewall import Rejected
from gateway.store import emergencies
from gateway.store.emergencies import Review
from stena.contracts.access import Grant
from stena.contracts.catalogue import Emergency
from stena.contracts.condition import IsIn
from stena.problems import Unavailable

ANNA, BORYS = (Seen(str(uuid.uuid4())) for _ in range(2))
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
GRANT = Grant(
    iss="policy-svc",
    aud="profile-svc",
    iat=0,
    exp=60,
    jti="x",
    organisation="emergency-desk",
    operation="read",
    resource="person",
    purpose="vital-interest",
    rulebook="sha256:test",
)
PERMIT = Permit("dec_1", "sha256:test", (), (Pass(GRANT, ""),), emergency=Emergency(lasts=timedelta(hours=1)))
ENTRY = Entry(
    Caller("cli_x", "emergency-desk"),
    Stated("Bearer x", "vital-interest", acting_user="Dr Ivanova", justification="Unconscious after an accident"),
    "read",
    "person",
)
JUSTIFIED = Review("justified", "it was so", NOW, "privacy-office", None, "dec_2")


async def opened(
    engine: AsyncEngine, *people: Seen, after: timedelta = timedelta(), entry: Entry = ENTRY
) -> tuple[Access, ...]:
    return await Emergencies(engine, clock=lambda: NOW + after, within=20).open(entry, PERMIT, people)


async def count(engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM emergency_accesses")) or 0)


async def test_the_same_words_at_once_open_one_access(engine: AsyncEngine) -> None:
    found = await asyncio.gather(*(opened(engine, ANNA) for _ in range(8)))
    assert len({access.id for (access,) in found}) == 1
    assert await count(engine) == 1


@pytest.mark.parametrize(
    ("after", "good"), [(timedelta(minutes=59), True), (timedelta(hours=1), False), (timedelta(days=9), False)]
)
async def test_an_hour_is_an_hour(engine: AsyncEngine, after: timedelta, good: bool) -> None:
    (first,) = await opened(engine, ANNA)
    assert first.until == NOW + timedelta(hours=1)
    if good:
        assert await opened(engine, ANNA, after=after) == (first,)
    else:
        with pytest.raises(Rejected) as refused:
            await opened(engine, ANNA, after=after)
        assert refused.value.problem.slug == "justification-expired"


async def test_words_that_are_over_for_one_open_nothing_for_the_other(engine: AsyncEngine) -> None:
    await opened(engine, ANNA)
    with pytest.raises(Rejected):
        await opened(engine, ANNA, BORYS, after=timedelta(hours=2))
    assert await count(engine) == 1


@pytest.mark.parametrize(
    "changed",
    [{"acting_user": "Dr Petrov"}, {"justification": "Unconscious after a fall"}],
)
async def test_other_words_and_other_people_answer_for_themselves(engine: AsyncEngine, changed: dict[str, str]) -> None:
    await opened(engine, ANNA)
    entry = replace(ENTRY, stated=replace(ENTRY.stated, **changed))
    await opened(engine, ANNA, after=timedelta(hours=2), entry=entry)
    assert await count(engine) == 2


def test_a_blank_or_a_capital_more_is_the_same_reason() -> None:
    assert statement_of("In  danger\tNOW ") == statement_of("in danger now")
    assert statement_of("in danger now") != statement_of("in danger still")


async def test_of_two_who_judge_at_once_one_wins(engine: AsyncEngine) -> None:
    (access,) = await opened(engine, ANNA)
    said = [replace(JUSTIFIED, comment=str(number), decision=f"dec_{number}") for number in range(6)]
    kept = await asyncio.gather(*(emergencies.review_once(engine, uuid.UUID(access.id), True, each) for each in said))
    assert len({each.review for each in kept if each}) == 1


async def test_rows_of_the_grant_hold_for_the_list_and_for_the_judgement(engine: AsyncEngine) -> None:
    (access,) = await opened(engine, ANNA)
    for rows, seen in ((True, True), (False, False), (IsIn(fact="created_by", values=("another",)), False)):
        assert bool(await emergencies.page(engine, rows, "open", None, 10)) == seen
    others = IsIn(fact="created_by", values=("another",))
    assert await emergencies.review_once(engine, uuid.UUID(access.id), others, JUSTIFIED) is None
    assert await emergencies.page(engine, True, "done", None, 10) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE emergency_accesses SET justification = 'x'",
        "UPDATE emergency_accesses SET ends_at = ends_at + interval '1 hour'",
        "DELETE FROM emergency_accesses",
        "TRUNCATE emergency_accesses",
        "UPDATE emergency_reviews SET outcome = 'justified'",
        "DELETE FROM emergency_reviews",
    ],
)
async def test_the_role_that_serves_takes_nothing_back(engine: AsyncEngine, statement: str) -> None:
    (access,) = await opened(engine, ANNA)
    await emergencies.review_once(engine, uuid.UUID(access.id), True, JUSTIFIED)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))


async def test_a_list_that_is_stuck_is_given_up(engine: AsyncEngine, owner: AsyncEngine) -> None:
    async with owner.begin() as held:
        await held.execute(text("LOCK TABLE emergency_accesses IN EXCLUSIVE MODE"))
        began = time.perf_counter()
        with pytest.raises(Unavailable):
            await Emergencies(engine).open(ENTRY, PERMIT, [ANNA])
        assert time.perf_counter() - began < 3, "it gives up after 0.8 s; the rest is for a busy machine"


def test_an_access_has_one_name() -> None:
    access = uuid.uuid4()
    assert access_ids.named(access_ids.name(access)) == access
    for text_ in (str(access), access.hex, f"emr_{access}", f"emr_{access.hex.upper()}", "emr_", "", f"emr_emr_{access.hex}"):
        assert access_ids.named(text_) is None
