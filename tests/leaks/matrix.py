"""The canary matrix: every organisation, for every purpose, makes every call, and nothing that is withheld comes back."""

import asyncio
from collections.abc import Sequence
from typing import Final

from .asking import Fault, Findings, Stand, told
from .calls import CALLS, Effort
from .calls.common import may
from .canaries import Finder
from .cast import LEAVING
from .documented import never_answered
from .expected import ATTRIBUTES, Expected, everybody_asking
from .report import Figure, Progress, Section, unwatched
from .target import Target
from .world import World

SPEAKING: Final = ("plain", "restricted", "minor-most-open", "most-open", LEAVING.name)
"""Who of the cast has a client of their own."""

AT_ONCE: Final = 4
SHORT: Final = frozenset({"job-ranking", "anonymous-shortlist", "data-subject-access", "case-continuity"})
MADE_FOR: Final = frozenset(
    {
        *("registration", "consent-management", "opportunity-management", "mentoring", "data-protection-audit"),
        *("fairness-audit", "deduplication", "administration"),
    }
)
SPEAKING_SHORT: Final = ("minor-most-open", LEAVING.name)
STEP: Final = 25
"""The short form: two callers who are approved for each of the first purposes, one for each of those that some calls are made
for alone, a few of all others, and every twenty-fifth attribute and mistake."""


async def run(target: Target, world: World, *, short: bool = False, progress: Progress = unwatched) -> Section:
    findings = Findings()
    everybody = list(everybody_asking())
    asked, speaking = (_short(everybody), SPEAKING_SHORT) if short else (everybody, SPEAKING)
    stands = [stand for each in asked for stand in await _stands(target, world, each, speaking, findings)]
    done, room = 0, asyncio.Semaphore(AT_ONCE)

    async def visit(number: int, stand: Stand) -> None:
        nonlocal done
        async with room:
            for ask in CALLS.values():
                await ask(stand, Effort(STEP if short else 1, number))
        done += 1
        progress(done, len(stands))

    # Whoever is erased takes every client with them that speaks for them: nobody may be asking as one of those any more.
    stands.sort(key=lambda stand: may(stand, "person", "erase") and stand.asking.speaks_for == LEAVING.name)
    *others, last = (visit(number, stand) for number, stand in enumerate(stands))
    await asyncio.gather(*others)
    await last
    findings.faults += await left_behind(target, world.finder)
    findings.faults += await left_out(target, findings)
    return section(findings, len(stands))


async def left_behind(target: Target, finder: Finder) -> list[Fault]:
    """What the operator can read afterwards holds no value of anybody."""
    kept = {
        "logs": await target.logs(),
        "metrics": await target.metrics(),
        "traces": await target.spans(),
        "ledger": await target.ledger(),
    }
    return [Fault("leak", f"{where}: a value of {told(canary)}") for where, text in kept.items() for canary in finder(text)]


async def left_out(target: Target, findings: Findings) -> list[Fault]:
    """Every call of the document was made by somebody to whom it was answered."""
    async with target.http() as http:
        document = (await http.get("/openapi.json")).json()
    return [Fault("fault", f"{each}: no call was ever answered") for each in never_answered(document, findings.answered)]


def section(findings: Findings, callers: int) -> Section:
    leaks, lost, faults = (findings.count(kind) for kind in ("leak", "over-redaction", "fault"))
    figures = (
        Figure("callers (organisation and purpose)", callers),
        Figure("answers read", findings.answers),
        Figure("cells tried", len(findings.cells)),
        Figure("leaks", leaks, "0", leaks == 0),
        Figure("over-redactions", lost, "0", lost == 0),
        Figure("other faults", faults, "0", faults == 0),
    )
    found = tuple(f"{fault.kind}: {fault.text}" for fault in findings.faults)
    return Section("Canary matrix", figures, found, {"attributes": len(ATTRIBUTES), "calls": list(CALLS)})


def _short(asked: Sequence[Expected]) -> list[Expected]:
    approved = {purpose: [each for each in asked if each.approved and each.purpose == purpose] for purpose in SHORT | MADE_FOR}
    some = [each for purpose, all_ in sorted(approved.items()) for each in all_[: 2 if purpose in SHORT else 1]]
    return [*some, *asked[::90]]


async def _stands(target: Target, world: World, asking: Expected, speaking: Sequence[str], findings: Findings) -> list[Stand]:
    """A person's own client stands there once for each of several people."""
    asked = [asking]
    if asking.organisation == "self-service":
        asked = [Expected(asking.organisation, asking.purpose, name) for name in speaking]
    return [await stand_of(target, world, each, findings) for each in asked]


async def stand_of(target: Target, world: World, asking: Expected, findings: Findings | None = None) -> Stand:
    """``asking`` with a client of its own, and the ids by which it knows the cast."""
    caller = await target.client(asking.organisation, world.internal[asking.speaks_for] if asking.speaks_for else None)
    organisation, purpose = asking.organisation, asking.purpose
    ids = {name: await target.pairwise(internal, organisation, purpose) for name, internal in world.internal.items()}
    return Stand(
        asking,
        caller,
        world.people,
        world.newcomers,
        ids,
        world.opportunities,
        world.referrals,
        world.written,
        world.finder,
        findings or Findings(),
    )
