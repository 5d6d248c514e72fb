"""What matching-svc takes and gives. Persons appear under ids that are pairwise for matching-svc, never internal ones."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

OpportunityKind = Literal["job", "training", "language-course", "mentoring", "service"]
Level = Literal["A1", "A2", "B1", "B2", "C1", "C2"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LanguageNeed(Frozen):
    language: str = Field(pattern="^[a-z]{3}$", description="ISO 639-3")
    level: Level
    essential: bool = True


class NewOpportunity(Frozen):
    """A job, training place, language course, mentoring offer or public service.

    ``occupation``, ``essential_skills`` and ``optional_skills`` are ESCO concept URIs; ``region`` is a NUTS code.
    """

    kind: OpportunityKind
    title: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=10_000)
    occupation: str | None = Field(default=None, max_length=200)
    essential_skills: tuple[str, ...] = Field(default=(), max_length=100)
    optional_skills: tuple[str, ...] = Field(default=(), max_length=100)
    languages: tuple[LanguageNeed, ...] = Field(default=(), max_length=20)
    education_level: int | None = Field(default=None, ge=0, le=8, description="ISCED 2011")
    municipality: str | None = Field(default=None, max_length=100)
    region: str | None = Field(default=None, pattern="^[A-Z]{2}[0-9A-Z]{0,3}$")
    remote: bool = False
    capacity: int = Field(default=1, ge=1, le=100_000)
    starts_on: date | None = None
    ends_on: date | None = None
    apply_until: date | None = None


class OpportunityPatch(Frozen):
    """JSON Merge Patch (RFC 7396) of an opportunity: what is absent stays."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Opportunity(NewOpportunity):
    id: str
    owner: str
    state: Literal["open", "closed"] = "open"
    created_at: datetime
    updated_at: datetime
    etag: str


class OpportunityPage(Frozen):
    opportunities: tuple[Opportunity, ...]
    more: bool = False


class OpportunityQuery(Frozen):
    kind: OpportunityKind | None = None
    region: str | None = None
    own: bool = False
    limit: int = Field(default=50, ge=1, le=500)
    after: str | None = None


class Gate(Frozen):
    """A lawful condition, never scored. ``unknown`` never removes anybody: it says what to check. ``uses`` names attributes."""

    gate: Literal["right-to-work", "working-age", "language", "dates"]
    outcome: Literal["met", "not-met", "unknown"]
    detail: str
    uses: tuple[str, ...]


class Component(Frozen):
    """A share of the score: ``value`` in 0..1, ``weight`` after redistribution, ``contribution`` adds up to the score."""

    component: Literal["skills", "optional-skills", "languages", "education", "place", "wishes", "experience"]
    value: float
    weight: float
    contribution: float
    uses: tuple[str, ...]


class SkillFinding(Frozen):
    uri: str
    label: str
    essential: bool


class Explanation(Frozen):
    """Why a pair fits. Every item names the attributes it used; the gateway drops what the caller may not see."""

    matched: tuple[SkillFinding, ...] = ()
    missing: tuple[SkillFinding, ...] = ()
    components: tuple[Component, ...] = ()
    gates: tuple[Gate, ...] = ()
    model: str


class MatchRequest(Frozen):
    """``person`` is pairwise for matching-svc and the kind's purpose; ``also`` are the same person's ids by other versions of
    their key, of which the feed may have told one. ``attributes`` are those that the caller's decision discloses of that
    person: nothing else may touch score, order or explanation."""

    person: str
    also: tuple[str, ...] = ()
    kind: OpportunityKind
    attributes: tuple[str, ...]
    limit: int = Field(default=10, ge=1, le=100)


class Match(Frozen):
    opportunity: Opportunity
    score: float
    eligible: Literal["yes", "to-be-verified"]
    explanation: Explanation


class Matches(Frozen):
    matches: tuple[Match, ...]
    truncated: bool = False


class CandidateRequest(Frozen):
    """Ranked people for one opportunity, ``limit`` from ``offset``. ``attributes``: what the caller sees of all of them."""

    attributes: tuple[str, ...]
    offset: int = Field(default=0, ge=0, le=1_000)
    limit: int = Field(default=50, ge=1, le=200)


class Candidate(Frozen):
    person: str
    score: float
    eligible: Literal["yes", "to-be-verified"]
    explanation: Explanation


class Candidates(Frozen):
    """``kind`` tells the gateway under which purpose's ids the persons are named."""

    kind: OpportunityKind
    candidates: tuple[Candidate, ...]
    more: bool = False


KIND_PURPOSE: dict[str, str] = {
    "job": "job-ranking",
    "training": "training-placement",
    "language-course": "training-placement",
    "mentoring": "mentoring",
    "service": "service-referral",
}
"""The purpose under which matching-svc follows people for each kind of opportunity."""

MATCHING_ORGANISATION = "stena-matching"
"""matching-svc in the rulebook: an organisation of kind ``service``, approved for the purposes above and nothing else."""
