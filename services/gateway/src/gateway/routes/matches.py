"""What fits a person, and who fits an opportunity. Two grants in one call: one on people, one on opportunities.

INVARIANT: matching-svc ranks and explains with those attributes alone that this very call's decision discloses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from gateway import views
from gateway.calls import Call, Permit, Question, Seen, Shown
from gateway.firewall import pass_through
from gateway.identity import Unreadable
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, Surplus, View, check_page, explanation, members, seen, withheld_count
from gateway.replies import Json, Names, Reply, disclosure, respond
from gateway.routes.headers import CallerStates
from gateway.routes.opportunities import OpportunityId, checked
from gateway.routes.people import PersonId
from gateway.upstreams import MANY
from stena.contracts.matching import KIND_PURPOSE, MATCHING_ORGANISATION, OpportunityKind

router = APIRouter(prefix="/v1", tags=["Matching"])

PERSON, OPPORTUNITY = 0, 1  # in this order stand the questions, and so the grants
MATCH_PERSON = (Question("match", "person", "person"), Question("match", "opportunity"))
MATCH_OPPORTUNITY = (Question("match", "person"), Question("match", "opportunity", "opportunity"))

CHUNK: Final = 50
MOST_TRIED: Final = 1_000

_MATCH: Final = frozenset({"opportunity", "score", "eligible", "explanation"})
_CANDIDATE: Final = frozenset({"person", "score", "eligible", "explanation"})

Limit = Annotated[int, Query(ge=1, le=100)]


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates who may be seen, best first: each view with what matching-svc says of the pair."""

    pairs: tuple[tuple[View, Mapping[str, Any]], ...]
    truncated: bool


@router.get("/persons/{id}/matches", operation_id="listMatches", summary="What fits a person", response_model=views.MatchList)
async def list_matches(
    person: PersonId,
    states: CallerStates,
    gateway: Gateway,
    kind: Annotated[OpportunityKind, Query(description="Of which kind; the purpose must allow it.")],
    limit: Limit = 10,
) -> Response:
    """Best first, each with reasons. Conditions of law are gates and never part of the score; one that cannot be told says
    what to verify. People decide: nobody is rejected here."""

    async def fetch(permit: Permit) -> tuple[View, Any]:
        view = await _visible(gateway, permit)
        request = {
            "person": await _for_matching(gateway, permit.person or "", kind),
            "kind": kind,
            "attributes": sorted(view["attributes"]),
            "limit": limit,
        }
        ranked = await gateway.matching.ask("POST", ["matches"], permit.passes[OPPORTUNITY], within=MANY, json=request)
        return view, ranked.body

    def redact(permit: Permit, found: tuple[View, Any]) -> Shown[Reply]:
        return _shown_matches(permit, *found)

    return respond(await pass_through(gateway.wall, Call(states, MATCH_PERSON, person), fetch, redact))


@router.get(
    "/opportunities/{id}/candidates",
    operation_id="listCandidates",
    summary="Who fits an opportunity",
    response_model=views.CandidateList,
)
async def list_candidates(opportunity: OpportunityId, states: CallerStates, gateway: Gateway, limit: Limit = 10) -> Response:
    """Best first, each as the purpose lets the person be seen, with reasons. `truncated` says that not everybody who might
    fit was looked at."""

    async def fetch(permit: Permit) -> Found:
        return await _candidates(gateway, permit, opportunity, limit)

    def redact(permit: Permit, found: Found) -> Shown[Reply]:
        return _shown_candidates(gateway, permit, found, limit)

    return respond(await pass_through(gateway.wall, Call(states, MATCH_OPPORTUNITY, opportunity=opportunity), fetch, redact))


async def _visible(gateway: Parts, permit: Permit) -> View:
    """The person as the caller may see them, checked already: what is disclosed decides what is ranked with."""
    path, query = ["persons", permit.person or ""], [("operation", "match")]
    answer = await gateway.profile.ask("GET", path, permit.passes[PERSON], query=query)
    return PersonWall(permit.passes[PERSON].grant).check(answer.body, {permit.person or ""})


async def _for_matching(gateway: Parts, person: str, kind: str) -> str:
    """The id by which matching-svc knows the person for this kind of opportunity."""
    return gateway.ids.name(person, await gateway.decisions.scope(MATCHING_ORGANISATION, KIND_PURPOSE[kind]))


async def _candidates(gateway: Parts, permit: Permit, opportunity: str, limit: int) -> Found:
    """Ranked people in chunks, resolved under the caller's grant, until there are enough or too many were tried."""
    disclose = permit.passes[PERSON].grant.disclose
    attributes = sorted(name for name, each in disclose.items() if each.when is True)
    pairs: list[tuple[View, Mapping[str, Any]]] = []
    for offset in range(0, MOST_TRIED, CHUNK):
        request = {"attributes": attributes, "offset": offset, "limit": CHUNK}
        path = ["opportunities", opportunity, "candidates"]
        ranked = (await gateway.matching.ask("POST", path, permit.passes[OPPORTUNITY], within=MANY, json=request)).body
        pairs += await _resolved(gateway, permit, ranked)
        if not ranked["more"] or len(pairs) >= limit:
            return Found(tuple(pairs[:limit]), truncated=ranked["more"] or len(pairs) > limit)
    return Found(tuple(pairs), truncated=True)


async def _resolved(gateway: Parts, permit: Permit, ranked: Mapping[str, Any]) -> list[tuple[View, Mapping[str, Any]]]:
    """The pairs of one chunk whose people the caller may see, in the order of rank."""
    members(ranked, {"kind", "candidates", "more"}, "candidates")
    scope = await gateway.decisions.scope(MATCHING_ORGANISATION, KIND_PURPOSE[ranked["kind"]])
    try:
        by_person = {gateway.ids.open(each["person"], scope): each for each in ranked["candidates"]}
    except Unreadable:
        raise Surplus("a candidate's id is not of matching-svc") from None
    if not by_person:
        return []
    body = {"ids": list(by_person)}
    answer = await gateway.profile.ask("POST", ["persons", "resolve"], permit.passes[PERSON], within=MANY, json=body)
    people = members(answer.body, {"people", "more"}, "page")["people"]
    wall = PersonWall(permit.passes[PERSON].grant)
    return [(wall.check(view, by_person), by_person[view["id"]]) for view in people]


def _shown_matches(permit: Permit, view: View, ranked: Mapping[str, Any]) -> Shown[Reply]:
    members(ranked, {"matches", "truncated"}, "matches")
    disclosed = view["attributes"].keys()
    shown = [
        {
            "opportunity": checked(permit, match["opportunity"], OPPORTUNITY),
            **_pair(members(match, _MATCH, "match"), disclosed),
        }
        for match in ranked["matches"]
    ]
    used = frozenset(name for match in shown for name in _uses(match["explanation"]))
    content = {"matches": shown, "truncated": ranked["truncated"], "disclosure": disclosure(permit)}
    return Shown(Reply(content), (Seen(permit.person or "", used),), len(view["withheld"]))


def _shown_candidates(gateway: Parts, permit: Permit, found: Found, limit: int) -> Shown[Reply]:
    name = Names(gateway.ids, permit)
    people = [view for view, _ in found.pairs]
    check_page(people, limit)
    shown = [
        {"person": name.person(view), **_pair(members(pair, _CANDIDATE, "candidate"), view["attributes"].keys())}
        for view, pair in found.pairs
    ]
    content = {"candidates": shown, "truncated": found.truncated, "disclosure": disclosure(permit)}
    return Shown(Reply(content), tuple(map(seen, people)), withheld_count(people))


def _pair(pair: Mapping[str, Any], disclosed: Any) -> dict[str, Any]:
    return {
        "score": pair["score"],
        "eligible": pair["eligible"],
        "explanation": explanation(pair["explanation"], disclosed),
    }


def _uses(shown: Json) -> set[str]:
    """The attributes that an explanation tells something about."""
    used = {name for item in (*shown["components"], *shown["gates"]) for name in item["uses"]}
    return used | {"skills"} if shown["matched"] or shown["missing"] else used
