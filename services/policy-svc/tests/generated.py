"""Generated rules, questions and records for the small rulebook of these tests: small pools, so that much of it applies."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from stena.contracts.access import Action, Evaluation, Resource, Subject

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


def on_words(*fragments: str) -> st.SearchStrategy[Raw]:
    """Conditions on parts of a text: none of them can become SQL, so they are asked of the call alone."""
    parts = st.sampled_from(["StartsWith", "EndsWith", "Contains", "NotContains"])
    return st.builds(lambda op, value: name(op, value=value), parts, st.sampled_from(fragments))


TO_ASSIGNED, TO_CREATOR, TO_OWNER, TO_REGIONS, TO_ORGANISATION = (
    ("resource", "$.record.assigned"),
    ("resource", "$.record.created_by"),
    ("resource", "$.owner"),
    ("subject", "$.regions"),
    ("subject", "$.organisation"),
)


def to(op: str, ace: str, path: str) -> Raw:
    return name(op, ace=ace, path=path)


PRESENCE: list[Raw] = [name("Exists"), name("NotExists")]
_PRESENCE = st.sampled_from(PRESENCE)
ON_BOOLEAN = st.builds(
    lambda op, values: name(op, values=values), st.sampled_from(["IsIn", "IsNotIn"]), st.lists(st.booleans(), max_size=2)
)
SUBJECT = {
    "$.organisation": on_text(ORGANISATIONS)
    | on_words("har", "tern", "a")
    | st.sampled_from(
        [to("IsInAttribute", *TO_ASSIGNED), to("IsNotInAttribute", *TO_ASSIGNED), to("EqualsAttribute", *TO_CREATOR)]
    ),
    "$.person": on_text(("someone",))
    | _PRESENCE
    | st.sampled_from([to(op, *TO_OWNER) for op in ("EqualsAttribute", "NotEqualsAttribute")])
    | st.sampled_from([to(op, *TO_ASSIGNED) for op in ("IsInAttribute", "IsNotInAttribute")]),
    "$.purposes": on_set(PURPOSES) | st.just(to("AllInAttribute", "resource", "$.record.consents")),
    "$.roles": on_set(("boss",)),
    "$.kind": on_text(("authority", "ngo")),
}
RECORD = {
    "$.record.region_path": on_set(REGIONS)
    | st.sampled_from([to("AnyInAttribute", *TO_REGIONS), to("AllInAttribute", *TO_REGIONS)]),
    "$.record.assigned": on_set(ORGANISATIONS),
    "$.record.consents": st.just(to("AnyInAttribute", "context", "$.consent")),
    "$.record.restricted": ON_BOOLEAN,
    "$.record.minor": ON_BOOLEAN,
    "$.record.created_by": on_text(ORGANISATIONS)
    | st.sampled_from([to("NotEqualsAttribute", *TO_ORGANISATION), to("NotEqualsAttribute", "context", "$.case")]),
}
RESOURCE = RECORD | {
    "$.attribute": on_text(("skills", "given_name", "initials")) | _PRESENCE,
    "$.category": on_text(("skills", "identity")),
    "$.reveals": on_set(("health",)),
}
CONTEXT = {
    "$.justification": _PRESENCE | on_text(("because",)),
    "$.case": on_text(("7",)) | st.just(to("EqualsAttribute", "context", "$.justification")),
}


@st.composite
def condition(draw: st.DrawFn, plain: st.SearchStrategy[Raw]) -> Raw:
    """Mostly plain, else a level of logic or two."""
    match draw(st.sampled_from(["plain", "plain", "plain", "Not", "AllOf", "AnyOf", "both"])):
        case "plain":
            return draw(plain)
        case "Not":
            return name("Not", value=draw(plain))
        case "both":
            inner = name("AnyOf", values=[draw(plain), draw(plain)])
            return name("Not", value=name("AllOf", values=[inner, draw(plain)]))
        case logic:
            return name(logic, values=[draw(plain), name("Not", value=draw(plain))])


COUNTS = {"way in": [0, 0, 0, 0, 1], "allow": [0, 0, 0, 1, 1, 2], "deny": [0, 1, 1, 2]}
"""How many conditions a part of a rule has, so that enough rules apply for the laws to mean something."""


@st.composite
def element(draw: st.DrawFn, paths: Mapping[str, st.SearchStrategy[Raw]], part: str) -> Any:
    def group() -> dict[str, Any]:
        chosen = [draw(st.sampled_from(sorted(paths))) for _ in range(draw(st.sampled_from(COUNTS[part])))]
        return {path: draw(condition(paths[path])) for path in chosen}

    return [group(), group()] if draw(st.sampled_from([False, False, False, True])) else group()


def with_each(groups: Any, conditions: Raw) -> Any:
    return [{**group, **conditions} for group in groups] if isinstance(groups, list) else {**groups, **conditions}


SHOWN: list[Raw] = [
    {"$.attribute": name("IsIn", values=["skills", "given_name"])},
    {"$.attribute": name("IsNotIn", values=["initials", "town"])},
    {"$.category": name("Equals", value="identity")},
    {"$.category": name("IsIn", values=["identity", "health"])},
    {"$.sensitivity": name("Equals", value="sensitive")},
]


TARGETS: list[Raw] = [{"subject_id": "lantern"}, {"resource_id": ["someone"]}, {"action_id": ["read", "disclose"]}]


OPERATIONS = [("read", "amend"), ("read", "list"), ("read", "list", "amend")]
PURPOSE_CONDITIONS: list[Raw] = [
    {"$.purpose_and_broader": name("AnyIn", values=["welfare"])},
    {"$.purpose_and_broader": name("AnyIn", values=["welfare"])},
    {"$.purpose": name("Equals", value="counselling")},
]


@st.composite
def rules(draw: st.DrawFn, effect: str, actions: tuple[tuple[str, ...], ...] = (*OPERATIONS, ("disclose", "write"))) -> Raw:
    """An allow rule names actions and a purpose; a deny rule may be about anything."""
    weight = "way in" if len(actions) == 1 or actions == tuple(OPERATIONS) else effect
    parts: dict[str, Any] = {
        "subject": draw(element(SUBJECT, weight)),
        "resource": draw(element(RESOURCE if "disclose" in actions[-1] else RECORD, weight)),
        "context": draw(element(CONTEXT, weight)),
    }
    if effect == "allow" or draw(st.booleans()):
        asked = draw(st.sampled_from(actions))
        parts["action"] = {"$.name": name("IsIn", values=list(asked))}
        if "disclose" in asked:
            parts["resource"] = with_each(parts["resource"], draw(st.sampled_from(SHOWN)))
    if effect == "allow" or draw(st.booleans()):
        parts["context"] = with_each(parts["context"], draw(st.sampled_from(PURPOSE_CONDITIONS)))
    rule = {"uid": draw(st.uuids()).hex, "description": "generated", "effect": effect, "rules": parts}
    if draw(st.sampled_from([False] * 7 + [True])):
        rule["targets"] = draw(st.sampled_from(TARGETS))
    return rule


FACTS = st.fixed_dictionaries(
    {
        "region_path": st.sampled_from([["BG"], ["BG", "BG41"], ["BG", "BG41"], [], None]),
        "assigned": st.sampled_from([["lantern"], ["harbour"], ["harbour", "lantern"], [], None]),
        "consents": st.sampled_from([["counselling"], ["welfare", "counselling@lantern"], ["welfare@harbour"], [], None]),
        "restricted": st.sampled_from([False, False, True, None]),
        "minor": st.sampled_from([False, False, True, None]),
        "created_by": st.sampled_from(["harbour", "harbour", "lantern", "lantern", None]),
    }
)


def question(
    organisation: str, purpose: str, action: str, record: str = "*", person: str | None = None, **said: str
) -> Evaluation:
    return Evaluation(
        subject=Subject(type="organisation", id=organisation, properties={"person": person} if person else {}),
        action=Action(name=action),
        resource=Resource(type="person", id=record),
        context={"purpose": purpose, **said},
    )


SAID: list[Raw] = [{}, {"justification": "because"}, {"justification": "because", "case": "because"}, {"case": "7"}]
ASKING = [("harbour", "welfare"), ("harbour", "counselling"), ("lantern", "counselling")]


@st.composite
def questions(draw: st.DrawFn) -> Raw:
    """The arguments of a ``question``."""
    organisation, purpose = draw(st.sampled_from(ASKING))
    asked = {"organisation": organisation, "purpose": purpose, "action": draw(st.sampled_from(ACTIONS))}
    person = draw(st.sampled_from([None, "someone", "other"]))
    return asked | {"record": draw(st.sampled_from(["someone", "*"])), "person": person} | draw(st.sampled_from(SAID))


@st.composite
def rulebooks(draw: st.DrawFn) -> list[Raw]:
    """A way in, something to see, and then some."""
    first = [draw(rules("allow", tuple(OPERATIONS))), draw(rules("allow", (("disclose", "write"),)))]
    more = draw(st.lists(rules("allow"), max_size=3))
    return [*first, *more, *draw(st.lists(rules("deny"), max_size=2))]


RULEBOOKS = rulebooks()
several_questions = st.lists(questions(), min_size=4, max_size=4)
RECORDS = st.lists(FACTS, min_size=4, max_size=4)
