"""Permits that were decided before, so that the same question is not worked out for every person that it is asked about. Pure.

INVARIANT: the key holds everything that goes into a decision: the rulebook (whose memory this is), the call, the day on which
approvals are live, and of what the caller says each value that any rule of this call reads. What depends on the moment, and
whoever breaks the glass, is decided anew each time; so is every refusal.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from policy_svc.decisions import MOMENT, Decision, decide, said_by_caller
from policy_svc.formulas import paths
from policy_svc.granting import make_grant
from policy_svc.plans import Share
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation

MOST: Final = 2_000
"""Permits in memory, the latest."""

Call = tuple[str, str, str, str]
"""Purpose, organisation, resource type, operation."""
Key = tuple[Call, int, tuple[str | None, ...]]


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and on a permit the terms of its grant, as JSON (``Grant.terms``)."""

    decision: Decision
    terms: str = ""


class Memory:
    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._permits: OrderedDict[Key, Decided] = OrderedDict()
        self._paths: dict[Call, tuple[str, ...]] = {}

    def decide(self, evaluation: Evaluation, now: datetime) -> Decided:
        """What ``decide`` says at ``now`` (aware)."""
        key = self._key(evaluation, now)
        known = None if key is None else self._permits.get(key)
        if known is not None and key is not None:
            self._permits.move_to_end(key)
            return known
        decision = decide(self._rulebook, evaluation, now)
        if not decision.permit:
            return Decided(decision)
        decided = Decided(decision, make_grant(decision, evaluation, self._rulebook.revision, "", now).terms())
        if key is not None:
            self._remember(key, decided)
        return decided

    def _remember(self, key: Key, decided: Decided) -> None:
        self._permits[key] = decided
        if len(self._permits) > MOST:
            self._permits.popitem(last=False)

    def _key(self, evaluation: Evaluation, now: datetime) -> Key | None:
        """``None``: not to be remembered."""
        named = evaluation.context.get("purpose")
        purpose = self._rulebook.purposes.get(named) if isinstance(named, str) else None
        if purpose is None or purpose.emergency is not None or evaluation.subject.type != "organisation":
            return None
        call = (purpose.id, evaluation.subject.id, evaluation.resource.type, evaluation.action.name)
        read = self._read(call)
        if read is None or MOMENT in read:
            return None
        said = said_by_caller(evaluation)
        return call, now.astimezone(UTC).toordinal(), tuple(map(said.get, read))

    def _read(self, call: Call) -> tuple[str, ...] | None:
        """Every path that a rule of this call reads; ``None`` for a call that there is not. As many are kept as there are."""
        purpose, organisation, kind, operation = call
        if call not in self._paths:
            share = self._rulebook.plans.of(purpose, organisation)
            if organisation not in self._rulebook.organisations or (kind, operation) not in share.operations:
                return None
            self._paths[call] = tuple(sorted(_paths(share, kind, operation)))
        return self._paths[call]


def _paths(share: Share, kind: str, operation: str) -> frozenset[str]:
    plan = share.operations[kind, operation]
    formulas = [remainder.formula for remainder in (*plan.allows, *plan.denies)]
    for recipe, _ in (*share.disclose.recipes, *share.write.recipes):
        formulas += [*recipe.allows, *recipe.denies]
    return frozenset().union(*map(paths, formulas))
