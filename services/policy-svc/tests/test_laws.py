"""Laws of the engine, over generated rulebooks: what is decided early and what is left open add up to what the rules say.

The reference below reads rules in the plainest way there is, straight from their text: no compiling, no index, no residuals.
"""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from policy_svc.abac import compile_rule
from policy_svc.decisions import Decision, decide
from policy_svc.faults import Faults
from policy_svc.plans import make_plans
from policy_svc.rulebook import Rulebook
from policy_svc.yaml_files import read
from stena.contracts.access import Action, Evaluation, Resource, Subject
from stena.contracts.condition import holds

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ORGANISATIONS, REGIONS = ("harbour", "lantern"), ("BG", "BG41")
ACTIONS, PURPOSES = ("read", "list", "amend"), ("welfare", "counselling")

Raw = Mapping[str, Any]


def name(condition: str, **more: Any) -> dict[str, Any]:
    return {"condition": condition, **more}


def several(pool: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(pool), max_size=2, unique=True)


def on_text(pool: tuple[str, ...]) -> st.SearchStrategy[Raw]:
    return st.one_of(
        st.builds(lambda op, value: name(op, value=value), st.sampled_from(["Equals", "NotEquals"]), st.sampled_from(pool)),
        st.builds(lambda op, values: name(op, values=values), st.sampled_from(["IsIn", "IsNotIn"]), several(pool)),
        st.just(name("Any")),
    )


def on_set(pool: tuple[str, ...]) -> st.SearchStrategy[Raw]:
    return st.one_of(
        st.builds(lambda op, values: name(op, values=values), st.sampled_from(["AnyIn", "AllIn"]), several(pool)),
        st.sampled_from([name("IsEmpty"), name("IsNotEmpty"), name("Any")]),
    )


TO_ASSIGNED, TO_CREATOR, TO_OWNER, TO_REGIONS, TO_ORGANISATION = (
    ("resource", "$.record.assigned"),
    ("resource", "$.record.created_by"),
    ("resource", "$.owner"),
    ("subject", "$.regions"),
    ("subject", "$.organisation"),
)


def to(op: str, ace: str, path: str) -> Raw:
    return name(op, ace=ace, path=path)


_PRESENCE = st.sampled_from([name("Exists"), name("NotExists")])
ON_BOOLEAN = st.builds(
    lambda op, values: name(op, values=values), st.sampled_from(["IsIn", "IsNotIn"]), st.lists(st.booleans(), max_size=2)
)
SUBJECT = {
    "$.organisation": on_text(ORGANISATIONS)
    | st.sampled_from(
        [to("IsInAttribute", *TO_ASSIGNED), to("IsNotInAttribute", *TO_ASSIGNED), to("EqualsAttribute", *TO_CREATOR)]
    ),
    "$.person": on_text(("someone",))
    | _PRESENCE
    | st.sampled_from([to("EqualsAttribute", *TO_OWNER), to("NotEqualsAttribute", *TO_OWNER)]),
    "$.purposes": on_set(PURPOSES) | st.just(to("AllInAttribute", "resource", "$.record.consents")),
    "$.roles": on_set(("boss",)),
}
RESOURCE = {
    "$.attribute": on_text(("skills", "given_name", "initials")) | _PRESENCE,
    "$.category": on_text(("skills", "identity")),
    "$.reveals": on_set(("health",)),
    "$.record.region_path": on_set(REGIONS)
    | st.sampled_from([to("AnyInAttribute", *TO_REGIONS), to("AllInAttribute", *TO_REGIONS)]),
    "$.record.assigned": on_set(ORGANISATIONS),
    "$.record.consents": st.just(to("AnyInAttribute", "context", "$.consent")),
    "$.record.restricted": ON_BOOLEAN,
    "$.record.created_by": on_text(ORGANISATIONS) | st.just(to("NotEqualsAttribute", *TO_ORGANISATION)),
}
CONTEXT = {
    "$.justification": _PRESENCE | on_text(("because",)),
    "$.case": on_text(("7",)) | st.just(to("EqualsAttribute", "context", "$.justification")),
}


@st.composite
def condition(draw: st.DrawFn, plain: st.SearchStrategy[Raw]) -> Raw:
    """Mostly plain, else one level of logic."""
    match draw(st.sampled_from(["plain", "plain", "plain", "Not", "AllOf", "AnyOf"])):
        case "plain":
            return draw(plain)
        case "Not":
            return name("Not", value=draw(plain))
        case logic:
            return name(logic, values=[draw(plain), name("Not", value=draw(plain))])


@st.composite
def element(draw: st.DrawFn, paths: Mapping[str, st.SearchStrategy[Raw]]) -> Any:
    """Mostly of few conditions, so that enough rules apply for the laws to mean something."""

    def group() -> dict[str, Any]:
        chosen = [draw(st.sampled_from(sorted(paths))) for _ in range(draw(st.sampled_from([0, 1, 1, 2])))]
        return {path: draw(condition(paths[path])) for path in chosen}

    return [group(), group()] if draw(st.sampled_from([False, False, True])) else group()


def with_each(groups: Any, conditions: Raw) -> Any:
    return [{**group, **conditions} for group in groups] if isinstance(groups, list) else {**groups, **conditions}


SHOWN: list[Raw] = [
    {"$.attribute": name("IsIn", values=["skills", "given_name"])},
    {"$.attribute": name("IsNotIn", values=["initials", "town"])},
    {"$.category": name("Equals", value="identity")},
    {"$.category": name("IsIn", values=["identity", "health"])},
    {"$.sensitivity": name("Equals", value="sensitive")},
]


@st.composite
def rules(draw: st.DrawFn, effect: str) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "uid": draw(st.uuids()).hex,
        "description": "generated",
        "effect": effect,
        "rules": {"subject": draw(element(SUBJECT)), "resource": draw(element(RESOURCE)), "context": draw(element(CONTEXT))},
    }
    if effect == "allow" or draw(st.booleans()):
        actions = draw(st.sampled_from([("read", "amend"), ("disclose",), ("disclose", "write"), ("read", "list")]))
        rule["rules"]["action"] = {"$.name": name("IsIn", values=list(actions))}
        if "disclose" in actions:
            rule["rules"]["resource"] = with_each(rule["rules"]["resource"], draw(st.sampled_from(SHOWN)))
    if effect == "allow" or draw(st.booleans()):
        wide = draw(st.booleans())
        asked = (
            {"$.purpose_and_broader": name("AnyIn", values=["welfare"])}
            if wide
            else {"$.purpose": name("Equals", value="counselling")}
        )
        rule["rules"]["context"] = with_each(rule["rules"]["context"], asked)
    return rule


FACTS = st.fixed_dictionaries(
    {
        "region_path": st.sampled_from([["BG"], ["BG", "BG41"], [], None]),
        "assigned": st.sampled_from([["lantern"], ["harbour", "lantern"], [], None]),
        "consents": st.sampled_from([["counselling"], ["welfare", "counselling@lantern"], [], None]),
        "restricted": st.sampled_from([False, True, None]),
        "created_by": st.sampled_from(["harbour", "lantern", None]),
    }
)


@st.composite
def questions(draw: st.DrawFn) -> Evaluation:
    person = draw(st.sampled_from([None, "someone", "other"]))
    said = draw(
        st.sampled_from([{}, {"justification": "because"}, {"justification": "because", "case": "because"}, {"case": "7"}])
    )
    organisation, purpose = draw(
        st.sampled_from([("harbour", "welfare"), ("harbour", "counselling"), ("lantern", "counselling")])
    )
    return Evaluation(
        subject=Subject(type="organisation", id=organisation, properties={"person": person} if person else {}),
        action=Action(name=draw(st.sampled_from(ACTIONS))),
        resource=Resource(type="person", id=draw(st.sampled_from(["someone", "*"]))),
        context={"purpose": purpose, **said},
    )


class Reference:
    """The semantics once more, as plainly as they can be written."""

    def __init__(self, rulebook: Rulebook, generated: Sequence[Raw], asked: Evaluation, facts: Mapping[str, Any]) -> None:
        self.rulebook, self.rules, self.facts = rulebook, generated, facts
        organisation = rulebook.organisations[asked.subject.id]
        purpose = asked.context["purpose"]
        live = [approval for approval in organisation.approvals if approval.first <= NOON.date() <= approval.last]
        owner = None if asked.resource.id == "*" else asked.resource.id
        self.operation = asked.action.name
        self.request: dict[str, dict[str, Any]] = {
            "subject": {
                "$.organisation": asked.subject.id,
                "$.person": asked.subject.properties.get("person"),
                "$.purposes": [covered for approval in live for covered in approval.covers],
                "$.regions": [region for approval in live if purpose in approval.covers for region in approval.regions],
                "$.roles": [],
            },
            "resource": {"$.type": "person", "$.owner": owner, **{f"$.record.{fact}": value for fact, value in facts.items()}},
            "action": {},
            "context": {
                "$.purpose": purpose,
                "$.purpose_and_broader": list({purpose, "welfare"}),
                "$.consent": [purpose, f"{purpose}@{asked.subject.id}"],
                "$.case": asked.context.get("case"),
                "$.justification": asked.context.get("justification"),
            },
        }

    def permits(self, action: str, **resource: Any) -> bool:
        self.request["action"]["$.name"] = action
        self.request["resource"] |= {
            f"$.{key}": resource.get(key) for key in ("attribute", "category", "sensitivity", "reveals")
        }
        allows = [self.rule(rule) for rule in self.rules if rule["effect"] == "allow"]
        denies = [self.rule(rule) for rule in self.rules if rule["effect"] == "deny"]
        return True in allows and all(answer is False for answer in denies)

    def open_attributes(self, action: str) -> set[str]:
        allowed: dict[str, bool] = {}
        for attribute in self.rulebook.catalogue.attributes:
            asked = {key: getattr(attribute, key) for key in ("category", "sensitivity", "reveals")} | {
                "attribute": attribute.name
            }
            self.request["action"]["$.name"] = action
            self.request["resource"] |= {f"$.{key}": value for key, value in asked.items()}
            denied = any(self.rule(rule) is not False for rule in self.rules if rule["effect"] == "deny")
            sources = attribute.derived_from
            by_sources = bool(sources) and all(allowed[source] for source in sources)
            allowed[attribute.name] = not denied and (self.permits(action, **asked) or by_sources)
        return {attribute for attribute, open_ in allowed.items() if open_}

    def rule(self, rule: Raw) -> bool | None:
        return kleene(
            all, [self.element(key, rule["rules"].get(key, {})) for key in ("subject", "resource", "action", "context")]
        )

    def element(self, key: str, groups: Any) -> bool | None:
        if isinstance(groups, list):
            return kleene(any, [self.element(key, group) for group in groups])
        return kleene(all, [self.condition(self.request[key].get(path), raw) for path, raw in groups.items()])

    def condition(self, value: Any, raw: Raw) -> bool | None:
        op = raw["condition"]
        if op in ("AllOf", "AnyOf"):
            return kleene(all if op == "AllOf" else any, [self.condition(value, part) for part in raw["values"]])
        if op == "Not":
            return opposite(self.condition(value, raw["value"]))
        if op in ("Exists", "NotExists"):
            return bool((value is not None) == (op == "Exists"))
        other = self.request[raw["ace"]].get(raw["path"]) if "ace" in raw else raw.get("values", raw.get("value", ()))
        if value is None or other is None:
            return None
        return plain_condition(op.removesuffix("Attribute"), value, other)


def plain_condition(op: str, value: Any, other: Any) -> bool:
    if op in ("NotEquals", "IsNotIn", "IsNotEmpty"):
        return not plain_condition(op.replace("Not", ""), value, other)
    if op == "AnyIn":
        return bool(set(value) & set(other))
    if op == "AllIn":
        return set(value) <= set(other)
    if op == "IsIn":
        return bool(value in other)
    return op == "Any" or bool(not value if op == "IsEmpty" else value == other)


def kleene(law: Any, answers: list[bool | None]) -> bool | None:
    decisive: bool = law is any
    return decisive if decisive in answers else None if None in answers else not decisive


def opposite(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def with_rules(rulebook: Rulebook, generated: Sequence[Raw]) -> Rulebook:
    """The same rulebook with these rules instead of its own."""
    faults = Faults()
    raw = read("rules/generated.yaml", json.dumps(generated), faults)
    rules = tuple(rule for part in raw if (rule := compile_rule(part, part.place, faults)))
    faults.raise_if_any()
    return replace(
        rulebook,
        rules=rules,
        plans=make_plans(rules, rulebook.broader, rulebook.catalogue.attributes, rulebook.organisations.values()),
    )


def visible(decision: Decision, facts: Any) -> tuple[bool, set[str]]:
    """What the record shows: whether it is seen at all, and which attributes."""
    seen = decision.permit and holds(decision.rows, facts)
    return seen, {attribute for attribute, way in decision.disclose.items() if seen and holds(way.when, facts)}


many = settings(deadline=None, max_examples=60)
rulebooks = st.tuples(st.lists(rules("allow"), min_size=2, max_size=4), st.lists(rules("deny"), max_size=2)).map(
    lambda both: [*both[0], *both[1]]
)
several_questions = st.lists(questions(), min_size=6, max_size=6)
several_records = st.lists(FACTS, min_size=3, max_size=3)


@many
@given(rulebooks, several_questions, several_records)
def test_left_open_or_known_at_once_the_rules_say_the_same(
    rulebook: Rulebook, generated: list[Raw], asked: list[Evaluation], records: list[Any]
) -> None:
    rulebook = with_rules(rulebook, generated)
    for question, facts in itertools.product(asked, records):
        reference = Reference(rulebook, generated, question, facts)
        seen = reference.permits(question.action.name)
        wanted = seen, reference.open_attributes("disclose") if seen else set()
        event(f"seen: {wanted[0]}, attributes: {len(wanted[1])}")
        left_open, known = decide(rulebook, question, NOON), decide(rulebook, question, NOON, facts)
        assert visible(known, {}) == wanted, "the full evaluation"
        assert visible(left_open, facts) == wanted, "the residual"
        if seen and question.action.name == "amend":
            writable = {attribute for attribute, way in left_open.write.items() if holds(way.when, facts)}
            derived = {attribute.name for attribute in rulebook.catalogue.attributes if attribute.derived_from}
            assert writable == reference.open_attributes("write") - derived


@many
@given(rulebooks, rules("deny"), several_questions, several_records)
def test_another_deny_rule_never_shows_more(
    rulebook: Rulebook, generated: list[Raw], deny: Raw, asked: list[Evaluation], records: list[Any]
) -> None:
    before, after = with_rules(rulebook, generated), with_rules(rulebook, [*generated, deny])
    for question, facts in itertools.product(asked, records):
        seen, attributes = visible(decide(before, question, NOON), facts)
        seen_less, fewer = visible(decide(after, question, NOON), facts)
        assert seen_less <= seen
        assert fewer <= attributes


@many
@given(rulebooks, several_questions, several_records, st.sampled_from(["region_path", "assigned", "consents", "restricted"]))
def test_an_unknown_fact_never_shows_more_than_a_known_one(
    rulebook: Rulebook, generated: list[Raw], asked: list[Evaluation], records: list[Any], unknown: str
) -> None:
    rulebook = with_rules(rulebook, generated)
    for question, facts in itertools.product(asked, records):
        decision = decide(rulebook, question, NOON)
        seen, attributes = visible(decision, facts)
        seen_less, fewer = visible(decision, {**facts, unknown: None})
        assert seen_less <= seen or facts[unknown] is None
        assert fewer <= attributes


@many
@given(rulebooks, several_questions, several_records)
def test_without_an_approval_nothing_is_shown(
    rulebook: Rulebook, generated: list[Raw], asked: list[Evaluation], records: list[Any]
) -> None:
    rulebook = with_rules(rulebook, generated)
    nobody = {name: replace(approved, approvals=()) for name, approved in rulebook.organisations.items()}
    unapproved = replace(rulebook, organisations=nobody)
    for question, facts in itertools.product(asked, records):
        assert visible(decide(unapproved, question, NOON), facts) == (False, set())
