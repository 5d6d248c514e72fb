"""Rules in py-abac's language as Cedar policies: the conditions that the measured rulebooks use, and no others.

Written as Cedar's authors would: what a rule says of the action stands in the policy's scope, and what rules out most
requests (the purpose) comes first.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

ROOTS: Final = {"subject": "principal", "resource": "resource", "context": "context"}
ACTIONS: Final = ("read", "list", "export", "changes", "create", "amend", "erase", "match", "allocate", "restrict", "object")
ALL_ACTIONS: Final = (*ACTIONS, "correct", "record", "withdraw", "close", "administer", "disclose", "write")

_VALUES: Final[Mapping[str, Callable[[str, str], str]]] = {
    "Equals": "{0} == {1}".format,
    "NotEquals": "{0} != {1}".format,
    "IsIn": "{1}.contains({0})".format,
    "IsNotIn": "!{1}.contains({0})".format,
    "AnyIn": "{0}.containsAny({1})".format,
    "AllIn": "{1}.containsAll({0})".format,
}


def policies(rules: list[dict[str, Any]]) -> str:
    """One policy for each rule."""
    return "\n".join(map(_policy, rules))


def _policy(rule: dict[str, Any]) -> str:
    effect = "permit" if rule["effect"] == "allow" else "forbid"
    elements = rule["rules"]
    parts = [_element(element, elements[element]) for element in ("context", "subject", "resource") if element in elements]
    when = f" when {{ {' && '.join(parts)} }}" if parts else ""
    return f"{effect}(principal, {_scope(elements.get('action'))}, resource){when};"


def _scope(action: dict[str, Any] | None) -> str:
    if action is None:
        return "action"
    condition = action["$.name"]
    names = condition["values"] if "values" in condition else [condition["value"]]
    if condition["condition"] == "IsNotIn":
        names = [name for name in ALL_ACTIONS if name not in names]
    ids = [f'Action::"{name}"' for name in names]
    return f"action == {ids[0]}" if len(ids) == 1 else f"action in [{', '.join(ids)}]"


def _element(element: str, groups: Any) -> str:
    """A mapping is a conjunction, a list of them a disjunction."""
    each = groups if isinstance(groups, list) else [groups]
    ways = [" && ".join(_condition(_path(element, path), group[path]) for path in group) for group in each]
    return ways[0] if len(ways) == 1 else f"({' || '.join(f'({way})' for way in ways)})"


def _path(element: str, path: str) -> str:
    # What is the same for all questions of a view the requests refer to by name; the catalogue's entities stay as they are.
    if path.startswith("$.record.") or path == "$.owner":
        return f"context.about.{path.rpartition('.')[2]}"
    return f"{ROOTS[element]}.{path.removeprefix('$.')}"


def _condition(path: str, condition: dict[str, Any]) -> str:
    name = condition["condition"]
    if name == "Not":
        return f"!({_condition(path, condition['value'])})"
    if name in ("Exists", "NotExists"):
        root, _, attribute = path.rpartition(".")
        return f"{'!' if name == 'NotExists' else ''}({root} has {attribute})"
    if name.endswith("Attribute"):
        return _VALUES[name.removesuffix("Attribute")](path, _path(condition["ace"], condition["path"]))
    wanted = json.dumps(condition["values"] if "values" in condition else condition["value"])
    return f"({_VALUES[name](path, wanted)})"
