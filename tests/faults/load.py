"""The callers: organisations that go on with their work, bounded in number, whatever is done to the house meanwhile.

They remember what they were told, so that afterwards it can be asked whether all of it is still true.
"""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.leaks.canaries import Finder
from tests.leaks.cast import COMMON_SKILL, LEAVING, SOFIA, Somebody, cast, newcomer
from tests.leaks.consent_latency import RESTS_ON_CONSENT
from tests.leaks.expected import Expected
from tests.leaks.target import Registered, Target

from .asked import Asking

PAUSE: Final = 0.15  # seconds between two calls of one caller
EFFECTIVE: Final = 1.0  # seconds in which a withdrawal comes to have effect everywhere
AGENCY, RANKING, CONSENTS = "employment-agency", "job-ranking", "consent-management"
REGISTRAR, REGISTRATION = "reception-agency", "registration"
OWNER: Final = "vitosha-bakery"
SELF, OWN_ACCESS = "self-service", "data-subject-access"
WAVERING: Final = tuple(Somebody(f"wavering {number}", 500 + number, SOFIA, (AGENCY,)) for number in range(2))
"""People who agree and withdraw again and again."""

AGREES: Final = {"state": "given", "text_version": "1", "language": "en", "method": "paper", "expires_at": None}

KINDS: Final = frozenset(
    {"read", "list", "search", "changes", "candidates", "matches", "claim", "register", "consent", "withdrawal"}
)
"""What is asked."""

Turn = Callable[[], Awaitable[None]]


@dataclass
class Registration:
    """Somebody whom the registrar has sent, by the key under which it sends them. ``id`` once that was answered."""

    key: str
    id: str | None = None
    others: set[str] = field(default_factory=set)
    """Further ids that the same key was answered with: there must be none."""


@dataclass
class Wavering:
    """``agreed`` is what was acknowledged last; ``None`` while an answer is missing."""

    who: Somebody
    internal: str
    agreed: bool | None = False
    since: float = 0.0


@dataclass
class Load:
    """``ids``: organisation and purpose → person's name → id."""

    target: Target
    asking: Asking
    people: Sequence[Somebody]
    ids: Mapping[tuple[str, str], Mapping[str, str]]
    callers: Mapping[str, Registered]
    opportunity: str
    wavering: Sequence[Wavering]
    leaving: Registered
    leaving_as: str
    registered: list[Registration] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    _chance: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 -- nothing secret
    _cursor: str = ""
    _shown: dict[tuple[str, str, str], Mapping[str, Collection[str]]] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled."""
        reads = ((AGENCY, RANKING), (AGENCY, RANKING), ("danube-health", "health-access"), ("open-door-legal", "legal-aid"))
        turns: list[Turn] = [
            *(lambda who=organisation, why=purpose: self.read(who, why) for organisation, purpose in reads),
            *(self.list, self.search, self.follow, self.rank, self.match, self.claim, self.register),
            *(lambda each=each: self.waver(each) for each in self.wavering),
        ]
        async with asyncio.TaskGroup() as group:
            for turn in turns:
                group.create_task(self._again_and_again(turn))

    async def _again_and_again(self, turn: Turn) -> None:
        while True:
            await turn()
            await asyncio.sleep(PAUSE)

    async def read(self, organisation: str, purpose: str) -> None:
        name, identity = self._chance.choice(list(self.ids[organisation, purpose].items()))
        await self._ask("read", organisation, purpose, "GET", f"/v1/persons/{identity}", only=name)

    async def list(self) -> None:
        await self._ask("list", AGENCY, RANKING, "GET", "/v1/persons?limit=50")

    async def search(self) -> None:
        await self._ask("search", AGENCY, RANKING, "POST", "/v1/persons/search", operation="list", json={"limit": 50})

    async def follow(self) -> None:
        answer = await self._ask("changes", AGENCY, RANKING, "GET", f"/v1/persons/changes?limit=50{self._cursor}")
        if answer is not None and answer.is_success:
            self._cursor = f"&since={answer.json()['cursor']}" if answer.json()["changes"] else ""

    async def rank(self) -> None:
        path = f"/v1/opportunities/{self.opportunity}/candidates?limit=10"
        await self._ask("candidates", OWNER, "anonymous-shortlist", "GET", path, operation="match")

    async def match(self) -> None:
        path = f"/v1/persons/{self.ids[AGENCY, RANKING]['plain']}/matches?kind=job&limit=5"
        await self._ask("matches", AGENCY, RANKING, "GET", path, operation="match")

    async def claim(self) -> None:
        """What no rule allows: with whatever goes wrong inside, the answer must not become a yes."""
        identity = self.ids[AGENCY, RANKING]["most-open"]
        await self._ask("claim", OWNER, RANKING, "GET", f"/v1/persons/{identity}", refused=True, shows={})

    async def register(self) -> None:
        """Somebody new, until that is answered; then, now and then, the same once more: nobody is there twice."""
        if not self.registered or self.registered[-1].id is not None:
            if self.registered and self._chance.random() < 0.2:
                await self.send(self._chance.choice(self.registered))
                return
            self.registered.append(Registration(secrets.token_hex(8)))
        await self.send(self.registered[-1])

    async def send(self, one: Registration) -> None:
        who = newcomer(REGISTRAR)
        answer = await self._ask(
            "register",
            REGISTRAR,
            REGISTRATION,
            "POST",
            "/v1/persons",
            operation="create",
            headers={"Idempotency-Key": one.key},
            json={"attributes": who.values},
        )
        if answer is None or not answer.is_success:
            return
        identity = str(answer.json()["id"])
        if one.id not in (None, identity):
            one.others.add(identity)
        one.id = one.id or identity

    async def waver(self, one: Wavering) -> None:
        """A yes or a no; and what rests on it is seen, or not, from then on."""
        said = one.agreed is not True
        path = f"/v1/persons/{self.ids[AGENCY, CONSENTS][one.who.name]}/consents/{RANKING}"
        one.agreed = None
        if said:
            answer = await self._ask("consent", AGENCY, CONSENTS, "PUT", path, json=AGREES, shows={})
        else:
            answer = await self._ask("withdrawal", AGENCY, CONSENTS, "DELETE", path, shows={})
        if answer is not None and (answer.is_success or answer.status_code == 404):
            one.agreed, one.since = said, time.monotonic()
            await asyncio.sleep(EFFECTIVE)
            await self.look(one)

    async def look(self, one: Wavering) -> bool:
        """Whether it could be seen how it stands with what rests on the consent; that must be as was acknowledged."""
        path = f"/v1/persons/{self.ids[AGENCY, RANKING][one.who.name]}?fields={RESTS_ON_CONSENT}"
        answer = await self._ask("read", AGENCY, RANKING, "GET", path, only=one.who.name)
        if answer is None or not answer.is_success:
            return False
        shown = RESTS_ON_CONSENT in answer.json()["attributes"]
        if one.agreed is not None and shown is not one.agreed:
            what = "is shown" if shown else "is withheld"
            self.broken.append(f"what rests on a consent {what} although the opposite was acknowledged ({one.who.name})")
        return True

    async def leave(self) -> int:
        """What somebody hears who asks to be erased."""
        return (await self.leaving.once("DELETE", f"/v1/persons/{self.leaving_as}", OWN_ACCESS)).status_code

    async def is_there(self) -> bool:
        """Whether that somebody can still read what is held of them."""
        return (await self.leaving.once("GET", f"/v1/persons/{self.leaving_as}", OWN_ACCESS)).status_code == 200

    async def _ask(
        self,
        kind: str,
        organisation: str,
        purpose: str,
        method: str,
        path: str,
        *,
        operation: str | None = None,
        only: str | None = None,
        shows: Mapping[str, Collection[str]] | None = None,
        **options: Any,
    ) -> httpx.Response | None:
        if shows is None:
            shows = self._shows(organisation, purpose, operation or kind)
            shows = shows if only is None else {only: shows[only]}
        return await self.asking.ask(self.callers[organisation], kind, method, path, purpose, shows=shows, **options)

    def _shows(self, organisation: str, purpose: str, operation: str) -> Mapping[str, Collection[str]]:
        if (organisation, purpose, operation) not in self._shown:
            self._shown[organisation, purpose, operation] = self._allowed(organisation, purpose, operation)
        return self._shown[organisation, purpose, operation]

    def _allowed(self, organisation: str, purpose: str, operation: str) -> Mapping[str, Collection[str]]:
        """What may be seen of everybody; of those who waver, what may be seen at one time or another."""
        asking = Expected(organisation, purpose)
        seen = {who.name: asking.sees(who, operation) for who in (*self.people, newcomer(REGISTRAR))}
        for one in self.wavering:
            agreeing = Somebody(one.who.name, one.who.number, SOFIA, one.who.assigned, (RANKING,))
            seen[one.who.name] = asking.sees(one.who, operation) | asking.sees(agreeing, operation)
        return seen


@asynccontextmanager
async def at_work(load: Load) -> AsyncIterator[None]:
    """The callers go on with their work meanwhile; whatever they stumbled over is raised in the end."""
    working = asyncio.create_task(load.run())
    try:
        yield
        if working.done():
            await working
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def prepared(target: Target) -> Load:
    """The cast, those who waver, a job that they are ranked for, and a client of each organisation that calls."""
    people = cast()
    everybody = [*people, *WAVERING]
    home = {"residence": {"municipality": "Sofia", "nuts": "BG411", "settlement": "Sofia"}}
    leaving = {**LEAVING.line(), "attributes": home, "verified": {}}
    *internal, gone = await target.put([*(who.line() for who in everybody), leaving])
    asked = ((AGENCY, RANKING), ("danube-health", "health-access"), ("open-door-legal", "legal-aid"))
    ids = {
        each: {who.name: await target.pairwise(known, *each) for who, known in zip(people, internal, strict=False)}
        for each in asked
    }
    wavering = [Wavering(who, known) for who, known in zip(everybody, internal, strict=True) if who in WAVERING]
    ids[AGENCY, CONSENTS] = {one.who.name: await target.pairwise(one.internal, AGENCY, CONSENTS) for one in wavering}
    ids[AGENCY, RANKING] |= {one.who.name: await target.pairwise(one.internal, AGENCY, RANKING) for one in wavering}
    callers = {name: await target.client(name) for name in {AGENCY, REGISTRAR, OWNER, "danube-health", "open-door-legal"}}
    finder = Finder([canary for who in (*everybody, newcomer(REGISTRAR)) for canary in who.canaries])
    opportunity = await _offer(callers[OWNER])
    own = await target.client(SELF, gone), await target.pairwise(gone, SELF, OWN_ACCESS)
    load = Load(target, Asking(finder), people, ids, callers, opportunity, wavering, *own)
    await _until_ranked(load)
    return load


async def _offer(owner: Registered) -> str:
    body = {"kind": "job", "title": "A job", "region": "BG411", "essential_skills": [COMMON_SKILL]}
    answer = await owner("POST", "/v1/opportunities", "opportunity-management", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _until_ranked(load: Load) -> None:
    for _ in range(300):
        await load.rank()
        if load.asking.calls[-1].about:
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError("matching-svc did not come to know the people")
    load.asking.calls.clear()
