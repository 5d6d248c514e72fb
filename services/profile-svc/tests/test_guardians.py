"""Consents of children: the guardian decides, the child is heard, and with majority it ends."""

from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from profile_svc.attributes import Attributes
from profile_svc.upkeep import come_of_age

from .people import OLENA, amend
from .source import Service
from .test_consents import listed, live, record, withdraw
from .test_import import imported, person, run

THIS_YEAR = datetime.now(UTC).year
CHILD = {**OLENA, "date_of_birth": f"{THIS_YEAR - 12}-03-01"}
GUARDIAN = {"given_by": "guardian", "child_view": "agrees"}
CANARY = "canary: she fears that the school hears of it"


@pytest.fixture
async def child(service: Service) -> str:
    return str((await service.register(CHILD))["id"])


def slug(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json().get("type", "")).removeprefix("/problems/")


async def test_a_childs_own_yes_is_none_and_its_no_is_one(service: Service, child: str) -> None:
    assert slug(await record(service, child)) == (409, "guardian-needed")
    assert (await record(service, child, **GUARDIAN)).status_code == 200
    assert await live(service, child) == ["mentoring"]
    assert (await record(service, child, state="refused")).status_code == 200
    assert await live(service, child) == []
    await record(service, child, **GUARDIAN)
    assert (await withdraw(service, child)).json()["given_by"] == "person"
    assert await live(service, child) == []


async def test_nobody_decides_for_who_is_of_age(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    assert slug(await record(service, person, **GUARDIAN)) == (409, "guardian-not-entitled")
    await record(service, person)
    assert slug(await withdraw(service, person, "?given_by=guardian")) == (409, "guardian-not-entitled")
    assert await live(service, person) == ["mentoring"]


async def test_against_the_childs_will_only_with_a_word_of_how_it_was_weighed(service: Service, child: str) -> None:
    against = {"given_by": "guardian", "child_view": "disagrees"}
    assert slug(await record(service, child, **against)) == (409, "child-disagrees")
    assert await live(service, child) == []
    assert (await record(service, child, **against, state="refused")).status_code == 200
    assert (await record(service, child, **against, child_view_reason="Two talks; treatment cannot wait.")).status_code == 200
    assert await live(service, child) == ["mentoring"]


@pytest.mark.parametrize(
    "said",
    [
        {"given_by": "guardian"},  # and the child?
        {"child_view": "agrees"},  # then it is a guardian who decides
        {"given_by": "guardian", "child_view": "not-asked"},  # why not?
        {"given_by": "guardian", "child_view": "not-asked", "child_view_reason": "Two years old.", "child_words": "no"},
        {"child_words": "no"},
        {"given_by": "guardian", "child_view": "agrees", "child_view_reason": "ok"},
    ],
)
async def test_whether_the_child_was_heard_is_said(service: Service, child: str, said: dict[str, Any]) -> None:
    assert slug(await record(service, child, **said)) == (400, "malformed-request")


async def test_a_childs_words_are_sealed_and_for_few(service: Service, child: str) -> None:
    said = {**GUARDIAN, "child_words": CANARY}
    once, again = [await record(service, child, **said) for _ in range(2)]
    assert once.json() == again.json(), "the same words again are recognised although they are sealed"
    assert once.json()["child_words"] == CANARY
    assert CANARY not in str(await service.sql("SELECT to_jsonb(consents) FROM consents"))
    for path in ("", "/mentoring"):
        [theirs] = await listed(service, child, path, organisation="bread-and-bridges")
        assert (theirs["child_view"], theirs["child_words"]) == ("agrees", None)
        [own] = await listed(service, child, path, organisation="self-service", provenance="full")
        assert own["child_words"] == CANARY


async def test_a_guardians_consent_ends_when_the_child_is_of_age(service: Service, child: str) -> None:
    await record(service, child, **GUARDIAN)
    await come_of_age(service.vault, date(THIS_YEAR + 6, 2, 28))
    assert await live(service, child) == ["mentoring"]
    await come_of_age(service.vault, date(THIS_YEAR + 6, 3, 1))
    assert await live(service, child) == []
    assert [one["state"] for one in await listed(service, child)] == ["expired"]
    assert (await record(service, child)).status_code == 200, "asked anew"
    assert await live(service, child) == ["mentoring"]


async def test_a_corrected_date_of_birth_changes_who_decides_at_once(service: Service, child: str) -> None:
    await record(service, child, **GUARDIAN)
    await amend(service, child, {"date_of_birth": OLENA["date_of_birth"]})
    assert await live(service, child) == []
    await amend(service, child, {"date_of_birth": CHILD["date_of_birth"]})
    assert await live(service, child) == ["mentoring"]


async def test_what_other_systems_recorded_for_a_child_came_from_the_guardian_unless_they_say_otherwise(
    service: Service, attributes: Attributes
) -> None:
    consent = {"purpose": "mentoring", "text_version": "1", "language": "uk", "method": "form 12"}
    lines = [
        person(3101, attributes=CHILD, consents=[consent]),
        person(3102, attributes=CHILD, consents=[consent | {"given_by": "person"}]),
    ]
    assert (await run(service, attributes, lines)).created == 2
    assert await live(service, await imported(service, 3101)) == ["mentoring"]
    assert await live(service, await imported(service, 3102)) == [], "a child's own yes"
