"""Alerts: what is unusual is told once, what is usual never, and nothing about anybody."""

import asyncio
import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.alerting import rules, telling
from gateway.alerting.judging import PRIOR, threshold
from gateway.alerting.rules import BadRules, Rule
from gateway.alerting.telling import TRIES, Telling, next_try, secret_of
from gateway.alerting.watching import REST, Watch
from gateway.calls import Caller, Entry, Outcome, Seen, Stated
from gateway.record.ledger import Ledger
from gateway.store import alerts
from gateway.store.alerts import Due

VOLUME = Rule(id="volume", description="Much.", measure="people", least=20, sigmas=6, severity="medium")
SHIPPED = {rule.id: rule for rule in rules.read(rules.SHIPPED)}
SECRET = b"0123456789abcdef01234567"


def entry(organisation: str, people: int, outcome: Outcome = "answered", reason: str | None = None) -> Entry:
    caller = Caller("cli_x", organisation)
    seen = tuple(Seen(str(uuid4()), frozenset({"skills"})) for _ in range(people))
    return Entry(caller, Stated(None, "job-ranking"), "list", "person", outcome, "dec_x", reason=reason, people=seen)


async def record(engine: AsyncEngine, *entries: Entry) -> None:
    book = Ledger(engine)
    await asyncio.gather(*(book.record(each) for each in entries))


@given(past=st.lists(st.integers(0, 10_000), max_size=60))
def test_nothing_below_least_is_unusual_and_a_wild_hour_moves_nothing(past: list[int]) -> None:
    limit = threshold(VOLUME, past)
    assert limit >= VOLUME.least
    if len(past) > PRIOR:
        assert threshold(VOLUME, [*past, 10**9, 10**9]) <= 10 * max(*past, VOLUME.least) + 60


@pytest.mark.parametrize("past", [[], [1], [1, 2, 1], [0] * 7])
def test_without_much_of_a_past_the_rule_alone_decides(past: list[int]) -> None:
    assert threshold(VOLUME, past) == pytest.approx(20 + 6 * 20**0.5, rel=0.2)


def test_what_is_usual_for_many_people_is_not_unusual() -> None:
    busy = [900, 1000, 1100] * 20
    assert threshold(VOLUME, busy) > 1100
    assert threshold(VOLUME, busy) < 2000


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ("rules: [{id: A}]", "rules.0.id"),
        ("rules: [{id: a, description: x, measure: people, least: 1, severity: high, sigma: 3}]", "sigma"),
        ("rules: [{id: a, description: x, measure: names, least: 1, severity: high}]", "measure"),
        ("rules: [", "YAML"),
        ("[]", "the file"),
    ],
)
def test_rules_that_are_none_say_where(tmp_path: Path, document: str, fault: str) -> None:
    (tmp_path / "rules.yaml").write_text(document)
    with pytest.raises(BadRules, match=fault):
        rules.read(tmp_path / "rules.yaml")


async def test_an_unusual_hour_is_told_once_however_many_look(engine: AsyncEngine) -> None:
    now = datetime.now(UTC)
    await record(engine, entry("loud", 60), entry("loud", 20), entry("quiet", 19))
    watches = [Watch(engine, [VOLUME]) for _ in range(3)]
    found = [alert for raised in await asyncio.gather(*(each.look(now) for each in watches)) for alert in raised]
    again = [alert for each in watches for alert in await each.look(now)]
    (alert,) = found + again
    assert (alert.organisation, alert.measured, alert.rule) == ("loud", 80, "volume")
    assert 20 < alert.threshold <= 80


async def test_its_own_past_makes_an_hour_usual(engine: AsyncEngine, owner: AsyncEngine) -> None:
    now = datetime.now(UTC)
    insert = (
        "INSERT INTO activity (organisation, hour, entries, people, denied, forbidden, emergencies, breadth) "
        "VALUES ('busy', date_trunc('hour', now()) - :ago * interval '1 hour', 10, 80, 0, 0, 0, 80)"
    )
    async with owner.begin() as connection:
        for ago in range(3, 60):
            await connection.execute(text(insert), {"ago": ago})
    await record(engine, entry("busy", 80), entry("new", 80))
    assert [alert.organisation for alert in await Watch(engine, [VOLUME]).look(now)] == ["new"]


async def test_each_entry_is_counted_once(engine: AsyncEngine) -> None:
    now = datetime.now(UTC)
    watch = Watch(engine, [VOLUME])
    for _ in range(3):
        await record(engine, entry("steady", 2), entry("steady", 0, "denied"), entry("steady", 5, "intent"))
        await asyncio.gather(watch.look(now), Watch(engine, [VOLUME]).look(now))
    await watch.look(now)
    async with engine.connect() as connection:
        (hour,) = (await alerts.hours(connection, now - timedelta(hours=2)))["steady"].values()
    assert (hour.entries, hour.people, hour.denied) == (6, 6, 3)


async def test_one_entry_is_enough_to_look_again(engine: AsyncEngine) -> None:
    now = datetime.now(UTC)
    watch = Watch(engine, [SHIPPED["forbidden-purpose"]])
    assert await watch.look(now) == []
    for second, organisation in enumerate(("first", "second"), start=1):
        await record(engine, entry(organisation, 0, "denied", "purpose-forbidden"))
        raised = await watch.look(now + timedelta(seconds=second))
        assert [alert.organisation for alert in raised] == [organisation]


@pytest.mark.parametrize(("later", "is_judged"), [(1, False), (REST.total_seconds(), True), (-1, True)])
async def test_what_time_alone_changes_is_judged_after_a_rest(
    engine: AsyncEngine, owner: AsyncEngine, later: float, is_judged: bool
) -> None:
    """Also by a clock that was set back."""
    now = datetime.now(UTC).replace(minute=30)
    watch = Watch(engine, [VOLUME])
    await record(engine, entry("quiet", 1))
    assert await watch.look(now) == []
    async with owner.begin() as connection:
        await connection.execute(text("UPDATE activity SET people = 80"))  # as if it had been for this moment to count them
    assert bool(await watch.look(now + timedelta(seconds=later))) == is_judged


async def test_who_could_not_judge_looks_again_at_once(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    watch = Watch(engine, [VOLUME])
    await record(engine, entry("loud", 80))
    with monkeypatch.context() as broken:
        broken.delattr(alerts, "count_emergencies")
        with pytest.raises(AttributeError):
            await watch.look(now)
    assert [alert.organisation for alert in await watch.look(now)] == ["loud"]


async def test_different_people_are_counted_where_it_could_matter(engine: AsyncEngine) -> None:
    now = datetime.now(UTC)
    same = entry("again", 30)
    await record(engine, *[same] * 9, entry("wide", 270))
    raised = await Watch(engine, [SHIPPED["unusual-breadth"].model_copy(update={"least": 100})]).look(now)
    assert [(alert.organisation, alert.measured) for alert in raised] == [("wide", 270)]


async def test_forbidden_purposes_and_many_denials(engine: AsyncEngine) -> None:
    now = datetime.now(UTC)
    refused = [entry("door", 0, "denied", "not-necessary")] * 60
    await record(engine, *refused, entry("return", 0, "denied", "purpose-forbidden"))
    raised = await Watch(engine, list(SHIPPED.values())).look(now)
    assert {(alert.rule, alert.organisation) for alert in raised} == {("many-denials", "door"), ("forbidden-purpose", "return")}


async def test_a_webhook_is_told_until_it_listens_with_one_id(engine: AsyncEngine) -> None:
    now = datetime.now(UTC)
    told: list[tuple[bytes, Mapping[str, str]]] = []
    answers = [False, False, True]

    async def send(body: bytes, headers: Mapping[str, str]) -> bool:
        told.append((body, headers))
        return answers[len(told) - 1]

    await record(engine, entry("return", 1, "denied", "purpose-forbidden"))
    await Watch(engine, [SHIPPED["forbidden-purpose"]], tell=True).look(now)
    for wait in (0, 1, 5, 6, 30, 60, 3600):
        # Each time as another gateway, or after a restart: what is known is in the database.
        await Telling(send, SECRET).tell(engine, now + timedelta(seconds=wait + 1))
    assert len(told) == 3
    bodies = {body for body, _ in told}
    assert len(bodies) == 1
    assert len({headers["webhook-id"] for _, headers in told}) == 1
    body, headers = told[-1]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(SECRET, signed, "sha256")).decode()
    said = orjson.loads(body)
    assert (said["type"], said["data"]["organisation"], said["data"]["measured"]) == ("alert.raised", "return", 1)
    assert set(said["data"]) == {
        *("id", "rule", "severity", "organisation", "measure", "measured", "threshold", "since", "until")
    }


async def test_what_happened_before_there_was_a_webhook_is_not_told(engine: AsyncEngine) -> None:
    now = datetime.now(UTC)
    await record(engine, entry("return", 1, "denied", "purpose-forbidden"))
    await Watch(engine, [SHIPPED["forbidden-purpose"]]).look(now)

    async def never(body: bytes, headers: Mapping[str, str]) -> bool:
        raise AssertionError

    assert await Telling(never, SECRET).tell(engine, now + timedelta(hours=1)) == 0


async def test_tries_become_rare_and_end(engine: AsyncEngine) -> None:
    await record(engine, entry("return", 1, "denied", "purpose-forbidden"))
    now = datetime.now(UTC)
    (alert,) = await Watch(engine, [SHIPPED["forbidden-purpose"]]).look(now)
    waits = [next_try(Due(alert, tries), now) for tries in range(TRIES)]
    assert waits[-1] is None
    moments = [each for each in waits[:-1] if each is not None]
    assert moments == sorted(moments)
    assert moments[0] - now == timedelta(seconds=5)


@pytest.mark.parametrize("text_", ["", "whsec_", "whsec_c2hvcnQ=", base64.b64encode(SECRET).decode(), "whsec_!!!"])
def test_a_secret_that_is_none_is_refused(text_: str) -> None:
    with pytest.raises(ValueError, match="no secret"):
        secret_of(text_)
    assert secret_of("whsec_" + base64.b64encode(SECRET).decode() + "\n") == SECRET


def test_one_alert_has_one_spelling() -> None:
    alert_id = uuid4()
    assert telling.named(telling.name(alert_id)) == alert_id
    assert telling.named(telling.name(alert_id).upper()) is None
    assert telling.named("alr_x") is None
