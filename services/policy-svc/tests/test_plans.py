"""The index of rules loses nothing: rules that name action or purpose in unusual ways, or are unknown for good, still count."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from policy_svc.decisions import decide
from policy_svc.loading import parse
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation
from stena.contracts.condition import Overlaps

Ask = Callable[..., Evaluation]
With = Callable[..., Rulebook]


@pytest.fixture
def with_rule(files: dict[str, str]) -> With:
    """The small rulebook and one more rule."""

    def make(effect: str, **elements: Any) -> Rulebook:
        rule = {"uid": "one.more", "description": "One more.", "effect": effect, "rules": elements}
        return parse({**files, "rules/one-more.yaml": json.dumps([rule])})[0]

    return make


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"action": {"$.name": {"condition": "Any"}}},
        {"action": {"$.name": {"condition": "Exists"}}},
        {"action": {"$.name": {"condition": "Equals", "value": "read", "case_insensitive": True}}},
        {"action": {"$.name": {"condition": "NotEquals", "value": "list"}}},
        {"action": {"$.name": {"condition": "AnyOf", "values": [{"condition": "Exists"}, {"condition": "NotExists"}]}}},
        {"context": {"$.purpose": {"condition": "Not", "value": {"condition": "Equals", "value": "rescue"}}}},
        {"context": {"$.purpose_and_broader": {"condition": "AllIn", "values": ["welfare", "counselling"]}}},
        {"context": [{"$.purpose": {"condition": "Equals", "value": "rescue"}}, {"$.case": {"condition": "NotExists"}}]},
        # Unknown for good: an operation has no attribute, and an unknown deny applies.
        {"resource": {"$.attribute": {"condition": "Equals", "value": "town"}}},
        {"resource": {"$.reveals": {"condition": "IsEmpty"}}},
        {"subject": {"$.person": {"condition": "EqualsAttribute", "ace": "resource", "path": "$.category"}}},
    ],
)
def test_a_deny_rule_applies_however_it_is_written(with_rule: With, ask: Ask, noon: datetime, elements: dict[str, Any]) -> None:
    assert not decide(with_rule("deny", **elements), ask(), noon).permit


@pytest.mark.parametrize(
    "elements",
    [
        {"action": {"$.name": {"condition": "Equals", "value": "list"}}},
        {"context": {"$.purpose": {"condition": "IsIn", "values": ["rescue", "welfare"]}}},
        {"context": {"$.purpose_and_broader": {"condition": "AnyIn", "values": ["rescue"]}}},
        {"resource": {"$.type": {"condition": "Equals", "value": "note"}}},
        {
            "resource": {"$.attribute": {"condition": "NotExists"}},
            "action": {"$.name": {"condition": "IsIn", "values": ["disclose"]}},
        },
    ],
)
def test_a_deny_rule_for_another_question_changes_nothing(
    rulebook: Rulebook, with_rule: With, ask: Ask, noon: datetime, elements: dict[str, Any]
) -> None:
    assert decide(with_rule("deny", **elements), ask(), noon) == decide(rulebook, ask(), noon)


def test_an_allow_rule_that_is_unknown_for_good_opens_nothing(with_rule: With, ask: Ask, noon: datetime) -> None:
    category = {"$.category": {"condition": "Not", "value": {"condition": "Equals", "value": "health"}}}
    named = {
        "action": {"$.name": {"condition": "Equals", "value": "erase"}},
        "context": {"$.purpose": {"condition": "Equals", "value": "counselling"}},
    }
    assert decide(with_rule("allow", **named), ask(action="erase"), noon).permit
    assert not decide(with_rule("allow", resource=category, **named), ask(action="erase"), noon).permit


def test_two_paths_are_compared_though_one_of_them_is_known_at_load(with_rule: With, ask: Ask, noon: datetime) -> None:
    elements = {
        "resource": {"$.attribute": {"condition": "EqualsAttribute", "ace": "context", "path": "$.case"}},
        "action": {"$.name": {"condition": "Equals", "value": "disclose"}},
        "context": {"$.purpose": {"condition": "Equals", "value": "counselling"}},
    }
    rulebook = with_rule("allow", **elements)
    assert "family_name" in decide(rulebook, ask("harbour", case="family_name"), noon).disclose
    assert decide(rulebook, ask("harbour", case="family_name"), noon).disclose["family_name"].when is True
    assert decide(rulebook, ask("harbour"), noon).disclose["family_name"].when is not True


def test_what_is_derived_wants_every_source(with_rule: With, ask: Ask, noon: datetime) -> None:
    given_name = {
        "resource": {"$.attribute": {"condition": "Equals", "value": "given_name"}},
        "action": {"$.name": {"condition": "Equals", "value": "disclose"}},
        "context": {"$.purpose": {"condition": "Equals", "value": "counselling"}},
    }
    ways = decide(with_rule("allow", **given_name), ask(), noon).disclose
    assert ways["given_name"].when is True
    assert ways["initials"].when == ways["family_name"].when == Overlaps(fact="assigned", values=("lantern",))


def test_regions_are_those_of_the_approvals_that_cover_the_purpose(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    counselling = decide(rulebook, ask("harbour", "counselling"), noon)
    rescue = decide(rulebook, ask("harbour", "rescue", justification="a flood"), noon)
    assert counselling.rows == Overlaps(fact="region_path", values=("BG",))
    assert rescue.rows == Overlaps(fact="region_path", values=("BG33",))


def test_an_expired_approval_lends_neither_purposes_nor_regions(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    harbour = rulebook.organisations["harbour"]
    expired = replace(rulebook.organisations["yesterday"].approvals[0], regions=frozenset({"RO"}))
    both = {**rulebook.organisations, "harbour": replace(harbour, approvals=(*harbour.approvals, expired))}
    question = ask("harbour", "counselling")
    assert decide(replace(rulebook, organisations=both), question, noon) == decide(rulebook, question, noon)
