"""Twin worlds: one withheld value differs between them, and every answer has to be the same byte for byte.

The second world is the first one, in which that value has been flipped. So ids, ETags and times are compared too; only what
is drawn anew for every answer (ids of decisions and traces, sealed cursors, the date) is left out, and what follows from how
often somebody has called: what is left of their limits, and whether nginx ends the connection, which it does after a thousand.
"""

import asyncio
import re
from collections.abc import Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx

from stena.contracts.matching import KIND_PURPOSE
from tests.system.test_purposes_operations import FOLLOWED, FOLLOWER

from .asking import JUSTIFICATION, Stand, answer_text
from .calls.common import KINDS, path
from .cast import Somebody
from .expected import Expected, everybody_asking
from .flips import changed, flips
from .matrix import stand_of
from .report import Figure, Progress, Section, unwatched
from .target import Target
from .world import World

FEED: Final = "changes"
FLIPPED: Final = ("plain", "most-open")
"""Of whom most is withheld, and of whom least is."""

SHORT: Final = frozenset({"job-ranking", "anonymous-shortlist", "mentoring"})
SHORT_STEP: Final = 7
READING_AGAIN: Final = 1.5
"""Seconds in which matching-svc has read what it may see of a change."""

_DRAWN_ANEW: Final = re.compile(
    r"dec_[0-9a-f-]{36}|(?<=traceresponse: )\S+|(?<=date: ).+|(?<=ratelimit: ).+|(?<=\nconnection: ).+|(?<=content-length: ).+"
    r'|urn:trace:[0-9a-f]{32}|(?<="cursor":")[^"]*|(?<="next":")[^"]*|(?<=cursor=)[^>&]*'
)
"""With the length, which follows from those that a cursor has."""

AT_ONCE: Final = 8

Found = TypeVar("Found")
Values = Mapping[str, Any]
Snapshot = Mapping[str, str]
"""Call → the whole answer."""


async def run(target: Target, world: World, *, short: bool = False, progress: Progress = unwatched) -> Section:
    """Flip every attribute of some people, one after the other, and look at them as everybody who is approved."""
    asked = [each for each in everybody_asking() if each.approved and each.organisation != "self-service"]
    if short:
        asked = [next(each for each in asked if each.purpose == purpose) for purpose in sorted(SHORT)]
    stands = [await stand_of(target, world, each) for each in asked]
    people = [who for who in world.people if who.name in FLIPPED[-1 if short else 0 :]]
    steps = [(who, *flip) for who in people for flip in flips(who)[:: SHORT_STEP if short else 1]]
    twins, values = Twins(), dict[str, Values]()
    cursors = await _few_at_once(_caught_up(stand) for stand in stands)
    before: Sequence[Snapshot] = ()
    for done, (who, name, value) in enumerate(steps):
        if who.name not in values:
            values[who.name] = who.values
            before = await _few_at_once(_answered_ones(*each, who) for each in zip(stands, cursors, strict=True))
        differ = await _flip(target, who, values, name, value)
        after = await _few_at_once(_snapshot(*each, who) for each in zip(stands, cursors, before, strict=True))
        for stand, was, now in zip(stands, before, after, strict=True):
            twins.compare(stand, who, name, differ, was, now)
        # A feed that is followed to its end has nothing to tell, and that is what it is compared with.
        before = [
            {call: was[call] if call == FEED else text for call, text in now.items()}
            for was, now in zip(before, after, strict=True)
        ]
        cursors = await _few_at_once(_caught_up(*each) for each in zip(stands, cursors, strict=True))
        progress(done + 1, len(steps))
    return twins.section(len(steps), len(stands))


@dataclass
class Twins:
    """``told`` counts what has to differ and does: flips that nobody noticed at all would prove nothing."""

    compared: int = 0
    told: int = 0
    findings: list[str] = field(default_factory=list)

    def compare(
        self, stand: Stand, who: Somebody, name: str, differ: frozenset[str], before: Snapshot, after: Snapshot
    ) -> None:
        """``differ``: the attributes in which the worlds differ."""
        asking = stand.asking
        seen = frozenset[str]().union(*(asking.sees(who, operation) for operation in ("read", "list", "match", "changes")))
        if seen & differ:
            self.told += before != after
            return
        self.compared += len(after)
        for call, text in after.items():
            if text != before[call]:
                self.findings.append(f"{asking.organisation}, {asking.purpose}, {call}: {name} of {who.name} shows")

    def section(self, flipped: int, callers: int) -> Section:
        figures = (
            Figure("values flipped", flipped),
            Figure("callers (organisation and purpose)", callers),
            Figure("pairs of answers compared", self.compared),
            Figure("callers who saw a flip, as they may", self.told, "more than 0", self.told > 0),
            Figure("answers that tell of a withheld flip", len(self.findings), "0", not self.findings),
        )
        return Section("Twin worlds", figures, tuple(self.findings))


async def _few_at_once(questions: Iterable[Coroutine[Any, Any, Found]]) -> list[Found]:
    """What each stand's question brings: nobody's answers depend on what others ask meanwhile."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(question: Coroutine[Any, Any, Found]) -> Found:
        async with room:
            return await question

    return await asyncio.gather(*map(one, questions))


async def _flip(target: Target, who: Somebody, values: dict[str, Values], name: str, value: Any) -> frozenset[str]:
    before, after = values[who.name], {**values[who.name], name: value}
    await target.put([who.line() | {"attributes": after}])
    values[who.name] = after
    differ = changed(before, after)
    if any(Expected(FOLLOWER, purpose).sees(who, "changes") & differ for purpose in FOLLOWED):
        await asyncio.sleep(READING_AGAIN)
    return differ


async def _snapshot(stand: Stand, cursor: str | None, calls: Collection[str], who: Somebody) -> Snapshot:
    asked = {call: where for call, where in _calls(stand, who, cursor) if call in calls}
    return {call: _DRAWN_ANEW.sub("", answer_text(await _ask(stand, where))) for call, where in asked.items()}


async def _answered_ones(stand: Stand, cursor: str | None, who: Somebody) -> Snapshot:
    """The first look: every answer in which ``who`` could show. What is refused whole is the matrix's, and not asked again."""
    asked = {call: await _ask(stand, where) for call, where in _calls(stand, who, cursor)}
    return {call: _DRAWN_ANEW.sub("", answer_text(answer)) for call, answer in asked.items() if answer.status_code != 403}


def _calls(stand: Stand, who: Somebody, cursor: str | None) -> Iterator[tuple[str, str]]:
    purpose = stand.asking.purpose
    yield "read", path(stand, who)
    yield "list", "/v1/persons?limit=500"
    yield "export", "/v1/persons/export"
    for about in ("notes", "cases", "corrections", "objections", "restrictions"):
        yield about, path(stand, who, f"/{about}")
    if cursor is not None:
        yield FEED, f"/v1/persons/changes?since={cursor}"
    for kind in sorted(kind for kind in KIND_PURPOSE if kind in KINDS[purpose]):
        yield f"matches {kind}", path(stand, who, f"/matches?kind={kind}&limit=100")
        yield f"skill gaps {kind}", path(stand, who, f"/skill-gaps?kind={kind}&limit=20")
        yield f"skill gaps {kind}", path(stand, who, f"/skill-gaps?kind={kind}&limit=20")
    for opportunity, (_, kind) in stand.opportunities.items():
        if kind in KINDS[purpose]:
            yield f"candidates {kind}", f"/v1/opportunities/{opportunity}/candidates?limit=100"
            yield f"decisions {kind}", f"/v1/opportunities/{opportunity}/decisions?limit=200"
    for name in ("municipality", "education_level"):
        yield f"sort {name}", f"/v1/persons?limit=500&sort={name}"


async def _ask(stand: Stand, where: str) -> httpx.Response:
    return await stand.caller("GET", where, stand.asking.purpose, headers=JUSTIFICATION)


async def _caught_up(stand: Stand, cursor: str | None = None) -> str | None:
    """Where the feed goes on for this caller; ``None`` where it follows none."""
    while True:
        since = "" if cursor is None else f"&since={cursor}"
        answer = await _ask(stand, f"/v1/persons/changes?limit=500{since}")
        if answer.status_code != 200:
            return None
        cursor = answer.json()["cursor"]
        if not answer.json()["more"]:
            return cursor
