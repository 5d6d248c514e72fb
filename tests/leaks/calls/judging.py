"""What people decide of candidates, and how groups fare: words and counts, and no value of anybody."""

from datetime import UTC, datetime
from typing import Final, get_args

from stena.contracts.fairness import Audited
from tests.leaks.asking import Fault, Stand

from .common import KINDS, Effort, listed, may, names

SAID: Final = {"outcome": "moved", "to_rank": 2, "reason": "other"}


async def decisions(stand: Stand, effort: Effort) -> None:
    """Of the first of those who are shown; of each opportunity that the caller may match."""
    permitted = may(stand, "selection", "record") and may(stand, "person", "match")
    own = stand.asking.may("selection", "record") == "own"
    for opportunity, (owner, kind) in list(stand.opportunities.items())[: None if permitted else 1]:
        reached = permitted and kind in KINDS[stand.asking.purpose] and not (own and owner != stand.asking.organisation)
        if permitted and not reached:
            continue
        shown = await _shown(stand, opportunity) if reached else [stand.ids[stand.people[-1].name]]
        for person in shown[:1]:
            await _decide(stand, opportunity, person, reached)
        await _decided(stand, opportunity, reached)


async def _shown(stand: Stand, opportunity: str) -> list[str]:
    where = f"/v1/opportunities/{opportunity}/candidates?limit=100"
    answer = await stand.ask("decisions", "GET", where, status=200, shows=stand.sees("match"))
    return [each["person"]["id"] for each in answer.json()["candidates"]] if answer.is_success else []


async def _decide(stand: Stand, opportunity: str, person: str, permitted: bool) -> None:
    where = f"/v1/opportunities/{opportunity}/candidates/{person}/decision"
    await stand.ask("decisions", "POST", where, status=201 if permitted else 403, json=SAID, says_why=permitted)


async def _decided(stand: Stand, opportunity: str, permitted: bool) -> None:
    """Of those whom the caller may see alone."""
    where = f"/v1/opportunities/{opportunity}/decisions?limit=200"
    answer = await stand.ask("decisions", "GET", where, status=200 if permitted else 403, says_why=permitted)
    if answer.is_success:
        known = names(stand)
        there = {known[each["person"]].name for each in answer.json()["selections"] if each["person"] in known}
        hidden = sorted(there - listed(stand, "match"))
        stand.note("decisions", [Fault("leak", f"{name} is among those decided of") for name in hidden])


async def audits(stand: Stand, effort: Effort) -> None:
    """Each attribute that groups are made by. Groups that are too small, and nearly the same people again, are refused."""
    permitted = may(stand, "audit", "run") and may(stand, "outcome", "read")
    today = datetime.now(UTC).date().isoformat()
    for attribute in get_args(Audited) if permitted else get_args(Audited)[:1]:
        body = {"kind": "job", "since": today, "until": today, "attribute": attribute}
        await stand.ask("audits", "POST", "/v1/audits", status={200, 409} if permitted else 403, attribute=attribute, json=body)
