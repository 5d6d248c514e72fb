"""What a person could learn, under the same two grants as what fits them: one on people, one on opportunities.

INVARIANT: matching-svc looks for gaps with those attributes alone that this very call's decision discloses.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from gateway.calls import Call, Permit, Seen, Shown
from gateway.firewall import pass_through
from gateway.languages import spoken
from gateway.parts import Gateway
from gateway.redaction import View, members, skill_gaps
from gateway.replies import Json, Reply, disclosure, respond
from gateway.routes.catalogue import AcceptLanguage
from gateway.routes.headers import CallerStates
from gateway.routes.matches import MATCH_PERSON, OPPORTUNITY, for_matching, visible
from gateway.routes.opportunities import checked
from gateway.routes.people import PersonId
from gateway.upstreams import MANY
from gateway.views.gap import SkillGapList
from stena.contracts.matching import OpportunityKind

router = APIRouter(prefix="/v1", tags=["Matching"])

_GAP: Final = frozenset({"uri", "label", "opens", "raises", "courses", "uses"})


@router.get(
    "/persons/{id}/skill-gaps",
    operation_id="listSkillGaps",
    summary="The skills that would open most opportunities for a person, and who teaches them",
    response_model=SkillGapList,
)
async def list_skill_gaps(
    person: PersonId,
    states: CallerStates,
    gateway: Gateway,
    kind: Annotated[OpportunityKind, Query(description="Of which kind of opportunity; the purpose must allow it.")],
    limit: Annotated[int, Query(ge=1, le=20)] = 5,
    accept_language: AcceptLanguage = None,
) -> Response:
    """Of the opportunities that fit best today. Each skill is looked at alone. It is advice and no condition of anything."""

    async def fetch(permit: Permit) -> tuple[View, Any]:
        view = await visible(gateway, permit)
        known_as, *also = await for_matching(gateway, permit.person or "", kind)
        request = {
            "person": known_as,
            "also": also,
            "kind": kind,
            "attributes": sorted(view["attributes"]),
            "languages": spoken(accept_language),
            "limit": limit,
        }
        found = await gateway.matching.ask("POST", ["skill-gaps"], permit.passes[OPPORTUNITY], within=MANY, json=request)
        return view, found.body

    def redact(permit: Permit, found: tuple[View, Any]) -> Shown[Reply]:
        return _shown(permit, *found)

    return respond(await pass_through(gateway.wall, Call(states, MATCH_PERSON, person), fetch, redact))


def _shown(permit: Permit, view: View, found: Mapping[str, Any]) -> Shown[Reply]:
    told = skill_gaps(members(found, {"gaps", "considered", "open"}, "skill gaps"), view["attributes"].keys())
    shown = [_gap(permit, gap) for gap in told["gaps"]]
    used = frozenset(name for gap in shown for name in gap["uses"]) | ({"skills"} if told["considered"] else set())
    content = {**told, "gaps": shown, "disclosure": disclosure(permit)}
    return Shown(Reply(content), (Seen(permit.person or "", used),), len(view["withheld"]))


def _gap(permit: Permit, gap: Mapping[str, Any]) -> Json:
    members(gap, _GAP, "skill gap")
    return {**gap, "courses": [checked(permit, course, OPPORTUNITY) for course in gap["courses"]]}
