"""Whether conditions are true of people: yes, no or unknown, and never a value. Asked about those who agreed to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from profile_svc import reading
from profile_svc.attributes import Attributes
from profile_svc.disclosure import is_disclosed
from profile_svc.store.vault import Vault
from stena.contracts.access import Grant
from stena.contracts.eligibility import Answer, EligibilityAnswers, EligibilityQuestion
from stena.contracts.matching import Condition


async def check(vault: Vault, grant: Grant, attributes: Attributes, asked: EligibilityQuestion) -> EligibilityAnswers:
    """INVARIANT: whoever is outside the grant's rows, which hold who agreed, gets the answer of whom nothing is known."""
    wanted = sorted({each.attribute for each in asked.conditions if is_disclosed(grant, each.attribute)})
    seen_by = reading.viewer(vault, grant, attributes, wanted)
    views = await reading.resolve(vault, seen_by, list(asked.ids))
    known = {view["id"]: view["attributes"] for view in views}
    return EligibilityAnswers(answers={str(each): answer(asked.conditions, known.get(str(each), {})) for each in asked.ids})


def answer(conditions: Sequence[Condition], values: Mapping[str, Any]) -> Answer:
    """Whether all are true; one that is not decides, before one that is not known."""
    found = {_holds(condition, values.get(condition.attribute)) for condition in conditions}
    return "no" if "no" in found else "unknown" if "unknown" in found else "yes"


def _holds(condition: Condition, value: Any) -> Answer:
    """A comparison that makes no sense is unknown: it shuts nobody out."""
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if not wanted or any(type(value) is not type(each) for each in wanted) or condition.operator not in ("eq", "in"):
        return "unknown"
    return "yes" if value in wanted else "no"
