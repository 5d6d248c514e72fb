"""A rule as the rest of policy-svc knows it: compiled, with what it mentions, and the checks of those names.

It knows nothing of the language that rules are written in (``abac`` does) and decides nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal as OneOf

from policy_svc.faults import Faults, Place, choices
from policy_svc.formulas import AboutRecord, Compare, Every, Formula, Literal, Operand, Opposite, Path, Some, paths
from policy_svc.relations import Relation, anything, equal, member, overlap, within
from policy_svc.vocabulary import RECORD
from stena.contracts.condition import facts_of_notes_alone

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
        if mention.path in (RECORD + "consents", RECORD + "shared"):
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


def check_facts(rule: Rule, faults: Faults) -> None:
    """Of anything but a note its own facts are unknown: an allow rule would say nothing there, a deny rule no to everything."""
    asked = {path.removeprefix(RECORD) for path in paths(rule.formula)} & facts_of_notes_alone
    if asked and needed(rule.formula, "resource.type") != frozenset({"note"}):
        mend = "Name the type: resource $.type Equals note"
        faults.add(rule.place, f"{', '.join(sorted(asked))} is asked of more than notes, which alone have it", mend, rule.uid)


def check_approvals(rule: Rule, faults: Faults) -> None:
    """A rule that takes away an approval's reward would make the wall wider when the approval ends."""
    if _wants_fewer(rule.formula, rule.effect == "deny"):
        what = "an allow rule that applies for want of" if rule.effect == "allow" else "a deny rule that rests on"
        mend = "Ask what the organisation is approved for, as AnyIn, in allow rules; and under Not in deny rules"
        faults.add(rule.place, f"{what} an approval: when one ends, more would be let through", mend, rule.uid)


def _wants_fewer(formula: Formula, turned: bool) -> bool:
    """Whether fewer approvals could make the formula true, or if ``turned`` false."""
    match formula:
        case Every(parts=parts) | Some(parts=parts):
            return any(_wants_fewer(part, turned) for part in parts)
        case Opposite(part=part):
            return _wants_fewer(part, not turned)
        case Compare(left=left, relation=relation, right=right):
            return _less_wants_fewer(left, relation, right, turned)
        case AboutRecord(relation=relation, other=other, fact_first=fact_first):
            return _less_wants_fewer(None if fact_first else other, relation, other if fact_first else None, turned)
        case _:
            return False


def _less_wants_fewer(left: Operand | None, relation: Relation, right: Operand | None, turned: bool) -> bool:
    """Less on the left makes only ``within`` true, and every other relation false; less on the right makes each false."""
    on_left = _is_approved(left) and relation is not anything and turned is not (relation is within)
    return on_left or (_is_approved(right) and turned)


def _is_approved(side: Operand | None) -> bool:
    return isinstance(side, Path) and side.name in _APPROVED


_APPROVED = frozenset({"subject.purposes", "subject.regions"})
"""What an organisation has by its approvals alone."""


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
    "context.addressed": "purpose",
    "context.objection": "purpose",
    RECORD + "consents": "purpose",
    RECORD + "objections": "purpose",
    RECORD + "shared": "purpose",
    RECORD + "assigned": "organisation",
    RECORD + "created_by": "organisation",
}
