"""The feed of changes: everything that a follower may see, in commit order, and nothing else."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from profile_svc.facts import RecordFacts
from profile_svc.store import pruning, records
from stena.contracts.access import Disclosure
from stena.contracts.condition import AllOf, IsIn, Overlaps

from .people import IN_VARNA, OLENA, amend
from .plans import heard, plan_of
from .source import Service


class Follower:
    """Follows under one grant, as matching-svc does through the gateway."""

    def __init__(self, service: Service, lab: str, **changes: Any) -> None:
        self.service = service
        self.position: dict[str, Any] | None = None
        self.settled = False
        rows = AllOf(of=(IsIn(fact="created_by", values=(lab,)), changes.pop("rows", IsIn(fact="restricted", values=(False,)))))
        self.changes: dict[str, Any] = {"disclose": ["skills", "adult", "municipality"], **changes, "rows": rows}

    async def follow(self, limit: int = 200, *, again: bool = False) -> list[dict[str, Any]]:
        """Everything that is new, after everybody once more if ``again``."""
        items, more = await self.page(limit, again=again)
        while more:
            further, more = await self.page(limit)
            items += further
        return items

    async def page(self, limit: int, *, again: bool = False) -> tuple[list[dict[str, Any]], bool]:
        """The next page, and whether there is more."""
        body = {"position": self.position, "limit": limit, "again": again}
        answer = await self.service.call("POST", "/persons/changes", self.service.grant("changes", **self.changes), body)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        self.position, self.settled = page["position"], page["settled"]
        return page["changes"], page["more"]

    async def newest(self) -> str:
        """Where the log ends: another word as soon as there may be something new."""
        answer = await self.service.call("GET", "/persons/changes/newest", self.service.grant("changes"))
        return str(answer.json()["newest"])


async def test_first_everybody_then_what_changes(service: Service) -> None:
    people = [(await service.register(OLENA, "feed-first"))["id"] for _ in range(5)]
    follower = Follower(service, "feed-first")
    assert [item["id"] for item in await follower.follow(limit=2)] == sorted(people)
    assert await follower.follow() == []
    new = (await service.register(OLENA, "feed-first"))["id"]
    await amend(service, people[0], {"skills": []})
    items = await follower.follow()
    assert [item["id"] for item in items] == [new, people[0]]
    assert items[1]["person"]["attributes"]["skills"] == []
    assert items[1]["person"] == await service.read(people[0], disclose=follower.changes["disclose"])
    assert await follower.follow() == []


async def test_what_is_new_is_found_without_the_rest_of_the_log(service: Service) -> None:
    await service.register(OLENA, "feed-long")
    follower = Follower(service, "feed-long")
    await follower.follow()
    await service.register(OLENA, "feed-long")
    with heard(service.vault.people) as asked:
        assert len(await follower.follow()) == 1
    (page,) = [each for each in asked if "FROM erased_changes" in each[0] and "LIMIT" in each[0]]
    plan = await plan_of(service.vault.people, page)
    for table in ("changes", "erased_changes"):
        assert re.search(f"Index Scan using {table}_in_order.*\n *Index Cond: .*ROW.*xmin", plan), plan
    assert "Sort  (" not in plan
    assert "Filter" not in plan


async def test_a_change_of_what_is_withheld_makes_no_item(service: Service) -> None:
    person = (await service.register(OLENA, "feed-withheld"))["id"]
    follower = Follower(service, "feed-withheld")
    await follower.follow()
    for change in (
        {"gender": "male"},
        {"date_of_birth": "1990-03-02"},
        {"residence": {**OLENA["residence"], "settlement": "Bankya"}},
        {"education_level": 3},
    ):
        await amend(service, person, change)
    assert await follower.follow() == []
    await amend(service, person, {"date_of_birth": "2020-01-01"})
    assert [item["person"]["attributes"]["adult"] for item in await follower.follow()] == [False]


async def test_only_who_was_visible_leaves_a_tombstone(service: Service) -> None:
    in_sofia = Overlaps(fact="region_path", values=("BG41",))
    leaves, stays_away, comes, vanishes = [(await service.register(OLENA, "feed-tombs"))["id"] for _ in range(4)]
    for person in (stays_away, comes):
        await amend(service, person, {"residence": IN_VARNA})
    follower = Follower(service, "feed-tombs", rows=in_sofia)
    assert {item["id"] for item in await follower.follow()} == {leaves, vanishes}
    await amend(service, leaves, {"residence": IN_VARNA})
    await amend(service, stays_away, {"skills": []})
    await amend(service, comes, {"residence": OLENA["residence"]})
    for erased in (vanishes, stays_away):
        await service.call("DELETE", f"/persons/{erased}", service.grant("erase", erased))
    items = {item["id"]: item["person"] for item in await follower.follow()}
    assert items.keys() == {leaves, comes, vanishes}
    assert items[leaves] is None
    assert items[vanishes] is None
    assert items[comes]["attributes"]["municipality"] == "Sofia"


async def test_who_comes_and_goes_between_two_looks_was_never_there(service: Service) -> None:
    in_sofia = Overlaps(fact="region_path", values=("BG41",))
    follower = Follower(service, "feed-passing", rows=in_sofia)
    person = (await service.register({"residence": IN_VARNA}, "feed-passing"))["id"]
    await follower.follow()
    await amend(service, person, {"residence": OLENA["residence"]})
    await amend(service, person, {"residence": IN_VARNA})
    assert await follower.follow() == []


async def test_who_left_is_gone_whatever_happens_to_them_afterwards(service: Service) -> None:
    person = (await service.register(OLENA, "feed-left"))["id"]
    follower = Follower(service, "feed-left", rows=Overlaps(fact="region_path", values=("BG41",)))
    await follower.follow()
    await amend(service, person, {"residence": IN_VARNA})
    await amend(service, person, {"skills": []})
    assert await follower.follow() == [{"id": person, "person": None}]


async def test_a_condition_that_turns_tells_of_the_person(service: Service) -> None:
    person = (await service.register(OLENA, "feed-consent"))["id"]
    consented = Disclosure(when=Overlaps(fact="consents", values=("mentoring",)), otherwise="consent-missing")
    follower = Follower(service, "feed-consent", disclose={"skills": True, "gender": consented})
    await follower.follow()
    consent = {"state": "given", "text_version": "1", "language": "uk", "method": "paper"}
    path = f"/persons/{person}/consents/mentoring"
    await service.call("PUT", path, service.grant("record", person, resource="consent"), consent)
    assert [item["person"]["attributes"].get("gender") for item in await follower.follow()] == ["female"]
    await service.call("DELETE", path, service.grant("withdraw", person, resource="consent"))
    assert [item["person"]["withheld"].get("gender") for item in await follower.follow()] == ["consent-missing"]


async def test_a_transaction_that_commits_late_is_not_skipped(service: Service) -> None:
    follower = Follower(service, "feed-late")
    person = (await service.register(OLENA, "feed-late"))["id"]
    await follower.follow()
    facts = RecordFacts(("BG", "BG4", "BG41", "BG411"), ("feed-late",), (), False, False, "feed-late")
    async with service.vault.transaction() as slow:
        # The slow transaction has its id and its row before the fast one begins, and commits after it.
        await records.log(slow, [(UUID(person), ("skills",), facts, facts)], datetime.now(UTC))
        fast = (await service.register(OLENA, "feed-late"))["id"]
        end = await follower.newest()
        assert await follower.follow() == []
    assert await follower.newest() != end, "whoever waited has something to hear"
    assert {item["id"] for item in await follower.follow()} == {person, fast}


async def test_a_walk_through_everybody_loses_nothing_of_the_log(service: Service) -> None:
    in_sofia = Overlaps(fact="region_path", values=("BG41",))
    leaves, stays, erased = [(await service.register(OLENA, "feed-again"))["id"] for _ in range(3)]
    follower = Follower(service, "feed-again", rows=in_sofia)
    await follower.follow()
    await amend(service, leaves, {"residence": IN_VARNA})
    await service.call("DELETE", f"/persons/{erased}", service.grant("erase", erased))
    items = await follower.follow(limit=1, again=True)
    assert items[0]["id"] == stays
    assert items[0]["person"] is not None
    assert {item["id"]: item["person"] for item in items[1:]} == {leaves: None, erased: None}
    assert follower.settled
    assert await follower.follow() == []


async def test_whom_a_walk_has_shown_leaves_a_tombstone_though_they_came_after_it_began(service: Service) -> None:
    """The log tells of the coming and of the going at once; but the walk has shown them in between."""
    for _ in range(2):
        await service.register(OLENA, "feed-amid")
    follower = Follower(service, "feed-amid")
    held = {item["id"] for item in (await follower.page(1))[0]}
    came: list[str] = []
    while not any(person > max(held) for person in came):  # a walk goes by ids, and ids are random
        came.append((await service.register(OLENA, "feed-amid"))["id"])
    while follower.position is not None and follower.position["phase"] == "snapshot":
        held |= {item["id"] for item in (await follower.page(1))[0]}
    assert held & set(came)
    for person in came:
        await service.call("DELETE", f"/persons/{person}", service.grant("erase", person))
    told = await follower.follow(limit=100)
    assert held - {item["id"] for item in told if item["person"] is None} == held - set(came)
    assert follower.settled


async def test_a_walk_is_not_settled_before_all_that_it_could_not_show_is_told(service: Service) -> None:
    in_sofia = Overlaps(fact="region_path", values=("BG41",))
    person = (await service.register(OLENA, "feed-owed"))["id"]
    follower = Follower(service, "feed-owed", rows=in_sofia)
    await follower.follow()
    assert follower.settled
    facts = RecordFacts(("BG", "BG4", "BG41", "BG411"), ("feed-owed",), (), False, False, "feed-owed")
    async with service.vault.transaction() as slow:
        # While it runs nothing of what committed after it began can be told, and yet the walk sees it.
        await records.log(slow, [(UUID(person), ("skills",), facts, facts)], datetime.now(UTC))
        await amend(service, person, {"residence": IN_VARNA})
        assert await follower.follow(again=True) == []
        assert not follower.settled
        await slow.rollback()
    assert await follower.follow() == [{"id": person, "person": None}]
    assert follower.settled


async def test_whoever_was_away_while_the_log_was_cut_begins_anew_also_where_nothing_is_left(service: Service) -> None:
    person = (await service.register(OLENA, "feed-cut"))["id"]
    away, up_to_date = Follower(service, "feed-cut"), Follower(service, "feed-cut")
    await away.follow()
    await up_to_date.follow()
    await amend(service, person, {"skills": []})
    await up_to_date.follow()
    async with service.vault.transaction() as connection:
        await pruning.cut_log(connection, datetime(9999, 1, 1, tzinfo=UTC), 1_000_000)  # other tests live in other times
    body = {"position": away.position, "limit": 9}
    answer = await service.call("POST", "/persons/changes", service.grant("changes", **away.changes), body)
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/gone")
    assert await up_to_date.follow() == []


async def test_a_position_of_another_rulebook_starts_anew(service: Service) -> None:
    follower = Follower(service, "feed-revision")
    await follower.follow()
    assert follower.position is not None
    body = {"position": {**follower.position, "revision": "sha256:earlier"}}
    answer = await service.call("POST", "/persons/changes", service.grant("changes"), body)
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/rulebook-changed")


async def test_a_position_that_no_feed_gave_is_refused(service: Service) -> None:
    for position in ({}, {"phase": "log", "revision": "sha256:test", "xid": "1; DROP TABLE changes"}, {"phase": "sideways"}):
        answer = await service.call("POST", "/persons/changes", service.grant("changes"), {"position": position})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/position-invalid")
