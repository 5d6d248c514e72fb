"""Rules and requests on which py-abac can be trusted: all conditions, every attribute there and of the right type."""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from policy_svc.vocabulary import Kind

Raw = dict[str, Any]
Request = Mapping[str, Any]

TEXTS = ("Ana", "ana", "Bo", "an", "")
MEMBERS = ("Ana", "Bo", "red", "blue")
NUMBERS = (-1, 0, 0.5, 7, 18, 18.0)
ADDRESSES = ("10.1.2.3", "10.255.0.1", "192.168.0.7", "2001:db8::1")
NETWORKS = ("10.0.0.0/8", "10.1.0.0/16", "192.168.0.0/24", "2001:db8::/32", "0.0.0.0/0")
PATTERNS = ("^A", "n.$", "[ab]n", "", "(An|Bo)")
OBJECTS: tuple[Raw, ...] = ({}, {"name": "Sam"}, {"name": "Sam", "age": 7}, {"in": {"a": [1, "b", None]}})

SCHEMA: Mapping[str, Mapping[str, str]] = {
    "subject": {"name": "text", "age": "number", "groups": "set", "home.town": "text", "profile": "object", "active": "flag"},
    "resource": {"owner": "text", "size": "number", "tags": "set", "meta": "object", "home.town": "text"},
    "action": {"method": "text", "level": "number"},
    "context": {"address": "address", "hour": "number", "labels": "set", "note": "text"},
}
"""Attributes with their types; all of them are there in every request."""

VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(TEXTS),
    "number": st.sampled_from(NUMBERS),
    "set": st.lists(st.sampled_from(MEMBERS), max_size=3),
    "object": st.sampled_from(OBJECTS),
    "address": st.sampled_from(ADDRESSES),
    "flag": st.booleans(),
}

PATHS: Mapping[str, Kind] = {
    **{f"{element}.{path}": "any" for element, paths in SCHEMA.items() for path in paths},
    **{f"{element}.id": "text" for element in ("subject", "resource", "action")},
}


def paths_of(kind: str) -> st.SearchStrategy[Raw]:
    found = [(element, path) for element, paths in SCHEMA.items() for path, its in paths.items() if its == kind]
    return st.sampled_from(found).map(lambda place: {"ace": place[0], "path": f"$.{place[1]}"})


def named(names: list[str], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Raw]:
    return st.fixed_dictionaries({"condition": st.sampled_from(names), **more})


def to(names: list[str], kind: str) -> st.SearchStrategy[Raw]:
    return st.tuples(named(names), paths_of(kind)).map(lambda both: both[0] | both[1])


ANY_KIND = named(["Exists", "NotExists", "Any"])
STRINGS = ["Equals", "NotEquals", "Contains", "NotContains", "StartsWith", "EndsWith"]
CONDITIONS: Mapping[str, st.SearchStrategy[Raw]] = {
    "text": st.one_of(
        ANY_KIND,
        named(STRINGS, value=VALUES["text"], case_insensitive=st.booleans()),
        named(STRINGS, value=VALUES["text"]),
        named(["RegexMatch"], value=st.sampled_from(PATTERNS)),
        named(["IsIn", "IsNotIn"], values=st.lists(VALUES["text"], max_size=3)),
        to(["EqualsAttribute", "NotEqualsAttribute"], "text"),
        to(["IsInAttribute", "IsNotInAttribute"], "set"),
    ),
    "number": st.one_of(
        ANY_KIND,
        named(["Eq", "Neq", "Lt", "Lte", "Gt", "Gte"], value=VALUES["number"]),
        named(["IsIn", "IsNotIn"], values=st.lists(VALUES["number"], max_size=3)),
        to(["EqualsAttribute", "NotEqualsAttribute"], "number"),
    ),
    "set": st.one_of(
        ANY_KIND,
        named(["IsEmpty", "IsNotEmpty"]),
        named(["AnyIn", "AllIn"], values=VALUES["set"]),
        to(["AnyInAttribute", "AllInAttribute"], "set"),
    ),
    "object": ANY_KIND | named(["EqualsObject"], value=VALUES["object"]),
    "address": ANY_KIND | named(["CIDR"], value=st.sampled_from(NETWORKS)),
    "flag": ANY_KIND | named(["IsIn", "IsNotIn"], values=st.lists(st.booleans(), max_size=2)),
}


def with_logic(plain: st.SearchStrategy[Raw]) -> st.SearchStrategy[Raw]:
    return st.recursive(
        plain,
        lambda inner: named(["Not"], value=inner) | named(["AllOf", "AnyOf"], values=st.lists(inner, min_size=1, max_size=3)),
        max_leaves=4,
    )


LOGIC = {kind: with_logic(plain) for kind, plain in CONDITIONS.items()}


@st.composite
def element(draw: st.DrawFn, name: str) -> Any:
    def group() -> Raw:
        paths = draw(st.lists(st.sampled_from(sorted(SCHEMA[name])), max_size=2, unique=True))
        return {f"$.{path}": draw(LOGIC[SCHEMA[name][path]]) for path in paths}

    return [group() for _ in range(draw(st.integers(1, 2)))] if draw(st.booleans()) else group()


IDS = st.sampled_from(["a", "b", ["a", "b"], ["c"], "*", ["*", "a"]])


@st.composite
def rules(draw: st.DrawFn, uid: str) -> Raw:
    named_elements = draw(st.sets(st.sampled_from(sorted(SCHEMA)), min_size=1, max_size=2))
    targets = draw(st.dictionaries(st.sampled_from(["subject_id", "resource_id", "action_id"]), IDS, max_size=1))
    return {
        "uid": uid,
        "description": "generated",
        "effect": draw(st.sampled_from(["allow", "allow", "deny"])),
        "rules": {name: draw(element(name)) for name in sorted(named_elements)},
        "targets": targets,
    }


RULEBOOKS = st.integers(1, 4).flatmap(lambda many: st.tuples(*(rules(f"rule-{number}") for number in range(many))))


@st.composite
def requests(draw: st.DrawFn) -> Request:
    said: dict[str, Any] = {}
    for name, paths in SCHEMA.items():
        values: Raw = {}
        for path, kind in paths.items():
            outer, _, inner = path.partition(".")
            value = draw(VALUES[kind])
            values[outer] = {inner: value} if inner else value
        said[name] = values if name == "context" else {"id": draw(st.sampled_from(["a", "b", "c"])), "attributes": values}
    return said
