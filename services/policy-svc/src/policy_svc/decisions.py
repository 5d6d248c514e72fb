"""Decides: permit or deny, on which rows, with which attributes, and why. Pure; it knows nothing of HTTP, keys or storage.

    permit  ⇔  some allow rule is true  and  no deny rule is true or unknown

INVARIANT: deny overrides, nothing applicable is a deny, and whatever is unknown opens nothing.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from policy_svc import residuals
from policy_svc.approvals import Approval, Approved
from policy_svc.emergencies import objection
from policy_svc.formulas import Question, paths
from policy_svc.plans import AttributePlan, Plan
from policy_svc.relations import Value, members
from policy_svc.rulebook import Rulebook
from policy_svc.vocabulary import DISCLOSING, FACTS_OF, RECORD, WRITING
from stena.contracts.access import ANY_ID, Disclosure, Evaluation, Reason, Withheld
from stena.contracts.catalogue import OBJECTION_BASES, Purpose
from stena.contracts.condition import Facts, Residual, facts_used

OWNED = frozenset(
    {"person", "consent", "note", "case", "correction", "objection", "restriction", "retention", "sign-in", "ledger"}
)
"""Resource types whose id is the id of the person that they are about."""

MOMENT = "context.time"

ALWAYS = Disclosure(when=True)
"""The commonest disclosure, made once."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided. On a permit ``rows`` says of which records, and for operations that show people ``disclose`` and
    ``withhold`` together name every attribute once. ``rules`` are the uids that decided."""

    permit: bool
    reason: Reason | None = None
    rules: tuple[str, ...] = ()
    alert: bool = False
    purpose: Purpose | None = None
    rows: Residual = False
    disclose: Mapping[str, Disclosure] = field(default_factory=dict)
    withhold: Mapping[str, Withheld] = field(default_factory=dict)
    write: Mapping[str, Disclosure] = field(default_factory=dict)

    def __bool__(self) -> bool:
        raise TypeError("A decision is not a truth value: ask for its `permit`, and obey its `rows`.")


def decide(rulebook: Rulebook, evaluation: Evaluation, now: datetime, facts: Facts | None = None) -> Decision:
    """The decision for one call at ``now`` (aware). With the ``facts`` of a record nothing is left open."""
    admitted = _admit(rulebook, evaluation, now)
    if isinstance(admitted, Decision):
        return admitted
    return _by_rules(rulebook, evaluation, admitted.purpose, _question(evaluation, admitted, now, facts))


def question_of(rulebook: Rulebook, evaluation: Evaluation, now: datetime, facts: Facts | None = None) -> Question | None:
    """What the rules are asked to decide a call; ``None`` where it is refused before it comes to that."""
    admitted = _admit(rulebook, evaluation, now)
    return None if isinstance(admitted, Decision) else _question(evaluation, admitted, now, facts)


class _Admitted(NamedTuple):
    """A call that has passed what comes before the rules: ``live`` are the approvals that cover it now."""

    approved: Approved
    live: tuple[Approval, ...]
    purpose: Purpose


def _admit(rulebook: Rulebook, evaluation: Evaluation, now: datetime) -> _Admitted | Decision:
    wanted = evaluation.context.get("purpose")
    purpose = rulebook.purposes.get(wanted) if isinstance(wanted, str) else None
    if purpose is None:
        return Decision(False, Reason.PURPOSE_UNKNOWN)
    if any(rulebook.purposes[name].forbidden for name in rulebook.broader[purpose.id]):
        return Decision(False, Reason.PURPOSE_FORBIDDEN, alert=True, purpose=purpose)
    approved = rulebook.organisations.get(evaluation.subject.id) if evaluation.subject.type == "organisation" else None
    approvals = approved.covering(purpose.id) if approved else ()
    if approved is None or not approvals:
        return Decision(False, Reason.PURPOSE_NOT_APPROVED, purpose=purpose)
    live = tuple(approval for approval in approvals if approval.live(now.astimezone(UTC).date()))
    if not live:
        return Decision(False, Reason.APPROVAL_EXPIRED, purpose=purpose)
    if purpose.emergency is not None and (against := objection(purpose.emergency, evaluation)):
        return Decision(False, against, purpose=purpose)
    return _Admitted(approved, live, purpose)


def _by_rules(rulebook: Rulebook, evaluation: Evaluation, purpose: Purpose, question: Question) -> Decision:
    kind, operation = evaluation.resource.type, evaluation.action.name
    share = rulebook.plans.of(purpose.id, evaluation.subject.id)
    plan = share.operations.get((kind, operation), Plan())
    ways = [(allow.rule.uid, allow.formula.true_when(question)) for allow in plan.allows]
    rows = _rows([way for _, way in ways], plan, question)
    if rows is False:
        reason, denying = _why_not(plan, question)
        return Decision(False, reason, denying, purpose=purpose)
    disclose: dict[str, Disclosure] = {}
    withhold: dict[str, Withheld] = {}
    write: dict[str, Disclosure] = {}
    if (kind, operation) in DISCLOSING:
        disclose, withhold = _attributes(share.disclose, question)
    if (kind, operation) in WRITING:
        write, _ = _attributes(share.write, question)
    rules = tuple(uid for uid, way in ways if way is not False)
    return Decision(True, None, rules, purpose=purpose, rows=rows, disclose=disclose, withhold=withhold, write=write)


def _rows(ways: Iterable[Residual], plan: Plan, question: Question) -> Residual:
    """Some way in, and no deny rule that is true or unknown."""
    allowed = residuals.any_of(ways)
    if allowed is False:
        return False
    return residuals.all_of([allowed, *(deny.formula.false_when(question) for deny in plan.denies)])


def _attributes(plan: AttributePlan, question: Question) -> tuple[dict[str, Disclosure], dict[str, Withheld]]:
    disclose: dict[str, Disclosure] = {}
    withhold: dict[str, Withheld] = dict.fromkeys(plan.never, "not-necessary")
    decided: list[Residual] = []
    for recipe, names in plan.recipes:
        ways = [allow.true_when(question) for allow in recipe.allows]
        if recipe.sources:
            ways.append(residuals.all_of(decided[source] for source in recipe.sources))
        allowed = residuals.any_of(ways)
        when = allowed and residuals.all_of([allowed, *(deny.false_when(question) for deny in recipe.denies)])
        decided.append(when)
        if when is False:
            withhold.update(dict.fromkeys(names, "not-necessary"))
        else:
            way = ALWAYS if when is True else Disclosure(when=when, otherwise=_otherwise(when))
            disclose.update(dict.fromkeys(names, way))
    return disclose, withhold


def _otherwise(when: Residual) -> Withheld:
    used = facts_used(when)
    if "consents" in used:
        return "consent-missing"
    return "not-assigned" if used & {"assigned", "created_by"} else "not-necessary"


_SAID_BY_CALLERS: Final = {
    "context.justification": Reason.JUSTIFICATION_MISSING,
    "subject.acting_user": Reason.ACTING_USER_MISSING,
}


def _why_not(plan: Plan, question: Question) -> tuple[Reason, tuple[str, ...]]:
    """The nearest reason, and the deny rules that applied whatever the record."""
    for path, missing in _SAID_BY_CALLERS.items():
        if path not in question.values:
            said = Question({**question.values, path: "given"}, question.open)
            if _rows((allow.formula.true_when(said) for allow in plan.allows), plan, said) is not False:
                return missing, ()
    applied = [deny.rule for deny in plan.denies if deny.formula.false_when(question) is False] if plan.allows else []
    spoken_of: frozenset[str] = frozenset().union(*(paths(rule.formula) for rule in applied))
    rules = tuple(rule.uid for rule in applied)
    if RECORD + "region_path" in spoken_of or "subject.regions" in spoken_of:
        return Reason.REGION_OUTSIDE_APPROVAL, rules
    if RECORD + "restricted" in spoken_of:
        return Reason.RESTRICTED, rules
    if RECORD + "objections" in spoken_of:
        return Reason.OBJECTED, rules
    return (Reason.DENIED_BY_RULE if applied else Reason.NOT_NECESSARY), rules


def standing(approved: Approved, live: Collection[Approval], purpose: str, day: date) -> dict[str, Value]:
    """What the rulebook alone says of an organisation that asks for a purpose; ``live`` are its approvals that cover it."""
    organisation = approved.organisation
    addressed = frozenset[object]((purpose, f"{purpose}@{organisation.id}"))
    return {
        "subject.id": organisation.id,
        "subject.organisation": organisation.id,
        "subject.kind": organisation.kind,
        "subject.purposes": frozenset[object](approved.purposes(day)),
        "subject.regions": frozenset[object]().union(*(approval.regions for approval in live)),
        "subject.roles": frozenset[object](approved.roles),
        # One pair of words, by two names: a consent covers this call with them, a share is addressed to it with them.
        "context.consent": addressed,
        "context.addressed": addressed,
        "context.objection": addressed if _may_be_objected_to(live) else frozenset[object](),
    }


def _may_be_objected_to(live: Iterable[Approval]) -> bool:
    """Whether the call rests on nothing else than what an objection ends: another basis carries it on (GDPR Art 21(1))."""
    return {approval.legal_basis for approval in live} <= OBJECTION_BASES


def _question(evaluation: Evaluation, admitted: _Admitted, now: datetime, facts: Facts | None) -> Question:
    moment = now.astimezone(UTC)
    standing_now = standing(admitted.approved, admitted.live, admitted.purpose.id, moment.date())
    values: dict[str, Value] = {**standing_now, MOMENT: moment.isoformat(), **said_by_caller(evaluation)}
    if facts is None:
        return Question(values, FACTS_OF.get(evaluation.resource.type, frozenset()))
    return Question(values | _fact_values(facts))


def said_by_caller(evaluation: Evaluation) -> dict[str, str]:
    """Path → value, for all that a question holds besides where its caller stands and the moment."""
    subject, resource, context = evaluation.subject, evaluation.resource, evaluation.context
    values: dict[str, str] = {}
    if resource.id != ANY_ID:
        values["resource.id"] = resource.id
        if resource.type in OWNED:
            values["resource.owner"] = resource.id
    for path, said in (
        ("subject.client", subject.properties.get("client")),
        ("subject.acting_user", subject.properties.get("acting_user")),
        ("subject.person", subject.properties.get("person")),
        ("context.case", context.get("case")),
        ("context.justification", context.get("justification")),
    ):
        if isinstance(said, str) and said.strip():
            values[path] = said
    return values


def _fact_values(facts: Facts) -> dict[str, Value]:
    return {RECORD + fact: _fact_value(value) for fact, value in facts.items()}


def _fact_value(value: Any) -> Value:
    return members(value) if isinstance(value, list | tuple | set | frozenset) else value
