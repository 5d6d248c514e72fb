"""A rule as the rest of policy-svc knows it: compiled, with what it mentions, and the checks of those names.

It knows nothing of the language that rules are written in (``abac`` does) and decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal as OneOf

from policy_svc.faults import Faults, Place, choices
from policy_svc.formulas import Compare, Every, Formula, Literal, Path, Some
from policy_svc.relations import equal, member, overlap
from policy_svc.vocabulary import RECORD

Effect = OneOf["allow", "deny"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that a rule compares a path with, and where it stands."""

    path: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Rule:
    uid: str
    description: str
    effect: Effect
    formula: Formula
    mentions: tuple[Mention, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Names:
    """Every name that the rest of the rulebook defines, by what it names."""

    by_path: Mapping[str, frozenset[str]]
    purposes: frozenset[str]
    organisations: frozenset[str]

    def known(self, mention: Mention) -> frozenset[str] | None:
        """The names to choose from; ``None`` where any text will do."""
        if mention.path == RECORD + "consents":
            purpose, at, organisation = mention.name.partition("@")
            whole = purpose in self.purposes and (not at or organisation in self.organisations)
            return frozenset({mention.name}) if whole else self.purposes
        return self.by_path.get(mention.path)


def check_names(rule: Rule, names: Names, faults: Faults) -> None:
    for mention in rule.mentions:
        known = names.known(mention)
        if known is not None and mention.name not in known:
            word = _WORD.get(mention.path, mention.path.rpartition(".")[2])
            faults.add(mention.place, f"unknown {word} {mention.name!r}", choices(mention.name, known), rule.uid)


def check_bounds(rule: Rule, faults: Faults) -> None:
    """An allow rule that names no action or no purpose would open more than its author can see."""
    if rule.effect == "deny":
        return
    if needed(rule.formula, "action.name") is None and needed(rule.formula, "action.id") is None:
        faults.add(rule.place, "an allow rule that names no action", "Name it: action $.name Equals or IsIn", rule.uid)
    if needed(rule.formula, "context.purpose") is None and needed(rule.formula, "context.purpose_and_broader") is None:
        mend = "Name it: context $.purpose Equals or IsIn, or $.purpose_and_broader AnyIn"
        faults.add(rule.place, "an allow rule that names no purpose", mend, rule.uid)


def needed(formula: Formula, path: str) -> frozenset[str] | None:
    """The texts of which ``path`` must hold one, or the formula is false; ``None`` if it may hold anything."""
    match formula:
        case Compare(left=Path(name=name), relation=relation, right=Literal(value=value)) if name == path:
            return _texts(value) if relation in (equal, member, overlap) else None
        case Every(parts=parts):
            wanted = [texts for part in parts if (texts := needed(part, path)) is not None]
            return frozenset.intersection(*wanted) if wanted else None
        case Some(parts=parts):
            either = [needed(part, path) for part in parts]
            return None if None in either else frozenset().union(*(texts for texts in either if texts is not None))
        case _:
            return None


def _texts(value: object) -> frozenset[str] | None:
    if isinstance(value, str):
        return frozenset({value})
    texts = frozenset(text for text in value if isinstance(text, str)) if isinstance(value, frozenset) else None
    # Beside other kinds of values a text that is not among them is unknown, which is not false.
    return texts if texts is not None and texts == value else None


_WORD: Mapping[str, str] = {
    "action.name": "action",
    "resource.type": "resource type",
    "resource.reveals": "attribute or category",
    "subject.kind": "kind of organisation",
    "subject.purposes": "purpose",
    "context.purpose": "purpose",
    "context.purpose_and_broader": "purpose",
    "context.consent": "purpose",
    RECORD + "consents": "purpose",
    RECORD + "assigned": "organisation",
    RECORD + "created_by": "organisation",
}
