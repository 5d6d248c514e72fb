"""Everything that each purpose discloses about people, gathered as a curious caller would: in pages, one by one, or ranked."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import httpx

from matching_svc.concepts import small_set

from .attacker_features import Sighting
from .report import Progress, unwatched
from .target import Caller, Target

Way = Literal["pages", "one by one", "ranked"]

CALLERS: Final[Mapping[str, tuple[str, Way]]] = {
    "job-ranking": ("employment-agency", "pages"),
    "anonymous-shortlist": ("vitosha-bakery", "ranked"),
    "training-placement": ("employment-agency", "pages"),
    "mentoring": ("bread-and-bridges", "one by one"),
    "service-referral": ("bread-and-bridges", "one by one"),
    "introduction": ("vitosha-bakery", "one by one"),
    "right-to-work-check": ("labour-inspectorate", "one by one"),
    "qualification-recognition": ("enic-desk", "one by one"),
    "accommodation": ("reception-agency", "pages"),
    "health-access": ("danube-health", "pages"),
    "school-enrolment": ("school-board", "pages"),
    "guardianship": ("guardians-office", "pages"),
    "social-benefits": ("social-agency", "pages"),
    "legal-aid": ("open-door-legal", "one by one"),
    "case-continuity": ("employment-agency", "pages"),
    "registration": ("reception-agency", "pages"),
}
"""Purposes that disclose attributes of people, the organisation that learns under each, and how it gets at them."""

NOT_TRIED: Final[Mapping[str, str]] = {
    "vital-interest": "one person at a time, each with a justification that somebody reviews: nobody gathers examples so",
    "data-subject-access": "everything, about oneself alone",
    "eligibility-check": "no attribute leaves",
    "deduplication": "pairs of the caller's own people who are alike already: nobody gathers examples so",
    "consent-management": "no attribute leaves",
    "opportunity-management": "not about people",
    "fairness-audit": "no record leaves",
    "open-statistics": "no record leaves",
    "data-protection-audit": "no value leaves",
    "privacy": "not about people",
    "administration": "not about people",
    "return-enforcement": "nothing is answered",
}

PAGE: Final = 500
MOST_READ: Final = 1_500  # one by one, of each purpose
VACANCIES: Final = 30


@dataclass(frozen=True, slots=True)
class Gathered:
    """``people`` by the id under which the caller knows them."""

    purpose: str
    organisation: str
    people: Mapping[str, Sighting]

    def of(self, known: Collection[str]) -> "Gathered":
        """Of these people alone: others may have been there before."""
        return replace(self, people={name: seen for name, seen in self.people.items() if name in known})


async def gather(target: Target, purpose: str, internal: Sequence[str], progress: Progress = unwatched) -> Gathered:
    """All that ``purpose`` discloses of the people with these ids, as its caller gets it."""
    organisation, way = CALLERS[purpose]
    caller = await target.client(organisation)
    match way:
        case "pages":
            found = {sighting.view["id"]: sighting async for sighting in _pages(caller, purpose)}
            wanted = list(found)[:MOST_READ] if purpose == "job-ranking" else []
            tags = {each.view["id"]: each.etag async for each in _one_by_one(caller, purpose, wanted, progress)}
            found |= {each: replace(found[each], etag=tag) for each, tag in tags.items()}
        case "one by one":
            every = max(1, len(internal) // MOST_READ)
            wanted = [await target.pairwise(each, organisation, purpose) for each in internal[::every]]
            found = {sighting.view["id"]: sighting async for sighting in _one_by_one(caller, purpose, wanted, progress)}
        case "ranked":
            found = await _ranked(caller, purpose, progress)
    return Gathered(purpose, organisation, found)


async def _pages(caller: Caller, purpose: str) -> AsyncIterator[Sighting]:
    cursor, place = "", 0
    while True:
        page = await _asked(caller, "GET", f"/v1/persons?limit={PAGE}{cursor and f'&cursor={cursor}'}", purpose)
        for view in page["people"]:
            yield Sighting(view, place)
            place += 1
        if page["next"] is None:
            return
        cursor = page["next"]


async def _one_by_one(caller: Caller, purpose: str, ids: Sequence[str], progress: Progress) -> AsyncIterator[Sighting]:
    for number, each in enumerate(ids):
        answer = await _patiently(caller, "GET", f"/v1/persons/{each}", purpose)
        if answer.status_code != 404:
            yield Sighting(answer.raise_for_status().json(), etag=answer.headers["ETag"])
        progress(number + 1, len(ids))


async def _ranked(caller: Caller, purpose: str, progress: Progress) -> dict[str, Sighting]:
    """Candidates of vacancies for very different trades; of each person their best place and what they scored where."""
    found: dict[str, Sighting] = {}
    occupations = sorted(small_set().occupations.values(), key=lambda each: each.uri)[:VACANCIES]
    for number, occupation in enumerate(occupations):
        vacancy = {
            "kind": "job",
            "title": "Vacancy",
            "occupation": occupation.uri,
            "essential_skills": list(occupation.essential_skills[:10]),
        }
        made = await _asked(caller, "POST", "/v1/opportunities", "opportunity-management", json=vacancy)
        answer = await _asked(caller, "GET", f"/v1/opportunities/{made['id']}/candidates?limit=100", purpose)
        for place, each in enumerate(answer["candidates"]):
            view = each["person"]
            known = found.get(view["id"], Sighting(view, place))
            scores = {**known.ranking, f"score {number}": each["score"], f"components {number}": _parts(each["explanation"])}
            found[view["id"]] = Sighting(view, min(known.place, place), "", scores)
        progress(number + 1, len(occupations))
    return found


def _parts(explanation: Mapping[str, Any]) -> float:
    """An explanation as one number: how many items of each kind it has."""
    return float(sum(len(items) * 100**at for at, items in enumerate(explanation.values()) if isinstance(items, list)))


async def _asked(caller: Caller, method: str, path: str, purpose: str, **body: Any) -> Any:
    return (await _patiently(caller, method, path, purpose, **body)).raise_for_status().json()


async def _patiently(caller: Caller, method: str, path: str, purpose: str, **body: Any) -> httpx.Response:
    """The answer, once there is one: matching-svc says 503 until it has read the feed, everybody on a machine that is busy."""
    for _ in range(120):
        answer = await caller(method, path, purpose, **body)
        if answer.status_code != 503:
            break
        await asyncio.sleep(0.5)
    return answer
