"""What a rulebook lets every organisation do, see and write, and in which ways: the cells that people sign and compare.

Read from the plans that decisions follow, with nothing but the call and the record left open. It decides no call.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal

from policy_svc.approvals import Approved
from policy_svc.decisions import standing
from policy_svc.formulas import Values
from policy_svc.plans import AttributePlan, Plan, Share
from policy_svc.rulebook import Rulebook
from policy_svc.vocabulary import DISCLOSING, WRITING
from policy_svc.ways import NEVER, Ways, all_of, permitted, true_ways

Verb = Literal["operate", "disclose", "write"]
Item = tuple[Verb, str]
"""What a cell is about: an operation as ``person:read``, an attribute that is disclosed, or one that may be written."""


@dataclass(frozen=True, slots=True)
class View:
    """The cells of one organisation for one purpose on one day. An item that is missing is never open."""

    ways: Mapping[Item, Ways] = field(default_factory=dict)

    def of(self, verb: Verb) -> dict[str, Ways]:
        return {name: ways for (its, name), ways in self.ways.items() if its == verb}


NOTHING: Final = View()


def view(rulebook: Rulebook, organisation: str, purpose: str, day: date) -> View:
    """What the organisation is let do for the purpose on that day, over all records, callers and cases."""
    approved = rulebook.organisations.get(organisation)
    live = [approval for approval in approved.covering(purpose) if approval.live(day)] if approved else []
    if approved is None or not live or purpose not in rulebook.purposes or forbidden(rulebook, purpose):
        return NOTHING
    known = standing(approved, live, purpose, day)
    share = rulebook.plans.of(purpose, organisation)
    operations = _operations(share, known)
    ways: dict[Item, Ways] = {("operate", f"{kind}:{name}"): way for (kind, name), way in operations.items()}
    if operations.keys() & DISCLOSING:
        ways |= {("disclose", name): way for name, way in _attributes(share.disclose, known).items()}
    if operations.keys() & WRITING:
        ways |= {("write", name): way for name, way in _attributes(share.write, known).items()}
    return View(ways)


def forbidden(rulebook: Rulebook, purpose: str) -> bool:
    return any(rulebook.purposes[name].forbidden for name in rulebook.broader[purpose])


def turning_days(organisations: Iterable[Approved]) -> list[date]:
    """The days on which what the approvals say may change; between two of them it stays as it is."""
    approvals = [approval for approved in organisations for approval in approved.approvals]
    ends = {approval.last + timedelta(days=1) for approval in approvals if approval.last < date.max}
    return sorted({approval.first for approval in approvals} | ends)


def _operations(share: Share, known: Values) -> dict[tuple[str, str], Ways]:
    found = {call: _of_plan(plan, known) for call, plan in share.operations.items() if plan.allows}
    return {call: ways for call, ways in found.items() if ways != NEVER}


def _of_plan(plan: Plan, known: Values) -> Ways:
    allows = (true_ways(allow.formula.given(known)) for allow in plan.allows)
    return permitted(allows, (deny.formula.given(known) for deny in plan.denies))


def _attributes(plan: AttributePlan, known: Values) -> dict[str, Ways]:
    """As ``decisions`` goes through the recipes: whose sources are all open is open too, unless a deny rule applies."""
    found: dict[str, Ways] = {}
    decided: list[Ways] = []
    for recipe, names in plan.recipes:
        allows = [true_ways(allow.given(known)) for allow in recipe.allows]
        if recipe.sources:
            allows.append(all_of(decided[source] for source in recipe.sources))
        ways = permitted(allows, (deny.given(known) for deny in recipe.denies))
        decided.append(ways)
        if ways != NEVER:
            found.update(dict.fromkeys(names, ways))
    return found
