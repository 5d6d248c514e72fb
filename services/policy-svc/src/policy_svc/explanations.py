"""Explains one decision: which rules were considered, what became of each of their conditions, and which values that used.

Pure, and beside the decision: it evaluates whole rules where ``decisions`` follows plans, and decides nothing itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from policy_svc.conditions_in_words import shown, words_of
from policy_svc.decisions import Decision, decide, question_of
from policy_svc.formulas import AboutRecord, Compare, Constant, Every, Formula, Opposite, Path, Present, Question, Some
from policy_svc.plans import NO_ATTRIBUTE, values_of
from policy_svc.relations import Value, members
from policy_svc.rulebook import Rulebook
from policy_svc.rules import Effect, Rule, needed
from policy_svc.vocabulary import DISCLOSE, RECORD
from stena.contracts.access import Evaluation
from stena.contracts.catalogue import Attribute
from stena.contracts.condition import Facts, Residual

Truth = Literal["true", "false", "unknown", "open"]
"""``open``: it depends on facts of a record that was not given."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule. ``used`` are the values that it looked at, by path; ``parts`` those that it is made of."""

    text: str
    truth: Truth
    used: Mapping[str, object]
    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True, slots=True)
class Considered:
    """A rule that names action, purpose and type. An allow rule applies where true, a deny rule also where unknown."""

    rule: str
    effect: Effect
    description: str
    place: str
    truth: Truth
    condition: Condition

    @property
    def applies(self) -> bool | None:
        """``None``: for some records."""
        if self.truth == "open":
            return None
        return self.truth == "true" or (self.effect == "deny" and self.truth == "unknown")


@dataclass(frozen=True, slots=True)
class Shown:
    """What becomes of an attribute. ``outcome`` is ``disclosed``, ``withheld`` or, for some records only, ``conditional``."""

    name: str
    outcome: Literal["disclosed", "conditional", "withheld"]
    reason: str | None
    derived_from: tuple[str, ...]
    rules: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    revision: str
    decision: Decision
    values: Mapping[str, object]
    """What was known when the rules were asked; empty where it did not come to that."""
    rules: tuple[Considered, ...]
    attributes: tuple[Shown, ...]


def explain(
    rulebook: Rulebook, evaluation: Evaluation, now: datetime, facts: Facts | None = None, attributes: Iterable[str] = ()
) -> Explanation:
    """How ``evaluation`` is decided at ``now`` (aware), and why ``attributes`` are disclosed or not."""
    decision = decide(rulebook, evaluation, now, facts)
    question = question_of(rulebook, evaluation, now, facts)
    if question is None:
        return Explanation(rulebook.revision, decision, {}, (), ())
    operation = {**NO_ATTRIBUTE, "resource.type": evaluation.resource.type}
    asked = _asked(rulebook, question, str(evaluation.context["purpose"]), evaluation.action.name, operation)
    known = {attribute.name: attribute for attribute in rulebook.catalogue.attributes}
    return Explanation(
        rulebook.revision,
        decision,
        {path: shown(value) for path, value in sorted(asked.values.items()) if value is not None},
        tuple(_considered(rulebook, asked)),
        tuple(_attribute(rulebook, decision, question, asked, known[name]) for name in attributes if name in known),
    )


def _asked(rulebook: Rulebook, question: Question, purpose: str, action: str, resource: Mapping[str, Value]) -> Question:
    """The question with what the plans have folded away."""
    call: dict[str, Value] = {
        "action.name": action,
        "action.id": action,
        "context.purpose": purpose,
        "context.purpose_and_broader": members(rulebook.broader[purpose]),
    }
    return Question({**question.values, **resource, **call}, question.open)


def _attribute(rulebook: Rulebook, decision: Decision, question: Question, asked: Question, attribute: Attribute) -> Shown:
    purpose = str(asked.values["context.purpose"])
    rules = tuple(_considered(rulebook, _asked(rulebook, question, purpose, DISCLOSE, values_of(attribute))))
    way = decision.disclose.get(attribute.name)
    if way is None:
        reason = decision.withhold.get(attribute.name, str(decision.reason or "not-necessary"))
        return Shown(attribute.name, "withheld", reason, attribute.derived_from, rules)
    outcome: Literal["disclosed", "conditional"] = "disclosed" if way.when is True else "conditional"
    return Shown(attribute.name, outcome, None if way.when is True else way.otherwise, attribute.derived_from, rules)


def _considered(rulebook: Rulebook, asked: Question) -> Iterator[Considered]:
    for rule in rulebook.rules:
        if _names(rule, asked):
            condition = _condition(rule.formula, asked)
            yield Considered(rule.uid, rule.effect, rule.description, str(rule.place), condition.truth, condition)


_NAMED: Final = ("action.name", "context.purpose", "resource.type")


def _names(rule: Rule, asked: Question) -> bool:
    broader = needed(rule.formula, "context.purpose_and_broader")
    own = asked.values["context.purpose_and_broader"]
    if broader is not None and isinstance(own, frozenset) and not broader & own:
        return False
    return all(names is None or asked.values[path] in names for path in _NAMED for names in (needed(rule.formula, path),))


def _condition(formula: Formula, asked: Question) -> Condition:
    truth = _truth(formula.true_when(asked), formula.false_when(asked))
    match formula:
        case Every(parts=parts):
            return Condition("all of", truth, {}, tuple(_condition(part, asked) for part in parts))
        case Some(parts=parts):
            return Condition("any of", truth, {}, tuple(_condition(part, asked) for part in parts))
        case Opposite(part=part):
            return Condition("not", truth, {}, (_condition(part, asked),))
        case _:
            used = {path: shown(asked.values.get(path)) for path in _paths(formula)}
            return Condition(words_of(formula), truth, used)


def _truth(true_when: Residual, false_when: Residual) -> Truth:
    if true_when is True:
        return "true"
    if false_when is True:
        return "false"
    return "unknown" if true_when is False and false_when is False else "open"


def _paths(formula: Formula) -> Iterator[str]:
    match formula:
        case Present(path=path):
            yield path.name
        case Compare(left=left, right=right):
            yield from (side.name for side in (left, right) if isinstance(side, Path))
        case AboutRecord(fact=fact, other=other):
            yield RECORD + fact
            if isinstance(other, Path):
                yield other.name
        case Constant() | _:
            return
