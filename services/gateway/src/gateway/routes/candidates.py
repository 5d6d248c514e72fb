"""Who fits an opportunity. Ranked people come in chunks from matching-svc and are looked up under the caller's own grant.

INVARIANT: everybody is ranked with what is disclosed of everybody; what is disclosed of some is no ground for an order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Response

from gateway.calls import Call, Permit, Question, Shown, Stated
from gateway.eligibility import Pair, shortlisted
from gateway.firewall import pass_through
from gateway.identity import Unreadable
from gateway.languages import spoken
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, Surplus, View, check_page, members, seen, withheld_count
from gateway.replies import Names, Reply, disclosure, respond
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.eligibility import ask_the_source
from gateway.routes.headers import CallerStates
from gateway.routes.matches import OPPORTUNITY, PERSON, Limit, pair_for_caller
from gateway.routes.opportunities import OpportunityId
from gateway.routes.selections import record_shown
from gateway.upstreams import MANY
from gateway.views import people as views
from stena.contracts.matching import KIND_PURPOSE, MATCHING_ORGANISATION

router = APIRouter(prefix="/v1", tags=["Matching"])

MATCH_OPPORTUNITY = (Question("match", "person"), Question("match", "opportunity", "opportunity"))

CHUNK: Final = 50
MOST_TRIED: Final = 1_000

_CANDIDATE: Final = frozenset({"person", "score", "eligible", "explanation"})


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked, and what the caller stated when asking it."""

    states: Stated
    opportunity: str
    limit: int
    languages: list[str]


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates who may be seen, best first."""

    pairs: tuple[tuple[View, Pair], ...]
    truncated: bool


@router.get(
    "/opportunities/{id}/candidates",
    operation_id="listCandidates",
    summary="Who fits an opportunity",
    response_model=views.CandidateList,
)
async def list_candidates(
    opportunity: OpportunityId,
    states: CallerStates,
    gateway: Gateway,
    limit: Limit = 10,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Best first, each as the purpose lets the person be seen, with reasons. `truncated` says that not everybody who might
    fit was looked at."""

    async def fetch(permit: Permit) -> Found:
        found = await _candidates(gateway, permit, Search(states, opportunity, limit, spoken(accept_language)))
        await record_shown(gateway, permit.passes[OPPORTUNITY], opportunity, (pair for _, pair in found.pairs))
        return found

    def redact(permit: Permit, found: Found) -> Shown[Reply]:
        return _shown_candidates(gateway, permit, found, limit, accept_language)

    return respond(await pass_through(gateway.wall, Call(states, MATCH_OPPORTUNITY, opportunity=opportunity), fetch, redact))


async def _candidates(gateway: Parts, permit: Permit, search: Search) -> Found:
    """Ranked people in chunks, resolved under the caller's grant, until there are enough or too many were tried."""
    found: list[tuple[View, Pair]] = []
    tried: set[str] = set()
    for offset in range(0, MOST_TRIED, CHUNK):
        ranked = await _chunk(gateway, permit, search, offset)
        # The ranking may shift between two chunks, and somebody come up again.
        by_person = {person: pair for person, pair in (await _opened(gateway, ranked)).items() if person not in tried}
        tried |= by_person.keys()
        found += await _eligible(gateway, search, ranked, await _resolved(gateway, permit, by_person))
        if not ranked["more"] or len(found) >= search.limit:
            return Found(tuple(found[: search.limit]), truncated=ranked["more"] or len(found) > search.limit)
    return Found(tuple(found), truncated=True)


async def _chunk(gateway: Parts, permit: Permit, search: Search, offset: int) -> Mapping[str, Any]:
    disclose = permit.passes[PERSON].grant.disclose
    attributes = sorted(name for name, each in disclose.items() if each.when is True)
    request = {"attributes": attributes, "languages": search.languages, "offset": offset, "limit": CHUNK}
    path = ["opportunities", search.opportunity, "candidates"]
    ranked = await gateway.matching.ask("POST", path, permit.passes[OPPORTUNITY], within=MANY, json=request)
    return members(ranked.body, {"kind", "candidates", "more"}, "candidates", {"conditions"})


async def _opened(gateway: Parts, ranked: Mapping[str, Any]) -> dict[str, Pair]:
    """The pairs of a chunk by internal id of the person, in the order of rank."""
    scope = await gateway.decisions.scope(MATCHING_ORGANISATION, KIND_PURPOSE[ranked["kind"]])
    try:
        return {gateway.ids.open(each["person"], scope): each for each in ranked["candidates"]}
    except Unreadable:
        raise Surplus("a candidate's id is not of matching-svc") from None


async def _resolved(gateway: Parts, permit: Permit, by_person: Mapping[str, Pair]) -> list[tuple[View, Pair]]:
    """Those whom the caller may see, in the order of rank."""
    if not by_person:
        return []
    body = {"ids": list(by_person)}
    answer = await gateway.profile.ask("POST", ["persons", "resolve"], permit.passes[PERSON], within=MANY, json=body)
    people = members(answer.body, {"people", "more"}, "page")["people"]
    wall = PersonWall(permit.passes[PERSON].grant)
    return [(wall.check(view, by_person), by_person[view["id"]]) for view in people]


async def _eligible(
    gateway: Parts, search: Search, ranked: Mapping[str, Any], found: list[tuple[View, Pair]]
) -> list[tuple[View, Pair]]:
    """Without those of whom the source says no to an approved condition. Asked about those alone whom the caller may see."""
    conditions = ranked.get("conditions") or []
    if not conditions or not found:
        return found
    people = [view["id"] for view, _ in found]
    answers = await ask_the_source(gateway, search.states, conditions, people)
    return shortlisted(found, answers, {each["approval"] for each in conditions})


def _shown_candidates(gateway: Parts, permit: Permit, found: Found, limit: int, accept_language: str | None) -> Shown[Reply]:
    name = Names(gateway.ids, permit)
    people = [view for view, _ in found.pairs]
    check_page(people, limit)
    shown = [
        {
            "person": name.person(view),
            **pair_for_caller(members(pair, _CANDIDATE, "candidate"), view["attributes"].keys(), accept_language),
        }
        for view, pair in found.pairs
    ]
    content = {"candidates": shown, "truncated": found.truncated, "disclosure": disclosure(permit)}
    return Shown(Reply(content), tuple(map(seen, people)), withheld_count(people))
