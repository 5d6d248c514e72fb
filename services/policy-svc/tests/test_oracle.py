"""py-abac's own decision point as oracle: where every attribute is there and of the right type, it and Stena agree.

Outside is what Stena reads more strictly on purpose: missing and mistyped values, py-abac's swapped conditions, paths that
are queries, booleans as numbers, patterns in targets. One thread and its memory storage, since it keeps state while it decides.
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import event, given, note
from hypothesis import strategies as st
from py_abac import PDP, AccessRequest, Policy
from py_abac.storage.memory import MemoryStorage

from policy_svc.abac import compile_rule
from policy_svc.faults import Faults, RulebookError
from policy_svc.formulas import Question
from policy_svc.relations import value_of
from policy_svc.rules import Rule
from policy_svc.vocabulary import Kind
from policy_svc.yaml_files import read

from .oracle import PATHS, RULEBOOKS, Raw, Request, requests


def oracle(generated: tuple[Raw, ...]) -> PDP:
    storage = MemoryStorage()
    for raw in generated:
        storage.add(Policy.from_json(raw))
    return PDP(storage)


def compiled(generated: tuple[Raw, ...], paths: Mapping[str, Kind] = PATHS) -> tuple[Rule, ...]:
    faults = Faults()
    read_back = read("rules/r.yaml", json.dumps(generated), faults)
    made = tuple(rule for raw in read_back if (rule := compile_rule(raw, raw.place, faults, paths)))
    faults.raise_if_any()
    return made


def question_of(request: Request, paths: Mapping[str, Kind] = PATHS) -> Question:
    """The values of a request by path, and by those of its objects' members that rules name."""
    values = {}
    for path in paths:
        name, *steps = path.split(".")
        at: Any = request[name] if name == "context" or steps == ["id"] else request[name]["attributes"]
        for step in steps:
            at = at.get(step) if isinstance(at, dict) else None
        values[path] = value_of(at)
    return Question(values)


def is_allowed(rules: tuple[Rule, ...], question: Question) -> bool:
    allows = [rule.formula.true_when(question) is True for rule in rules if rule.effect == "allow"]
    denies = [rule.formula.false_when(question) is not True for rule in rules if rule.effect == "deny"]
    return any(allows) and not any(denies)


@given(RULEBOOKS, st.lists(requests(), min_size=4, max_size=4))
def test_py_abac_decides_the_same(generated: tuple[Raw, ...], asked: list[Request]) -> None:
    note(json.dumps({"rules": generated, "requests": asked}))
    pdp, rules = oracle(generated), compiled(generated)
    for request in asked:
        wanted = pdp.is_allowed(AccessRequest.from_json(dict(request)))
        event(f"allowed: {wanted}")
        assert is_allowed(rules, question_of(request)) is wanted


DOCUMENTED: list[tuple[Raw, Any, bool]] = [
    ({"condition": "Lte", "value": 1.5}, 1.5, True),
    ({"condition": "Lte", "value": 1.5}, 2, False),
    ({"condition": "StartsWith", "value": "Cal"}, "Calendar", True),
    ({"condition": "StartsWith", "value": "Cal"}, "calendar", False),
    ({"condition": "AnyIn", "values": ["Example1", "Example2"]}, ["Example2", "Example3"], True),
    ({"condition": "AnyIn", "values": ["Example1", "Example2"]}, ["Example3"], False),
    ({"condition": "IsEmpty"}, [], True),
    ({"condition": "IsEmpty"}, ["Example1"], False),
    ({"condition": "EqualsObject", "value": {"name": "Sam"}}, {"name": "Sam"}, True),
    ({"condition": "EqualsObject", "value": {"name": "Sam"}}, {"name": "Sam", "age": 18}, False),
    ({"condition": "AllOf", "values": [{"condition": "Lt", "value": 1.5}, {"condition": "Gt", "value": 0.5}]}, 1, True),
    ({"condition": "AllOf", "values": [{"condition": "Lt", "value": 1.5}, {"condition": "Gt", "value": 0.5}]}, 0.5, False),
    ({"condition": "Not", "value": {"condition": "Eq", "value": 1.5}}, 1, True),
    ({"condition": "Not", "value": {"condition": "Eq", "value": 1.5}}, 1.5, False),
    ({"condition": "EqualsAttribute", "ace": "context", "path": "$.network.name"}, "home", True),
    ({"condition": "EqualsAttribute", "ace": "context", "path": "$.network.name"}, "work", False),
    ({"condition": "CIDR", "value": "10.0.0.0/16"}, "10.0.255.1", True),
    ({"condition": "CIDR", "value": "10.0.0.0/16"}, "10.1.0.1", False),
    ({"condition": "Any"}, "whatever", True),
    ({"condition": "Exists"}, "whatever", True),
    ({"condition": "NotExists"}, "whatever", False),
]
"""Each example of its documentation's chapter on conditions, with a value that fits and one that does not."""


@pytest.mark.parametrize(("condition", "held", "wanted"), DOCUMENTED)
def test_each_documented_condition(condition: Raw, held: Any, wanted: bool) -> None:
    rule = {"uid": "1", "description": "d", "effect": "allow", "rules": {"subject": {"$.name": condition}}, "targets": {}}
    assert both({"subject.name": "any", "context.network.name": "any"}, (rule,), request(name=held)) is wanted


def request(
    subject: str = "", resource: Raw | None = None, method: str = "", ip: str = "127.0.0.1", **attributes: Any
) -> Request:
    return {
        "subject": {"id": subject, "attributes": attributes},
        "resource": {"id": "", "attributes": resource or {"name": "myrn:example.com:resource:123"}},
        "action": {"id": "", "attributes": {"method": method}},
        "context": {"ip": ip, "network": {"name": "home"}},
    }


def both(paths: Mapping[str, Kind], generated: tuple[Raw, ...], asked: Request) -> bool:
    allowed = is_allowed(compiled(generated, paths), question_of(asked, paths))
    assert allowed is oracle(generated).is_allowed(AccessRequest.from_json(dict(asked)))
    return bool(allowed)


def equals(value: str) -> Raw:
    return {"condition": "Equals", "value": value}


QUICK_START = {
    "uid": "1",
    "description": "Max and Nina may create, delete and get whatever there is, from one address.",
    "effect": "allow",
    "rules": {
        "subject": [{"$.name": equals("Max")}, {"$.name": equals("Nina")}],
        "resource": {"$.name": {"condition": "RegexMatch", "value": ".*"}},
        "action": [{"$.method": equals("create")}, {"$.method": equals("delete")}, {"$.method": equals("get")}],
        "context": {"$.ip": {"condition": "CIDR", "value": "127.0.0.1/32"}},
    },
    "targets": {},
}


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (request(name="Max", method="get"), True),
        (request(name="Nina", method="delete"), True),
        (request(name="Sam", method="get"), False),
        (request(name="Max", method="list"), False),
        (request(name="Max", method="get", ip="127.0.0.2"), False),
    ],
)
def test_the_example_of_its_first_page(asked: Request, wanted: bool) -> None:
    paths: dict[str, Kind] = dict.fromkeys(("subject.name", "resource.name", "action.method", "context.ip"), "any")
    assert both(paths, (QUICK_START,), asked) is wanted


def test_its_example_of_nested_names_and_of_one_or_the_other() -> None:
    rule = QUICK_START | {
        "rules": {
            "subject": {"$.name.firstName": equals("Carl"), "$.name.lastName": equals("Rubin")},
            "resource": [{"$.name": equals("Default")}, {"$.type": equals("Book")}],
        }
    }
    paths: dict[str, Kind] = dict.fromkeys(
        ("subject.name.firstName", "subject.name.lastName", "resource.name", "resource.type"), "any"
    )
    carl, right = {"firstName": "Carl", "lastName": "Rubin"}, {"firstName": "Carl", "lastName": "Right"}
    assert both(paths, (rule,), request(name=carl, resource={"name": "Calendar", "type": "Book"}))
    assert not both(paths, (rule,), request(name=carl, resource={"name": "Calendar", "type": "Film"}))
    assert not both(paths, (rule,), request(name=right, resource={"name": "Default", "type": "Book"}))


def test_its_example_of_targets() -> None:
    of_age = {"subject": {"$.age": {"condition": "Gt", "value": 18}}}
    rule = QUICK_START | {"rules": of_age, "targets": {"subject_id": ["Sam", "John"], "action_id": ["*"]}}
    paths: dict[str, Kind] = {"subject.age": "any", **dict.fromkeys(("subject.id", "resource.id", "action.id"), "text")}
    assert both(paths, (rule,), request("Sam", age=19))
    assert not both(paths, (rule,), request("Sam", age=18))
    assert not both(paths, (rule,), request("Eve", age=19))


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        # Its page on rules compares a name as a number; py-abac itself refuses that.
        ({"rules": {"subject": {"$.name": {"condition": "Eq", "value": "Max"}}}}, "value: Not a valid number"),
        ({"targets": {"resource_id": ["ab*"]}}, "the target 'ab*' is a pattern"),
        ({"priority": 0}, "unknown key 'priority'"),
    ],
)
def test_documented_examples_that_are_refused(rule: Raw, message: str) -> None:
    with pytest.raises(RulebookError, match=message.replace("*", r"\*")):
        compiled((QUICK_START | {"rules": {}} | rule,), {"subject.name": "any", "resource.id": "text"})
