"""Laws of the engine over generated rulebooks: what narrows the rules, the approvals or what is known never shows more."""

from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from policy_svc.approvals import Approval
from policy_svc.decisions import decide
from policy_svc.faults import Faults
from policy_svc.rulebook import Rulebook
from policy_svc.rules import check_approvals
from stena.contracts.access import Evaluation

from .generated import PRESENCE, RECORDS, REGIONS, RULEBOOKS, Raw, question, rules, several_questions
from .reference import NOON, rules_of, visible, with_rules

some = settings(max_examples=settings().max_examples // 2)


@some
@given(RULEBOOKS, rules("deny"), several_questions, RECORDS)
def test_another_deny_rule_never_shows_more(
    rulebook: Rulebook, generated: list[Raw], deny: Raw, asked: list[Raw], records: list[Any]
) -> None:
    before, denying = rules_of(generated), rules_of([deny])
    wide, narrow = with_rules(rulebook, before), with_rules(rulebook, (*before, *denying))
    for one, facts in product([question(**said) for said in asked], records):
        seen, attributes = visible(decide(wide, one, NOON), facts)
        seen_less, fewer = visible(decide(narrow, one, NOON), facts)
        assert seen_less <= seen
        assert fewer <= attributes


@some
@given(RULEBOOKS, several_questions, RECORDS, st.sampled_from(["region_path", "assigned", "consents", "restricted", "minor"]))
def test_an_unknown_fact_never_shows_more_than_a_known_one(
    rulebook: Rulebook, generated: list[Raw], asked: list[Raw], records: list[Any], unknown: str
) -> None:
    rulebook = with_rules(rulebook, rules_of(generated))
    for one, facts in product([question(**said) for said in asked], records):
        decision = decide(rulebook, one, NOON)
        seen, attributes = visible(decision, facts)
        seen_less, fewer = visible(decision, {**facts, unknown: None})
        assert seen_less <= seen
        assert fewer <= attributes


@some
@given(RULEBOOKS, several_questions, RECORDS, st.sampled_from(["justification", "case", "person", "id"]))
def test_saying_less_never_shows_more(
    rulebook: Rulebook, generated: list[Raw], asked: list[Raw], records: list[Any], unsaid: str
) -> None:
    """But for rules that ask whether something was said at all: those conditions are two-valued."""
    rulebook = with_rules(rulebook, rules_of([rule for rule in generated if not asks_for_presence(rule)]))
    for one, facts in product([question(**said) for said in asked], records):
        seen, attributes = visible(decide(rulebook, one, NOON), facts)
        seen_less, fewer = visible(decide(rulebook, without(one, unsaid), NOON), facts)
        assert seen_less <= seen
        assert fewer <= attributes


def asks_for_presence(raw: Any) -> bool:
    parts = raw.values() if isinstance(raw, dict) else raw if isinstance(raw, list) else ()
    return raw in PRESENCE or any(map(asks_for_presence, parts))


def without(question: Evaluation, unsaid: str) -> Evaluation:
    if unsaid == "person":
        return question.model_copy(update={"subject": question.subject.model_copy(update={"properties": {}})})
    if unsaid == "id":
        return question.model_copy(update={"resource": question.resource.model_copy(update={"id": "*"})})
    return question.model_copy(update={"context": {key: said for key, said in question.context.items() if key != unsaid}})


APPROVALS = st.lists(
    st.tuples(
        st.sampled_from(["welfare", "counselling", "rescue"]), st.sampled_from([(), REGIONS[:1], REGIONS[1:], REGIONS])
    ).map(lambda both: approval(*both)),
    min_size=1,
    max_size=3,
)


def approval(purpose: str, regions: tuple[str, ...]) -> Approval:
    covers = frozenset({"welfare", "counselling"}) if purpose == "welfare" else frozenset({purpose})
    return Approval(purpose, covers, "GDPR-6-1-e", frozenset(regions), date(2026, 1, 1), date(2026, 12, 31))


@some
@given(RULEBOOKS, several_questions, RECORDS, APPROVALS)
def test_without_an_approval_never_more_is_shown(
    rulebook: Rulebook, generated: list[Raw], asked: list[Raw], records: list[Any], approvals: list[Approval]
) -> None:
    lawful = tuple(rule for rule in rules_of(generated) if is_lawful(rule))
    event(f"{len(approvals)} approvals, {len(lawful)} of {len(generated)} rules are lawful")
    wide, narrow, none = (with_rules(approved(rulebook, held), lawful) for held in (tuple(approvals), tuple(approvals[1:]), ()))
    for one, facts in product([question(**said) for said in asked], records):
        seen, attributes = visible(decide(wide, one, NOON), facts)
        seen_less, fewer = visible(decide(narrow, one, NOON), facts)
        assert seen_less <= seen
        assert fewer <= attributes
        assert visible(decide(none, one, NOON), facts) == (False, set())


def is_lawful(rule: Any) -> bool:
    faults = Faults()
    check_approvals(rule, faults)
    return len(faults) == 0


def approved(rulebook: Rulebook, held: tuple[Approval, ...]) -> Rulebook:
    everyone = {name: replace(organisation, approvals=held) for name, organisation in rulebook.organisations.items()}
    return replace(rulebook, organisations=everyone)
