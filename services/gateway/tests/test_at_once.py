"""Calls that come at once are asked for together, and yet each is its own: nobody hears of another's answer or failure."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from gateway.identity import Reach, Scope
from stena import together
from stena.contracts.access import Action, Evaluation, Resource, Subject

from .neighbours import view
from .running import Caller, Running

PEOPLE = [str(uuid.uuid4()) for _ in range(6)]
CALLS = [("employment-agency", "job-ranking"), ("employment-agency", "registration"), ("reception-agency", "registration")]
Spoil = Callable[[list[Any]], Any]


class Source:
    """profile-svc: whom it is asked for, each with a skill of their own; ``spoil`` is done to whom it shows together."""

    def __init__(self, spoil: Spoil = lambda people: {"people": people}, status: int = 200) -> None:
        self.spoil = spoil
        self.status = status
        self.together: list[list[str]] = []
        self.alone: list[str] = []
        self.absent: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/persons/read":
            person = request.url.path.rpartition("/")[2]
            self.alone.append(person)
            return httpx.Response(404, json={}) if person in self.absent else httpx.Response(200, json=_shown(person))
        asked = orjson.loads(request.content)
        people = [asked["person"], *(each["person"] for each in asked["others"])]
        self.together.append(people)
        shown = self.spoil([None if person in self.absent else _shown(person) for person in people])
        return httpx.Response(self.status, json=shown)


def _shown(person: str) -> dict[str, Any]:
    return view(person, attributes={"skills": [person[:8]], "adult": True, "education_level": 3})


async def _read_all(running: Running, people: list[str] = PEOPLE) -> list[httpx.Response]:
    """Each by another organisation or for another purpose than the one before, all at once."""
    callers: dict[str, Caller] = {who: await running.caller(who) for who in ("employment-agency", "reception-agency")}
    calls = []
    for number, person in enumerate(people):
        organisation, purpose = CALLS[number % len(CALLS)]
        path = f"/v1/persons/{_named(running, person, number)}"
        calls.append(callers[organisation].call("GET", path, purpose=purpose))
    running.neighbours.asked.clear()
    return list(await asyncio.gather(*calls))


def _named(running: Running, person: str, number: int) -> str:
    organisation, purpose = CALLS[number % len(CALLS)]
    reach: Reach = "purpose" if purpose == "job-ranking" else "organisation"
    name: str = running.app.state.parts.ids.name(person, Scope(reach, organisation, purpose))
    return name


def _asked_policy(running: Running) -> list[int]:
    """How many questions each call to policy-svc held."""
    bodies = [each.content for each in running.neighbours.asked if each.url.path == "/access/v1/evaluations"]
    return [len(orjson.loads(body)["evaluations"]) for body in bodies]


def _is_of(running: Running, answer: httpx.Response, person: str, number: int) -> bool:
    body = answer.json()
    return (answer.status_code, body["id"], body["attributes"]["skills"], body["disclosure"]["purpose"]) == (
        200,
        _named(running, person, number),
        [person[:8]],
        CALLS[number % len(CALLS)][1],
    )


async def _outcomes(running: Running) -> dict[str, int]:
    entries = [entry["outcome"] for entry in await running.ledger()]
    return {outcome: entries.count(outcome) for outcome in entries}


async def test_each_gets_their_own_by_a_decision_and_an_entry_of_their_own(running: Running) -> None:
    running.neighbours.answer = source = Source()
    answers = await _read_all(running)
    assert all(_is_of(running, answer, person, at) for at, (answer, person) in enumerate(zip(answers, PEOPLE, strict=True)))
    assert sum(_asked_policy(running)) == len(PEOPLE)
    assert max(_asked_policy(running)) > 1, "some were asked together"
    assert source.together
    assert sorted([*source.alone, *(person for group in source.together for person in group)]) == sorted(PEOPLE)
    assert len({answer.json()["disclosure"]["decision"] for answer in answers}) == len(PEOPLE)
    listed = [(str(each["person_id"]), each["entry_id"]) for each in await running.people_in_ledger()]
    assert sorted(person for person, _ in listed) == sorted(PEOPLE)
    assert len({entry for _, entry in listed}) == len(PEOPLE)


async def test_the_same_person_for_several_is_shown_to_each_under_their_own_name(running: Running) -> None:
    running.neighbours.answer = Source()
    people = [PEOPLE[0]] * 6
    answers = await _read_all(running, people)
    assert all(_is_of(running, answer, person, at) for at, (answer, person) in enumerate(zip(answers, people, strict=True)))
    assert len({answer.json()["id"] for answer in answers}) == 3


SHUFFLED: dict[str, Spoil] = {
    "in another order": lambda people: {"people": people[1:] + people[:1]},
    "one for all": lambda people: {"people": people[:1] * len(people)},
    "surplus": lambda people: {"people": [each | {"nationality": "x"} for each in people]},
    "more than the grant": lambda people: {"people": [each | {"attributes": {"gender": "x"}} for each in people]},
}


@pytest.mark.parametrize("spoil", SHUFFLED.values(), ids=SHUFFLED)
async def test_what_a_source_mixes_up_reaches_nobody(running: Running, spoil: Spoil) -> None:
    running.neighbours.answer = source = Source(spoil)
    answers = await _read_all(running)
    for at, (answer, person) in enumerate(zip(answers, PEOPLE, strict=True)):
        assert answer.status_code == 500 or _is_of(running, answer, person, at)
        assert sum(other[:8] in answer.text for other in PEOPLE) == (answer.status_code == 200)
    refused = sum(answer.status_code == 500 for answer in answers)
    assert refused >= sum(map(len, source.together)) - 1
    assert refused
    assert await _outcomes(running) == {"incident": refused} | (
        {"answered": len(PEOPLE) - refused} if refused < len(PEOPLE) else {}
    )


USELESS: dict[str, tuple[Spoil, int]] = {
    "one too few": (lambda people: {"people": people[1:]}, 200),
    "one too many": (lambda people: {"people": [*people, people[0]]}, 200),
    "nobody": (lambda people: {"people": [None] * len(people)}, 200),
    "something else": (lambda people: people, 200),
    "no list": (lambda people: {"people": {"0": people[0]}}, 200),
    "of something else": (lambda people: {"people": people}, 206),
    "of a release before": (lambda people: {}, 405),
    "its grant refused": (lambda people: {}, 401),
    "broken": (lambda people: {}, 500),
}


@pytest.mark.parametrize(("spoil", "status"), USELESS.values(), ids=USELESS)
async def test_of_what_does_not_answer_for_each_nothing_is_taken_and_each_asks_alone(
    running: Running, spoil: Spoil, status: int
) -> None:
    running.neighbours.answer = source = Source(spoil, status)
    answers = await _read_all(running)
    assert all(_is_of(running, answer, person, at) for at, (answer, person) in enumerate(zip(answers, PEOPLE, strict=True)))
    assert source.together
    assert sorted(source.alone) == sorted(PEOPLE)


async def test_who_is_not_there_is_not_found_and_the_others_are(running: Running) -> None:
    running.neighbours.answer = source = Source()
    source.absent = {PEOPLE[1], PEOPLE[4]}
    answers = await _read_all(running)
    assert [answer.status_code for answer in answers] == [200, 404, 200, 200, 404, 200]
    assert await _outcomes(running) == {"answered": 4, "not-found": 2}


def _wrong(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is malformed is denied in its place, with an error and no decision's id."""
    return [{"decision": False, "context": {"error": {"status": 400, "message": "malformed"}}}, *answers[1:]]


async def test_a_question_that_is_refused_refuses_nobody_elses(running: Running) -> None:
    running.neighbours.answer = Source()
    running.neighbours.spoil_decisions = lambda answers: httpx.Response(200, json={"evaluations": _wrong(answers)})
    answers = await _read_all(running)
    refused = [answer.status_code for answer in answers].count(503)
    assert 0 < refused < len(PEOPLE)
    assert await _outcomes(running) == {"undecided": refused, "answered": len(PEOPLE) - refused}


@pytest.mark.parametrize("spoil", [lambda answers: answers[1:] + answers[:1], lambda answers: answers[:1] * len(answers)])
async def test_a_decision_for_another_call_is_no_decision(running: Running, spoil: Spoil) -> None:
    running.neighbours.answer = Source()
    running.neighbours.spoil_decisions = lambda answers: httpx.Response(200, json={"evaluations": spoil(answers)})
    answers = await _read_all(running)
    for at, (answer, person) in enumerate(zip(answers, PEOPLE, strict=True)):
        assert answer.status_code == 503 or _is_of(running, answer, person, at)
    assert [answer.status_code for answer in answers].count(503) >= len(PEOPLE) - 2


NO_DECISIONS: dict[str, tuple[Spoil, int]] = {
    "one too few": (lambda answers: answers[1:], 200),
    "one too many": (lambda answers: [*answers, answers[0]], 200),
    "none": (lambda answers: None, 200),
    "of something else": (lambda answers: answers, 206),
    "refused": (lambda answers: [], 400),
    "broken": (lambda answers: [], 500),
    "gone for a while": (lambda answers: [], 503),
}


@pytest.mark.parametrize(("spoil", "status"), NO_DECISIONS.values(), ids=NO_DECISIONS)
async def test_where_policy_svc_does_not_answer_for_each_they_are_asked_alone(
    running: Running, spoil: Spoil, status: int
) -> None:
    running.neighbours.answer = Source()

    def decisions(answers: list[dict[str, Any]]) -> httpx.Response:
        together = len(answers) > 1
        return httpx.Response(status if together else 200, json={"evaluations": spoil(answers) if together else answers})

    running.neighbours.spoil_decisions = decisions
    answers = await _read_all(running)
    assert all(_is_of(running, answer, person, at) for at, (answer, person) in enumerate(zip(answers, PEOPLE, strict=True)))
    assert max(_asked_policy(running)) > 1


async def test_without_policy_svc_or_the_source_all_hear_that_and_the_ledger_too(running: Running) -> None:
    running.neighbours.answer = Source()
    running.neighbours.gone = {"policy"}
    assert {answer.status_code for answer in await _read_all(running)} == {503}
    running.neighbours.gone = {"profile"}
    assert {answer.status_code for answer in await _read_all(running)} == {503}
    assert await _outcomes(running) == {"undecided": len(PEOPLE), "failed": len(PEOPLE)}


async def test_who_asks_for_some_attributes_is_asked_for_alone(running: Running) -> None:
    running.neighbours.answer = lambda request: httpx.Response(
        200, json=view(PEOPLE[0], attributes=dict.fromkeys(request.url.params.get_list("fields"), True), provenance={})
    )
    caller, path = await running.caller(), f"/v1/persons/{_named(running, PEOPLE[0], 0)}"
    answers = await asyncio.gather(*(caller.call("GET", f"{path}?fields={name}") for name in ("skills", "adult")))
    assert [answer.json()["attributes"] for answer in answers] == [{"skills": True}, {"adult": True}]


async def test_no_more_is_asked_at_once_than_can_be_answered_in_time(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 3)
    policy = running.app.state.parts.policy
    question = Evaluation(
        subject=Subject(type="organisation", id="employment-agency"),
        action=Action(name="read"),
        resource=Resource(type="person"),
        context={"purpose": "job-ranking"},
    )
    answers = await asyncio.gather(*(policy.evaluate([question] * number) for number in (2, 1, 1, 2, 4)))
    assert [len(each) for each in answers] == [2, 1, 1, 2, 4]
    assert _asked_policy(running) == [3, 3, 4]
