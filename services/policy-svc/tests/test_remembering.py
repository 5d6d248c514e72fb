"""What is remembered says what deciding anew would say: over generated rulebooks, and over the ways to ask the same again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_svc import remembering
from policy_svc.decisions import Decision, decide
from policy_svc.granting import grant_text, make_grant
from policy_svc.remembering import Memory
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation, Grant, Subject

from .generated import RULEBOOKS, Raw, name, question, several_questions
from .reference import NOON, rules_of, with_rules

Ask = Callable[..., Evaluation]
some = settings(max_examples=settings().max_examples // 2)


@some
@given(RULEBOOKS, several_questions, st.lists(st.sampled_from([0, 1, 24, 24 * 400]), min_size=1, max_size=4))
def test_what_is_remembered_is_what_would_be_decided_now(
    rulebook: Rulebook, generated: list[Raw], asked: list[Raw], hours: list[int]
) -> None:
    rulebook = with_rules(rulebook, rules_of(generated))
    memory = Memory(rulebook)
    for passed in hours:
        now = NOON + timedelta(hours=passed)
        for one in [question(**said) for said in asked] * 2:
            decided, wanted = memory.decide(one, now), decide(rulebook, one, now)
            assert decided.decision == wanted
            if wanted.permit:
                made = make_grant(wanted, one, rulebook.revision, "dec_1", now)
                assert Grant.model_validate_json(grant_text(decided.terms, one, "dec_1", now)) == made


def rule(uid: str, actions: list[str], **parts: Raw) -> Raw:
    action, purpose = {"$.name": name("IsIn", values=actions)}, {"$.purpose": name("Equals", value="counselling")}
    rules = {**parts, "action": action, "context": {**parts.get("context", {}), **purpose}}
    return {"uid": uid, "description": "a rule of this test", "effect": "allow", "rules": rules}


BY_THE_HOUR = rule("hour", ["read"], context={"$.time": name("StartsWith", value="2026-06-01T12")})
READING = rule("reading", ["read"])
FOR_ONE = {"$.attribute": name("Equals", value="skills")}


@pytest.mark.parametrize(
    ("rules", "first", "second"),
    [
        ([BY_THE_HOUR], {}, {"hours": 2}),
        (
            [READING, rule("skills", ["disclose"], resource=FOR_ONE, context={"$.case": name("Equals", value="7")})],
            {"case": "7"},
            {"case": "8"},
        ),
        (
            [READING, rule("skills", ["disclose"], resource=FOR_ONE, context={"$.time": name("Contains", value="T12")})],
            {},
            {"hours": 2},
        ),
        ([READING], {}, {"kind": "user"}),
    ],
)
def test_what_a_rule_reads_is_asked_again(
    rulebook: Rulebook, ask: Ask, noon: datetime, rules: list[Raw], first: dict[str, Any], second: dict[str, Any]
) -> None:
    rulebook = with_rules(rulebook, rules_of(rules))
    memory = Memory(rulebook)

    def both(said: dict[str, Any]) -> tuple[Decision, Decision]:
        one, now = ask(case=said.get("case")), noon + timedelta(hours=said.get("hours", 0))
        asked = one.model_copy(update={"subject": Subject(type=said.get("kind", "organisation"), id=one.subject.id)})
        return memory.decide(asked, now).decision, decide(rulebook, asked, now)

    (known, wanted), (after, wanted_after) = both(first), both(second)
    assert known == wanted
    assert after == wanted_after
    assert known != after


def test_the_same_question_about_another_person_is_answered_from_memory(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    memory = Memory(rulebook)
    permits = [one for record in ("a", "b", "a") if (one := memory.decide(ask(record=record), noon)).decision.permit]
    assert len(permits) == 3
    assert permits[0] is permits[1] is permits[2]


def test_memory_is_bounded(rulebook: Rulebook, ask: Ask, noon: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "MOST", 2)
    memory = Memory(rulebook)
    for days in range(5):
        assert memory.decide(ask(), noon + timedelta(days=days)).decision.permit
    assert len(memory._permits) == 2
