"""How single conditions are read, where py-abac reads them otherwise: missing, mistyped, negated; and what cannot be said."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from policy_svc import residuals
from policy_svc.abac import compile_rule
from policy_svc.faults import Faults, Place, RulebookError
from policy_svc.formulas import Question
from policy_svc.relations import Value
from policy_svc.rules import Rule, check_approvals
from policy_svc.yaml_files import read
from stena.contracts.condition import AllOf, IsIn, Not, Overlaps, Residual, Within

PLACE = Place("rules/r.yaml", 1)
FACTS = frozenset({"region_path", "assigned", "consents", "restricted", "minor", "created_by"})


def compiled(element: str, conditions: Any, targets: Mapping[str, Any] | None = None) -> Rule:
    policy = {"uid": "r", "description": "d", "effect": "deny", "rules": {element: conditions}, "targets": targets or {}}
    faults = Faults()
    rule = compile_rule(read("rules/r.yaml", json.dumps(policy), faults), PLACE, faults)
    faults.raise_if_any()
    assert rule is not None
    return rule


def three_valued(element: str, path: str, condition: Mapping[str, Any], **values: Value) -> bool | None:
    named = {name.replace("__", "."): value for name, value in values.items()}
    question = Question({f"{element}.{name}": value for name, value in named.items()})
    formula = compiled(element, {path: condition}).formula
    true, false = formula.true_when(question), formula.false_when(question)
    assert not (true is True and false is True)
    return True if true is True else False if false is True else None


def equals(value: str, **more: Any) -> dict[str, Any]:
    return {"condition": "Equals", "value": value, **more}


@pytest.mark.parametrize(
    ("condition", "value", "outcome"),
    [
        (equals("a"), "a", True),
        (equals("a"), "b", False),
        (equals("A", case_insensitive=True), "a", True),
        (equals("a"), None, None),
        (equals("a"), True, None),
        (equals("a"), frozenset({"a"}), None),
        ({"condition": "NotEquals", "value": "a"}, "b", True),
        ({"condition": "NotEquals", "value": "a"}, None, None),
        ({"condition": "IsIn", "values": ["a", "b"]}, "a", True),
        ({"condition": "IsIn", "values": []}, "a", False),
        ({"condition": "IsNotIn", "values": ["a"]}, "b", True),
        ({"condition": "IsNotIn", "values": ["a"]}, None, None),
        ({"condition": "Not", "value": equals("a")}, "b", True),
        ({"condition": "Not", "value": equals("a")}, None, None),
        ({"condition": "Not", "value": {"condition": "Not", "value": equals("a")}}, "a", True),
        ({"condition": "Exists"}, None, False),
        ({"condition": "Exists"}, "x", True),
        ({"condition": "NotExists"}, None, True),
        ({"condition": "Any"}, "x", True),
        ({"condition": "Any"}, None, None),
        ({"condition": "AllOf", "values": [{"condition": "Exists"}, equals("a")]}, None, False),
        ({"condition": "AllOf", "values": [equals("a"), equals("a")]}, None, None),
        ({"condition": "AnyOf", "values": [{"condition": "NotExists"}, equals("a")]}, None, True),
        ({"condition": "AnyOf", "values": [equals("a"), equals("b")]}, "b", True),
    ],
)
def test_conditions_on_one_value(condition: dict[str, Any], value: Value, outcome: bool | None) -> None:
    assert three_valued("subject", "$.organisation", condition, organisation=value) is outcome


@pytest.mark.parametrize(
    ("condition", "value", "outcome"),
    [
        ({"condition": "AnyIn", "values": ["a", "b"]}, frozenset({"b", "c"}), True),
        ({"condition": "AnyIn", "values": ["a"]}, frozenset(), False),
        ({"condition": "AnyIn", "values": ["a"]}, "a", None),
        ({"condition": "AnyIn", "values": ["a"]}, None, None),
        ({"condition": "AllIn", "values": ["a", "b"]}, frozenset({"a"}), True),
        ({"condition": "AllIn", "values": ["a"]}, frozenset({"a", "b"}), False),
        ({"condition": "IsEmpty"}, frozenset(), True),
        ({"condition": "IsEmpty"}, None, None),
        ({"condition": "IsNotEmpty"}, frozenset({"a"}), True),
        ({"condition": "IsNotEmpty"}, None, None),
    ],
)
def test_conditions_on_several_values(condition: dict[str, Any], value: Value, outcome: bool | None) -> None:
    assert three_valued("subject", "$.roles", condition, roles=value) is outcome


@pytest.mark.parametrize(
    ("name", "left", "right", "outcome"),
    [
        ("EqualsAttribute", "a", "a", True),
        ("EqualsAttribute", None, None, None),  # py-abac: equal, since both are missing
        ("NotEqualsAttribute", "a", None, None),
        ("NotEqualsAttribute", "a", "b", True),
    ],
)
def test_conditions_between_two_values(name: str, left: Value, right: Value, outcome: bool | None) -> None:
    condition = {"condition": name, "ace": "subject", "path": "$.person"}
    assert three_valued("subject", "$.organisation", condition, organisation=left, person=right) is outcome


@pytest.mark.parametrize(
    ("name", "left", "right", "outcome"),
    [
        ("IsInAttribute", "a", frozenset({"a"}), True),
        ("IsInAttribute", "a", frozenset(), False),
        ("IsInAttribute", "a", None, None),
        ("IsNotInAttribute", None, frozenset(), None),
        ("IsNotInAttribute", "a", frozenset({"b"}), True),
    ],
)
def test_conditions_between_a_value_and_several(name: str, left: Value, right: Value, outcome: bool | None) -> None:
    condition = {"condition": name, "ace": "subject", "path": "$.roles"}
    assert three_valued("subject", "$.organisation", condition, organisation=left, roles=right) is outcome


def test_a_list_of_mappings_is_a_disjunction_and_an_empty_rule_always_applies() -> None:
    either = compiled("subject", [{"$.kind": equals("ngo")}, {"$.organisation": equals("a")}]).formula
    assert either.true_when(Question({"subject.organisation": "a"})) is True
    assert either.false_when(Question({"subject.organisation": "b", "subject.kind": "authority"})) is True
    assert either.false_when(Question({"subject.organisation": "b"})) is False
    assert compiled("subject", {}).formula.true_when(Question({})) is True


def test_targets_are_whole_ids_or_everything() -> None:
    rule = compiled("subject", {}, {"subject_id": ["a", "b"], "action_id": "*"})
    assert rule.formula.true_when(Question({"subject.id": "b"})) is True
    assert rule.formula.false_when(Question({"subject.id": "c"})) is True


def about_record(fact: str, condition: Mapping[str, Any], **subject: Value) -> tuple[Residual, Residual]:
    formula = compiled("resource", {f"$.record.{fact}": condition}).formula
    question = Question({f"subject.{name}": value for name, value in subject.items()}, FACTS)
    return formula.true_when(question), formula.false_when(question)


def to_subject(name: str, path: str) -> dict[str, Any]:
    return {"condition": name, "ace": "subject", "path": path}


NOBODY_HAS_IT = Within(fact="assigned", values=())
ASSIGNED_IS_KNOWN = Not(of=Overlaps(fact="assigned", values=()))
REGION_IS_KNOWN = Not(of=Overlaps(fact="region_path", values=()))


@pytest.mark.parametrize(
    ("fact", "condition", "true", "false"),
    [
        ("assigned", {"condition": "AnyIn", "values": ["b", "a"]}, Overlaps(fact="assigned", values=("a", "b")), None),
        ("assigned", {"condition": "AllIn", "values": ["a"]}, Within(fact="assigned", values=("a",)), None),
        ("assigned", {"condition": "IsEmpty"}, NOBODY_HAS_IT, None),
        ("assigned", {"condition": "IsNotEmpty"}, Not(of=NOBODY_HAS_IT), NOBODY_HAS_IT),
        ("assigned", {"condition": "Any"}, ASSIGNED_IS_KNOWN, False),
        ("restricted", {"condition": "IsIn", "values": [True]}, IsIn(fact="restricted", values=(True,)), None),
        ("created_by", equals("a"), IsIn(fact="created_by", values=("a",)), None),
        ("created_by", to_subject("EqualsAttribute", "$.organisation"), IsIn(fact="created_by", values=("org",)), None),
        ("created_by", to_subject("EqualsAttribute", "$.person"), False, False),
        ("region_path", to_subject("AnyInAttribute", "$.regions"), Overlaps(fact="region_path", values=("BG", "RO")), None),
        ("region_path", to_subject("AllInAttribute", "$.regions"), Within(fact="region_path", values=("BG", "RO")), None),
        ("region_path", to_subject("AnyInAttribute", "$.roles"), False, REGION_IS_KNOWN),
    ],
)
def test_record_facts_become_conditions(fact: str, condition: dict[str, Any], true: Any, false: Residual | None) -> None:
    got = about_record(fact, condition, organisation="org", regions=frozenset({"RO", "BG"}), roles=frozenset())
    assert got[0] == true
    assert got[1] == (residuals.opposite_leaf(true) if false is None else false)


def test_a_fact_on_the_right_side_becomes_a_condition_too() -> None:
    condition = {"condition": "AllInAttribute", "ace": "resource", "path": "$.record.consents"}
    formula = compiled("subject", {"$.roles": condition}).formula
    question = Question({"subject.roles": frozenset({"x", "y"})}, FACTS)
    both = tuple(Overlaps(fact="consents", values=(value,)) for value in "xy")
    assert formula.true_when(question) == AllOf(of=both)
    # Nothing is contained in whatever is known, but not in what is unknown.
    assert formula.true_when(Question({"subject.roles": frozenset()}, FACTS)) == Not(of=Overlaps(fact="consents", values=()))


def test_a_fact_that_the_record_does_not_have_is_unknown() -> None:
    formula = compiled("resource", {"$.record.assigned": {"condition": "IsEmpty"}}).formula
    question = Question({}, frozenset({"created_by"}))
    assert (formula.true_when(question), formula.false_when(question)) == (False, False)


@pytest.mark.parametrize(
    ("element", "conditions", "message"),
    [
        ("subject", {"$.organisation": {"condition": "Resembles", "value": "a"}}, "the condition Resembles is not supported"),
        ("subject", {"$.roles": {"condition": "AllNotIn", "values": ["a"]}}, "py-abac swaps this one"),
        ("subject", {"$.legal-basis": equals("a")}, "is not $.name or $.name.name"),
        ("subject", {"1 is 1": equals("a")}, "is not $.name or $.name.name"),
        ("subject", {"$": equals("a")}, "is not $.name or $.name.name"),
        ("subject", {"$.nothing": equals("a")}, "unknown path $.nothing of the subject"),
        ("resource", {"$.record.name": equals("a")}, "unknown path $.record.name of the resource"),
        ("subject", {"$.organisation": {"condition": "EqualsAttribute", "ace": "context", "path": "now()"}}, "is not $.name"),
        ("subject", {"$.roles": equals("a")}, "Equals wants one value where subject.roles holds several values"),
        (
            "subject",
            {"$.kind": {"condition": "AnyIn", "values": ["ngo"]}},
            "AnyIn wants several values where subject.kind holds one",
        ),
        ("subject", {"$.kind": {"condition": "IsIn", "values": [1]}}, "holds text, and is compared with something else"),
        ("resource", {"$.record.restricted": equals("true")}, "holds true or false, and is compared with something else"),
        ("resource", {"$.record.assigned": {"condition": "Exists"}}, "Exists on a record fact cannot become SQL"),
        ("resource", {"$.record.created_by": equals("A", case_insensitive=True)}, "cannot become SQL"),
        (
            "resource",
            {"$.record.created_by": {"condition": "StartsWith", "value": "a"}},
            "StartsWith on resource.record.created_by",
        ),
        (
            "resource",
            {"$.record.created_by": {"condition": "RegexMatch", "value": "a"}},
            "RegexMatch on resource.record.created_by",
        ),
        (
            "resource",
            {"$.record.assigned": {"condition": "Contains", "value": "a"}},
            "Contains wants text where resource.record",
        ),
        (
            "subject",
            {"$.kind": {"condition": "Gt", "value": 7}},
            "subject.kind holds text, and is compared with something else",
        ),
        ("subject", {"$.kind": {"condition": "EqualsObject", "value": {}}}, "EqualsObject wants an object where subject.kind"),
        (
            "resource",
            {"$.record.created_by": {"condition": "IsInAttribute", "ace": "resource", "path": "$.record.assigned"}},
            "IsInAttribute on resource.record.created_by cannot become SQL",
        ),
        ("subject", [], "an empty list, which never applies"),
        ("subject", {"$.kind": {"condition": "Equals", "value": 7}}, "value: Not a valid string"),
        ("subject", {"$.kind": {"condition": "Equals"}}, "value: Missing data for required field"),
        ("subject", {"$.kind": "ngo"}, "Invalid data type"),
        ("subject", "everybody", "subject: Not a valid mapping type"),
    ],
)
def test_what_cannot_be_read_safely_is_refused(element: str, conditions: Any, message: str) -> None:
    with pytest.raises(RulebookError) as refused:
        compiled(element, conditions)
    assert message in str(refused.value)
    assert str(refused.value).startswith("rules/r.yaml:1: rule r: ")


@pytest.mark.parametrize("target", ["psn_?", "psn_[ab]", "psn_*"])
def test_patterns_in_targets_are_refused(target: str) -> None:
    with pytest.raises(RulebookError, match="is a pattern"):
        compiled("subject", {}, {"resource_id": target})


REGIONS_OF_RECORD = {"condition": "AnyInAttribute", "ace": "subject", "path": "$.regions"}
APPROVED = {"condition": "AnyIn", "values": ["counselling"]}


@pytest.mark.parametrize(
    ("effect", "element", "conditions", "lawful"),
    [
        ("allow", "subject", {"$.purposes": APPROVED}, True),
        ("allow", "subject", {"$.purposes": {"condition": "Not", "value": APPROVED}}, False),
        ("allow", "subject", {"$.purposes": {"condition": "AllIn", "values": ["counselling"]}}, False),
        ("allow", "subject", {"$.purposes": {"condition": "IsEmpty"}}, False),
        ("allow", "subject", {"$.purposes": {"condition": "IsNotEmpty"}}, True),
        ("allow", "resource", {"$.record.region_path": REGIONS_OF_RECORD}, True),
        ("allow", "resource", {"$.record.region_path": {"condition": "Not", "value": REGIONS_OF_RECORD}}, False),
        ("deny", "resource", {"$.record.region_path": {"condition": "Not", "value": REGIONS_OF_RECORD}}, True),
        ("deny", "resource", {"$.record.region_path": REGIONS_OF_RECORD}, False),
        ("deny", "subject", {"$.purposes": APPROVED}, False),
        ("deny", "subject", {"$.purposes": {"condition": "IsEmpty"}}, True),
        ("deny", "subject", {"$.purposes": {"condition": "Any"}}, True),
    ],
)
def test_the_end_of_an_approval_must_never_let_more_through(effect: Any, element: str, conditions: Any, lawful: bool) -> None:
    faults = Faults()
    check_approvals(replace(compiled(element, conditions), effect=effect), faults)
    assert (len(faults) == 0) is lawful
