"""The order of the five steps, for every way in which a call can end."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.calls import Access, Call, Caller, Decision, Deny, Entry, Permit, Question, Seen, Shown, Stated
from gateway.firewall import BecamePart, Denied, NotVisible, Rejected, Undecided, Wall, pass_through
from gateway.redaction import Surplus
from stena.contracts.catalogue import Emergency
from stena.problems import Forbidden

READ, WRITE = Question("read", "person", "person"), Question("amend", "person", "person")
PERMIT = Permit("d1", "r1", ("rule",), (), "6d3f7f0e-0000-4000-8000-000000000000")
BREAKING = replace(PERMIT, emergency=Emergency(lasts=timedelta(hours=1)))
DENY = Deny("d1", "r1", ("rule",), "not-necessary")


class LedgerDown(Exception):
    pass


class Steps:
    """Writes down in which order the wall does what; ``fails`` says which step raises what."""

    def __init__(self, decision: Decision, **fails: Exception) -> None:
        self.decision, self.fails, self.done = decision, fails, list[str]()
        self.wall = Wall(self._identify, self._decide, self._record, self._open)

    def _step(self, name: str) -> None:
        self.done.append(name)
        if name.partition(":")[0] in self.fails:
            raise self.fails[name.partition(":")[0]]

    async def _identify(self, authorization: str | None) -> Caller:
        self._step("identify")
        return Caller("cli", "org")

    async def _decide(self, caller: Caller, call: Call) -> Decision:
        self._step("decide")
        return self.decision

    async def _record(self, entry: Entry) -> None:
        self._step(f"record:{entry.outcome}")

    async def _open(self, entry: Entry, permit: Permit, people: tuple[Seen, ...]) -> tuple[Access, ...]:
        self._step("open")
        return tuple(Access(seen.person, "a1", datetime.now(UTC)) for seen in people)

    async def fetch(self, permit: Permit) -> str:
        self._step("fetch")
        return "data"

    def redact(self, permit: Permit, found: str) -> Shown[str]:
        self._step("redact")
        return Shown(f"{found} flagged" if permit.accesses else found, (Seen("someone"),))

    async def run(self, question: Question) -> str:
        call = Call(Stated("Bearer x", "job-ranking"), (question,), "psn_x")
        return await pass_through(self.wall, call, self.fetch, self.redact)


CASES: list[tuple[Question, Decision, dict[str, Exception], str]] = [
    (READ, PERMIT, {}, "identify decide fetch redact record:answered"),
    (WRITE, PERMIT, {}, "identify decide record:intent fetch redact record:done"),
    (READ, DENY, {}, "identify decide record:denied"),
    (WRITE, DENY, {}, "identify decide record:denied"),
    (READ, PERMIT, {"decide": Undecided()}, "identify decide record:undecided"),
    (READ, PERMIT, {"fetch": NotVisible()}, "identify decide fetch record:not-found"),
    (WRITE, PERMIT, {"fetch": NotVisible()}, "identify decide record:intent fetch record:not-found"),
    (READ, PERMIT, {"fetch": OSError()}, "identify decide fetch record:failed"),
    (WRITE, PERMIT, {"fetch": OSError()}, "identify decide record:intent fetch record:failed"),
    (READ, PERMIT, {"redact": Surplus("x")}, "identify decide fetch redact record:incident"),
    (READ, PERMIT, {"identify": PermissionError()}, "identify"),
    (READ, PERMIT, {"record": LedgerDown()}, "identify decide fetch redact record:answered"),
    (WRITE, PERMIT, {"record": LedgerDown()}, "identify decide record:intent"),
    (READ, DENY, {"record": LedgerDown()}, "identify decide record:denied"),
    (READ, BREAKING, {}, "identify decide fetch redact open redact record:answered"),
    (READ, BREAKING, {"open": OSError()}, "identify decide fetch redact open record:failed"),
    (READ, BREAKING, {"open": Rejected(Forbidden("over"))}, "identify decide fetch redact open record:denied"),
    (READ, BREAKING, {"fetch": NotVisible()}, "identify decide fetch record:not-found"),
]


@pytest.mark.parametrize(("question", "decision", "fails", "order"), CASES)
async def test_the_steps_come_in_their_order(question: Question, decision: Decision, fails: dict[str, Any], order: str) -> None:
    steps = Steps(decision, **fails)
    outcome = (await asyncio.gather(steps.run(question), return_exceptions=True))[0]
    assert steps.done == order.split()
    if "record" in fails:
        assert isinstance(outcome, LedgerDown)
    elif fails:
        assert outcome in fails.values()
    elif isinstance(decision, Deny):
        assert isinstance(outcome, Denied)
    else:
        assert outcome == ("data flagged" if decision is BREAKING else "data")


@pytest.mark.parametrize("learnt", [True, False])
async def test_whoever_turns_out_to_be_part_of_somebody_is_decided_about_anew(learnt: bool) -> None:
    steps = Steps(PERMIT, fetch=BecamePart("this", "other", "merge"))

    async def learn(news: BecamePart) -> bool:
        steps.done.append(f"learn:{news.person}")
        steps.fails.clear()
        return learnt

    steps.wall = replace(steps.wall, learn=learn)
    outcome = await _outcome(steps, READ)
    first = "identify decide fetch record:not-found learn:this"
    assert steps.done == f"{first} {'identify decide fetch redact record:answered' if learnt else ''}".split()
    assert outcome == "data" if learnt else isinstance(outcome, NotVisible)


async def test_news_without_an_end_are_heard_for_a_while() -> None:
    steps = Steps(PERMIT, fetch=BecamePart("this", "other", "merge"))

    async def learn(news: BecamePart) -> bool:
        return True

    steps.wall = replace(steps.wall, learn=learn)
    assert isinstance(await _outcome(steps, READ), NotVisible)
    assert steps.done.count("fetch") == 4


failures = st.dictionaries(
    st.sampled_from(["identify", "decide", "fetch", "redact", "open", "record"]),
    st.sampled_from([Undecided(), NotVisible(), Surplus("x"), OSError(), LedgerDown()]),
)


@given(st.sampled_from([READ, WRITE]), st.sampled_from([PERMIT, BREAKING, DENY]), failures)
def test_whatever_fails_an_answer_is_the_last_thing_after_its_record(
    question: Question, decision: Decision, fails: dict[str, Exception]
) -> None:
    steps = Steps(decision, **fails)
    outcome = asyncio.run(_outcome(steps, question))
    answered = isinstance(outcome, str)
    met = fails.keys() - (set() if decision is BREAKING else {"open"})
    assert answered == (not met and decision is not DENY)
    if "fetch" in steps.done:
        assert decision is not DENY
        assert steps.done.index("decide") < steps.done.index("fetch")
    if answered:
        assert steps.done[-1] in ("record:answered", "record:done")
        assert (outcome == "data flagged") == ("open" in steps.done) == (decision is BREAKING)


async def _outcome(steps: Steps, question: Question) -> Any:
    return (await asyncio.gather(steps.run(question), return_exceptions=True))[0]


@pytest.mark.parametrize("decision", [PERMIT, DENY])
def test_a_decision_is_never_asked_whether_it_is_true(decision: Decision) -> None:
    with pytest.raises(TypeError):
        bool(decision)
