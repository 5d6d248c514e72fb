"""What fits a person. Two grants in one call: one on people, one on opportunities.

INVARIANT: matching-svc ranks and explains with those attributes alone that this very call's decision discloses.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from gateway.calls import Call, Permit, Question, Seen, Shown, Stated
from gateway.eligibility import asked_by, meaning, open_to
from gateway.firewall import pass_through
from gateway.gate_words import in_words
from gateway.languages import spoken
from gateway.parts import Gateway, Parts
from gateway.redaction import PersonWall, View, explanation, members
from gateway.replies import Json, Reply, disclosure, respond
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.eligibility import ask_the_source
from gateway.routes.headers import CallerStates
from gateway.routes.opportunities import checked
from gateway.routes.people import PersonId
from gateway.upstreams import MANY
from gateway.views import people as views
from stena.contracts.matching import KIND_PURPOSE, MATCHING_ORGANISATION, OpportunityKind

router = APIRouter(prefix="/v1", tags=["Matching"])

PERSON, OPPORTUNITY = 0, 1  # in this order stand the questions, and so the grants
MATCH_PERSON = (Question("match", "person", "person"), Question("match", "opportunity"))

_MATCH: Final = frozenset({"opportunity", "score", "eligible", "explanation"})

MOST: Final = 100
Limit = Annotated[int, Query(ge=1, le=MOST)]


@router.get("/persons/{id}/matches", operation_id="listMatches", summary="What fits a person", response_model=views.MatchList)
async def list_matches(
    person: PersonId,
    states: CallerStates,
    gateway: Gateway,
    kind: Annotated[OpportunityKind, Query(description="Of which kind; the purpose must allow it.")],
    limit: Limit = 10,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Best first, each with reasons. Conditions of law are gates and never part of the score; one that cannot be told says
    what to verify. People decide: nobody is rejected here."""

    async def fetch(permit: Permit) -> tuple[View, Any]:
        view = await visible(gateway, permit)
        person, *also = await for_matching(gateway, permit.person or "", kind)
        request = {
            "person": person,
            "also": also,
            "kind": kind,
            "attributes": sorted(view["attributes"]),
            "languages": spoken(accept_language),
        }
        return view, await _open_to(gateway, permit, states, request, limit)

    def redact(permit: Permit, found: tuple[View, Any]) -> Shown[Reply]:
        return _shown_matches(permit, *found, accept_language)

    return respond(await pass_through(gateway.wall, Call(states, MATCH_PERSON, person), fetch, redact))


async def visible(gateway: Parts, permit: Permit) -> View:
    """The person as the caller may see them, checked already: what is disclosed decides what is ranked with."""
    path, query = ["persons", permit.person or ""], [("operation", "match")]
    answer = await gateway.profile.ask("GET", path, permit.passes[PERSON], query=query)
    return PersonWall(permit.passes[PERSON].grant).check(answer.body, {permit.person or ""})


async def _open_to(gateway: Parts, permit: Permit, states: Stated, request: dict[str, Any], limit: int) -> dict[str, Any]:
    """The best ``limit``, without those of which the source says that a condition is not met. More are asked for in the place
    of these, as far as one question reaches."""
    answers: dict[tuple[str, str, str], str] = {}
    most = limit
    while True:
        asked = {**request, "limit": most}
        ranked = (await gateway.matching.ask("POST", ["matches"], permit.passes[OPPORTUNITY], within=MANY, json=asked)).body
        members(ranked, {"matches", "truncated"}, "matches")
        for condition in (each for match in ranked["matches"] for each in asked_by(match)):
            if meaning(condition) not in answers:
                told = await ask_the_source(gateway, states, [condition], [permit.person or ""])
                answers[meaning(condition)] = told.get(permit.person or "", "unknown")
        kept = open_to(ranked["matches"], answers)
        if len(kept) >= limit or not ranked["truncated"] or most == MOST:
            return {"matches": kept[:limit], "truncated": ranked["truncated"] or len(kept) > limit}
        most = min(MOST, 2 * most)


async def for_matching(gateway: Parts, person: str, kind: str) -> tuple[str, ...]:
    """The ids by which matching-svc may know the person for this kind of opportunity: while it is told of new ones, either."""
    return gateway.ids.names(person, await gateway.decisions.scope(MATCHING_ORGANISATION, KIND_PURPOSE[kind]))


def _shown_matches(permit: Permit, view: View, ranked: Mapping[str, Any], accept_language: str | None) -> Shown[Reply]:
    disclosed = view["attributes"].keys()
    shown = [
        {
            "opportunity": checked(permit, match["opportunity"], OPPORTUNITY),
            **pair_for_caller(members(match, _MATCH, "match"), disclosed, accept_language),
        }
        for match in ranked["matches"]
    ]
    used = frozenset(name for match in shown for name in _uses(match["explanation"]))
    content = {"matches": shown, "truncated": ranked["truncated"], "disclosure": disclosure(permit)}
    return Shown(Reply(content), (Seen(permit.person or "", used),), len(view["withheld"]))


def pair_for_caller(pair: Mapping[str, Any], disclosed: Collection[str], accept_language: str | None) -> dict[str, Any]:
    """What is said of a pair, as far as it rests on attributes of the person that the caller sees."""
    shown = explanation(pair["explanation"], disclosed)
    gates = [in_words(gate, accept_language) for gate in shown["gates"]]
    return {"score": pair["score"], "eligible": pair["eligible"], "explanation": {**shown, "gates": gates}}


def _uses(shown: Json) -> set[str]:
    """The attributes that an explanation tells something about."""
    used = {name for item in (*shown["components"], *shown["gates"], *shown["near"]) for name in item["uses"]}
    return used | {"skills"} if shown["matched"] or shown["near"] or shown["missing"] else used
