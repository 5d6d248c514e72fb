"""Conditions on values of which the kind is known only when a question is asked: what fits, and what is unknown."""

import json
from typing import Any

import pytest

from policy_svc.abac import compile_rule
from policy_svc.faults import Faults, Place, RulebookError
from policy_svc.formulas import Formula, Question
from policy_svc.relations import value_of
from policy_svc.vocabulary import Kind
from policy_svc.yaml_files import read

PATHS: dict[str, Kind] = {"subject.it": "any", "subject.other": "any", "resource.record.size": "any"}


def compiled(condition: dict[str, Any], path: str = "$.it", element: str = "subject") -> Formula:
    policy = {"uid": "r", "description": "d", "effect": "deny", "rules": {element: {path: condition}}}
    faults = Faults()
    rule = compile_rule(read("rules/r.yaml", "\n\n" + json.dumps(policy), faults), Place("rules/r.yaml", 1), faults, PATHS)
    faults.raise_if_any()
    assert rule is not None
    return rule.formula


def answer(condition: dict[str, Any], it: object, other: object = None) -> bool | None:
    question = Question({"subject.it": value_of(it), "subject.other": value_of(other)})
    formula = compiled(condition)
    true, false = formula.true_when(question) is True, formula.false_when(question) is True
    assert not (true and false)
    return True if true else False if false else None


def is_(name: str, value: object, **more: object) -> dict[str, Any]:
    return {"condition": name, "value": value, **more}


@pytest.mark.parametrize(
    ("condition", "it", "wanted"),
    [
        (is_("Eq", 1), 1.0, True),
        (is_("Eq", 1), True, None),
        (is_("Eq", 1), "1", None),
        (is_("Neq", 1), 2, True),
        (is_("Neq", 1), None, None),
        (is_("Neq", 1), False, None),
        (is_("Lt", 18), 17.5, True),
        (is_("Lt", 18), 18, False),
        (is_("Lte", 18), 18, True),
        (is_("Gt", 18), 18, False),
        (is_("Gt", 0), True, None),
        (is_("Gte", 18), 18, True),
        (is_("Gte", 18), "19", None),
        (is_("Gt", 2**53), 2**53 + 1, True),
        (is_("Lt", 1), float("nan"), None),
        (is_("Gt", 1), float("inf"), None),
        (is_("Gt", 1), 10**400, True),
        (is_("Equals", "1"), 1, None),
        (is_("NotEquals", "a"), ["a"], None),
        (is_("Contains", "b"), "abc", True),
        (is_("Contains", "B", case_insensitive=True), "abc", True),
        (is_("NotContains", "B"), "abc", True),
        (is_("NotContains", "b"), None, None),
        (is_("NotContains", "b"), ["b"], None),
        (is_("StartsWith", "AB", case_insensitive=True), "abc", True),
        (is_("StartsWith", "b"), "abc", False),
        (is_("EndsWith", "c"), "abc", True),
        (is_("EndsWith", "C", case_insensitive=True), "abc", True),
        (is_("EndsWith", "c"), 7, None),
        (is_("RegexMatch", "^a.c$"), "abc", True),
        (is_("RegexMatch", "b"), "abc", True),
        (is_("RegexMatch", "^b"), "abc", False),
        (is_("RegexMatch", "b"), 7, None),
        (is_("RegexMatch", "зид"), "зидар", True),
        (is_("RegexMatch", "."), "\ud800", None),
        (is_("CIDR", "10.0.0.0/8"), "10.9.9.9", True),
        (is_("CIDR", "10.0.0.0/8"), "11.0.0.1", False),
        (is_("CIDR", "10.0.0.0/8"), "::ffff:10.9.9.9", True),
        (is_("CIDR", "10.0.0.0/8"), "2001:db8::1", False),
        (is_("CIDR", "2001:db8::/32"), "2001:db8::1", True),
        (is_("CIDR", "10.0.0.0/8"), "ten", None),
        (is_("CIDR", "10.0.0.0/8"), 167772161, None),
        (is_("EqualsObject", {"a": [1, {"b": None}]}), {"a": [1.0, {"b": None}]}, True),
        (is_("EqualsObject", {"a": 1}), {"a": True}, False),
        (is_("EqualsObject", {}), {}, True),
        (is_("EqualsObject", {"a": 1}), [{"a": 1}], None),
        (is_("EqualsObject", {"a": 1}), "a", None),
        (is_("EqualsObject", {"a": 1}), None, None),
        ({"condition": "AnyIn", "values": ["a"]}, [{"a": 1}], None),
        ({"condition": "AnyIn", "values": ["a"]}, ["a", None], None),
        ({"condition": "AnyIn", "values": [1]}, [True], False),
        ({"condition": "IsIn", "values": [1, "a"]}, "b", False),
        ({"condition": "IsNotIn", "values": ["a"]}, 7, None),
        ({"condition": "IsNotIn", "values": [1]}, True, None),
        ({"condition": "IsIn", "values": []}, "a", False),
        ({"condition": "IsIn", "values": [True]}, True, True),
        ({"condition": "IsEmpty"}, {}, None),
        ({"condition": "Exists"}, {}, True),
        ({"condition": "Exists"}, [None], True),
        ({"condition": "NotExists"}, float("nan"), True),
    ],
)
def test_what_is_mistyped_is_unknown(condition: dict[str, Any], it: object, wanted: bool | None) -> None:
    assert answer(condition, it) is wanted
    assert answer({"condition": "Not", "value": condition}, it) is (None if wanted is None else not wanted)


@pytest.mark.parametrize(
    ("name", "it", "other", "wanted"),
    [
        ("EqualsAttribute", 1, 1.0, True),
        ("EqualsAttribute", 1, True, None),
        ("NotEqualsAttribute", "1", 1, None),
        ("NotEqualsAttribute", ["a"], ["b"], None),
        ("IsInAttribute", "a", "abc", None),
        ("IsNotInAttribute", "a", [1], None),
        ("AnyInAttribute", ["a"], ["a", "b"], True),
        ("AllInAttribute", ["a", "c"], ["a", "b"], False),
        ("AllInAttribute", [], [], True),
        ("AnyInAttribute", ["a"], None, None),
    ],
)
def test_two_values_are_compared_if_they_can_be(name: str, it: object, other: object, wanted: bool | None) -> None:
    assert answer({"condition": name, "ace": "subject", "path": "$.other"}, it, other) is wanted


def test_what_is_nested_too_deep_equals_nothing() -> None:
    deep: object = {}
    for _ in range(5_000):
        deep = {"a": deep}
    assert answer(is_("EqualsObject", {"a": {}}), deep) is False


def test_a_pattern_takes_linear_time() -> None:
    assert answer(is_("RegexMatch", "^(a+)+$"), "a" * 50_000 + "b") is False


def test_of_plain_entities_a_record_is_a_property_like_any_other() -> None:
    large = compiled(is_("Gt", 1), "$.record.size", "resource")
    assert large.true_when(Question({"resource.record.size": 2})) is True


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"condition": "AllNotIn", "values": ["a"]}, "the condition AllNotIn is not supported. Write Not of AllIn or of AnyIn"),
        ({"condition": "AnyNotIn", "values": ["a"]}, "the condition AnyNotIn is not supported. Write Not of AnyIn or of AllIn"),
        (
            {"condition": "AllNotInAttribute", "ace": "subject", "path": "$.other"},
            "the condition AllNotInAttribute is not supported. Write Not of AllInAttribute",
        ),
        (
            {"condition": "Not", "value": {"condition": "AnyNotInAttribute", "ace": "subject", "path": "$.other"}},
            "the condition AnyNotInAttribute is not supported. Write Not of AnyInAttribute",
        ),
        (is_("RegexMatch", "(?=a)b"), "not a regular expression of RE2: invalid perl operator: (?=. Write it without looking"),
        (is_("RegexMatch", "(a)\\1"), "not a regular expression of RE2: invalid escape sequence: \\1"),
        (is_("RegexMatch", "(((a{1,100}){1,100}){1,100})"), "not a regular expression of RE2: "),
        (is_("CIDR", "10.0.0.1/8"), "not a network: 10.0.0.1/8 has host bits set. Write the network's first address"),
        (is_("CIDR", "everywhere"), "not a network: 'everywhere'"),
        (is_("CIDR", "::ffff:10.0.0.0/104"), "an IPv4 network in IPv6's clothes"),
        (is_("Eq", "7"), "value: Not a valid number. Write a number, without quotes"),
        (is_("Eq", True), "value: Not a valid number"),
        (is_("Lt", None), "value: Field may not be null"),
        (is_("EqualsObject", ["a"]), "value: Not a valid mapping type"),
        ({"condition": "IsIn", "values": [["a"]]}, "subject.it holds a single value, and is compared with something else"),
        ({"condition": "AnyIn", "values": [{"a": 1}]}, "subject.it holds a single value, and is compared with something else"),
    ],
)
def test_what_has_no_safe_meaning_is_refused_with_place_and_mend(condition: dict[str, Any], message: str) -> None:
    with pytest.raises(RulebookError) as refused:
        compiled(condition)
    assert message in str(refused.value)
    assert str(refused.value).startswith("rules/r.yaml:3: rule r: ")
