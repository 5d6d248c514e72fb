"""py-abac's policy language, made safe: its schema reads a rule, and what it read is compiled to immutable formulas.

The only module that imports py-abac. None of py-abac's own evaluation ever runs (it is open on missing attributes, and
keeps state between calls); what cannot be compiled with a safe meaning is refused here, with file, line and the mend.
"""

import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, cast

from policy_svc import relations
from policy_svc.faults import Faults, Place, choices
from policy_svc.formulas import (
    FALSE,
    TRUE,
    AboutRecord,
    Compare,
    Every,
    Formula,
    Literal,
    Operand,
    Opposite,
    Path,
    Present,
    Some,
)
from policy_svc.language import (
    CASELESS,
    HELD,
    INSTEAD,
    LOGIC,
    NAMING,
    PRESENCE,
    SIDES,
    SUPPORTED,
    WITH_ATTRIBUTE,
    WITH_VALUE,
)
from policy_svc.literals import Unreadable, pattern, read_literal
from policy_svc.record_facts import LEAVES
from policy_svc.relations import Relation
from policy_svc.rules import Effect, Mention, Rule
from policy_svc.vocabulary import PATHS, RECORD, Kind
from policy_svc.yaml_files import Entries, Items, place_at, plain

with warnings.catch_warnings():
    # Its last release is of 2021 and defines its schemas in ways that marshmallow announces to end: pinned, so no news.
    warnings.simplefilter("ignore")
    from marshmallow import ValidationError
    from py_abac.policy.policy import Policy, PolicySchema

ELEMENTS: Final = ("subject", "resource", "action", "context")
KEYS: Final = frozenset({"uid", "description", "effect", "rules", "targets"})

_PATH = re.compile(r"\$(\.[A-Za-z_][A-Za-z0-9_]*){1,2}")


def compile_rule(raw: Any, place: Place, faults: Faults, paths: Mapping[str, Kind] = PATHS) -> Rule | None:
    """One policy of a rule file, compiled; ``None`` if it is refused, with the reasons added to ``faults``.

    ``paths`` are what a rule may name, each with the kind of value that it holds.
    """
    if not isinstance(raw, Entries):
        faults.add(place, "a rule that is not a mapping", "Write uid, description, effect and rules")
        return None
    uid = raw.get("uid") if isinstance(raw.get("uid"), str) else None
    before = len(faults)
    _check_form(raw, uid, paths, faults)
    policy = _parse(raw, uid, faults) if len(faults) == before else None
    if policy is None:
        return None
    compiler = _Compiler(policy.uid, paths, faults)
    formula = compiler.whole(policy, raw)
    if len(faults) > before:
        return None
    return Rule(policy.uid, policy.description, cast(Effect, policy.effect), formula, tuple(compiler.mentions), raw.place)


def _check_form(raw: Entries, uid: str | None, paths: Mapping[str, Kind], faults: Faults) -> None:
    """What py-abac would accept without a word, or evaluate while it reads: keys, paths, condition names."""
    for key in sorted(raw.keys() - KEYS):
        mend = "Remove it: deny overrides, whatever a priority says" if key == "priority" else choices(key, KEYS)
        faults.add(raw.place_of(key), f"unknown key {key!r}", mend, uid)
    if not raw.get("description"):
        faults.add(raw.place, "a rule without a description", "Say in one sentence what it is for", uid)
    rules = raw.get("rules")
    if isinstance(rules, Entries):
        for element in ELEMENTS:
            _check_element(element, rules.get(element), rules.place_of(element), uid, paths, faults)


def _check_element(element: str, part: Any, place: Place, uid: str | None, paths: Mapping[str, Kind], faults: Faults) -> None:
    if part == []:
        faults.add(place, "an empty list, which never applies", "Leave the key out, or name a condition", uid)
    for group in part if isinstance(part, Items) else (part,):
        if isinstance(group, Entries):
            for path, condition in group.items():
                _check_path(element, path, group.place_of(path), uid, paths, faults)
                _check_condition(condition, uid, paths, faults)


def _check_condition(raw: Any, uid: str | None, paths: Mapping[str, Kind], faults: Faults) -> None:
    if not isinstance(raw, Entries):
        return
    name = raw["condition"] if isinstance(raw.get("condition"), str) else None  # any other the schemas refuse
    if name is not None and name not in SUPPORTED:
        mend = INSTEAD.get(name) or choices(name, SUPPORTED)
        faults.add(raw.place_of("condition"), f"the condition {name} is not supported", mend, uid)
    if name == "RegexMatch" and isinstance(raw.get("value"), str):
        _check_pattern(raw, uid, faults)
    if name in WITH_ATTRIBUTE and isinstance(raw.get("path"), str) and raw.get("ace") in ELEMENTS:
        _check_path(raw["ace"], raw["path"], raw.place_of("path"), uid, paths, faults)
    nested = raw.get("values") if isinstance(raw.get("values"), Items) else [raw.get("value")]
    for part in nested or ():
        _check_condition(part, uid, paths, faults)


def _check_pattern(raw: Entries, uid: str | None, faults: Faults) -> None:
    try:
        pattern(raw["value"])
    except Unreadable as fault:
        faults.add(raw.place_of("value"), fault.what, fault.mend, uid)


def _check_path(element: str, path: str, place: Place, uid: str | None, paths: Mapping[str, Kind], faults: Faults) -> None:
    # py-abac runs any ObjectPath query while it reads a rule, so a path that is more than names must not get that far.
    if not _PATH.fullmatch(path):
        faults.add(place, f"the path {path!r} is not $.name or $.name.name", "Name one value of the request", uid)
    elif _name(element, path) not in paths:
        known = [f"$.{name.partition('.')[2]}" for name in paths if name.startswith(f"{element}.") and not name.endswith(".id")]
        faults.add(place, f"unknown path {path} of the {element}", choices(path, known), uid)


@cache
def _schema() -> PolicySchema:
    """One for all rules: what ``Policy.from_json`` makes anew each time takes longer than the reading."""
    return PolicySchema()


def _parse(raw: Entries, uid: str | None, faults: Faults) -> Policy | None:
    try:
        policy: Policy = _schema().load({"targets": {}, **plain(raw)})
        return policy
    except ValidationError as error:
        for path, message in _messages(error.args[0] if error.args else "not a policy"):
            place = place_at(raw, path, raw.place)
            faults.add(place, f"{path[-1] if path else 'rule'}: {message.rstrip('.')}", "Correct it", uid)
    except Exception as error:  # its schemas let some malformed values through to code that does not expect them
        faults.add(raw.place, f"not a policy ({type(error).__name__})", "Write it as docs/rulebook.md says", uid)
    return None


def _messages(found: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Marshmallow's nested messages as (path into the rule, text)."""
    if not isinstance(found, dict):
        yield path, str(found[0]) if isinstance(found, list) and found else str(found)
        return
    for key, inner in found.items():
        if isinstance(key, str) and key.startswith("$") and isinstance(inner, dict):
            inner = inner.get("value", inner.get("key", inner))  # of a mapping's entry it says which half is wrong
        yield from _messages(inner, path if key == "_schema" else (*path, key))


def _name(element: str, path: str) -> str:
    return f"{element}.{path.removeprefix('$.')}"


class _Compiler:
    """Compiles one rule; collects the names that it mentions and the faults that it has."""

    def __init__(self, uid: str, paths: Mapping[str, Kind], faults: Faults) -> None:
        self.uid = uid
        self.paths = paths
        self.faults = faults
        self.mentions: list[Mention] = []

    def whole(self, policy: Policy, raw: Entries) -> Formula:
        targets = raw.get("targets") or Entries(raw.place)
        parts = [
            self._target(name, getattr(policy.targets, name), targets) for name in ("subject_id", "resource_id", "action_id")
        ]
        for element in ELEMENTS:
            parts.append(self._element(element, getattr(policy.rules, element), raw["rules"].get(element)))
        return Every(tuple(parts)).given({})

    def _target(self, key: str, wanted: str | list[str], raw: Entries) -> Formula:
        ids = [wanted] if isinstance(wanted, str) else wanted
        if "*" in ids:
            return TRUE
        for text in ids:
            if set(text) & set("*?[]"):
                self._fault(raw.place_of(key), f"the target {text!r} is a pattern", "Write whole ids, or * for all")
        return Compare(Path(key.replace("_", ".")), relations.member, Literal(relations.members(ids)))

    def _element(self, element: str, parsed: Any, raw: Any) -> Formula:
        """A mapping is a conjunction, a list of them a disjunction."""
        if isinstance(parsed, list):
            groups = zip(parsed, raw, strict=True)
            return Some(tuple(self._group(element, group, raw_group) for group, raw_group in groups)).given({})
        return self._group(element, parsed, raw)

    def _group(self, element: str, parsed: Mapping[str, Any], raw: Any) -> Formula:
        return Every(tuple(self._condition(_name(element, path), condition, raw[path]) for path, condition in parsed.items()))

    def _condition(self, path: str, condition: Any, raw: Entries) -> Formula:
        name = type(condition).__name__
        if name in LOGIC:
            return self._logic(path, name, condition, raw)
        if name in PRESENCE:
            return self._presence(path, name, raw.place)
        relation, holds = WITH_ATTRIBUTE.get(name) or WITH_VALUE[name]
        if name in WITH_ATTRIBUTE:
            right: Operand = Path(_name(condition.ace, condition.path))
        else:
            right, relation = self._literal(path, name, raw), self._caseless(condition, relation)
        formula = self._compare(Path(path), relation, right, name, raw.place)
        return formula if holds else Opposite(formula)

    def _logic(self, path: str, name: str, condition: Any, raw: Entries) -> Formula:
        if name == "Not":
            return Opposite(self._condition(path, condition.value, raw["value"]))
        parts = tuple(
            self._condition(path, part, raw_part) for part, raw_part in zip(condition.values, raw["values"], strict=True)
        )
        return Every(parts) if name == "AllOf" else Some(parts)

    def _presence(self, path: str, name: str, place: Place) -> Formula:
        if self._is_fact(path):
            self._fault(place, f"{name} on a record fact cannot become SQL", "Compare the fact with a value")
        return Present(Path(path)) if name == "Exists" else Opposite(Present(Path(path)))

    def _caseless(self, condition: Any, relation: Relation) -> Relation:
        return CASELESS[relation] if getattr(condition, "case_insensitive", False) else relation

    def _literal(self, path: str, name: str, raw: Entries) -> Literal:
        try:
            value = read_literal(name, raw, path, self.paths[path])
        except Unreadable as fault:
            self._fault(raw.place, fault.what, fault.mend)
            return Literal(None)
        if name in NAMING:
            names = value if isinstance(value, frozenset) else (value,)
            self.mentions += [Mention(path, name, raw.place) for name in names if isinstance(name, str)]
        return Literal(value)

    def _compare(self, left: Path, relation: Relation, right: Operand, name: str, place: Place) -> Formula:
        for side, want in zip((left, right), SIDES.get(relation, ()), strict=False):
            kind = self.paths[side.name] if isinstance(side, Path) else "any"
            if isinstance(side, Path) and kind != "any" and kind not in want.kinds:
                mend = "Use AnyIn or AllIn, or AnyInAttribute" if kind == "set" else "Use Equals or IsIn, or EqualsAttribute"
                self._fault(place, f"{name} wants {want.words} where {side.name} holds {HELD[kind]}", mend)
                return FALSE
        return self._about(left, relation, right, name, place)

    def _is_fact(self, path: str) -> bool:
        """Of plain entities a ``record`` is a property like any other; of people it is what decisions leave open."""
        return path.startswith(RECORD) and self.paths[path] != "any"

    def _about(self, left: Path, relation: Relation, right: Operand, name: str, place: Place) -> Formula:
        """The comparison, or if a record fact is on one of its sides the open one."""
        facts = [side for side in (left, right) if isinstance(side, Path) and self._is_fact(side.name)]
        if not facts:
            return Compare(left, relation, right)
        fact_first = facts[0] is left
        if len(facts) == 2 or (self.paths[facts[0].name], relation, fact_first) not in LEAVES:
            self._fault(
                place,
                f"{name} on {facts[0].name} cannot become SQL",
                "Compare one record fact with a value or with the request",
            )
            return FALSE
        return AboutRecord(facts[0].name.removeprefix(RECORD), relation, right if fact_first else left, fact_first)

    def _fault(self, place: Place, what: str, mend: str) -> None:
        self.faults.add(place, what, mend, self.uid)
