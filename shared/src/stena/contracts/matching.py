"""What matching-svc takes and gives. Persons appear under ids that are pairwise for matching-svc, never internal ones."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

OpportunityKind = Literal["job", "training", "language-course", "mentoring", "service"]
Level = Literal["A1", "A2", "B1", "B2", "C1", "C2"]
Licence = Literal["AM", "A1", "A2", "A", "B1", "B", "BE", "C1", "C1E", "C", "CE", "D1", "D1E", "D", "DE", "T"]
GateName = Literal["right-to-work", "working-age", "recognition", "licence", "language", "eligibility", "capacity", "dates"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LanguageNeed(Frozen):
    language: str = Field(pattern="^[a-z]{3}$", description="ISO 639-3")
    level: Level
    essential: bool = True


class Condition(Frozen):
    """Whom an opportunity is open to: one thing that has to be true of a person, by the name of an attribute.

    On what matching knows it is a gate like any other. On every other attribute it names the ``approval`` that two persons gave
    it, and is evaluated at the source. ``region`` is meant with all that lies in it.
    """

    attribute: str = Field(pattern="^[a-z][a-z_]{0,63}$")
    operator: Literal["eq", "in", "le", "ge"]
    value: bool | int | Annotated[str, Field(max_length=100)] | tuple[Annotated[str, Field(max_length=100)], ...]
    approval: str | None = Field(default=None, max_length=80)


class NewOpportunity(Frozen):
    """A job, training place, language course, mentoring offer or public service.

    ``occupation``, ``essential_skills`` and ``optional_skills`` are ESCO concept URIs; ``region`` is a NUTS code. ``regulated``
    names the qualification that the law wants recognised before the profession is exercised. Of the places of ``capacity``,
    ``filled`` are taken. ``teaches`` are the skills, ESCO concepts too, that a course or a mentor leaves people with.
    """

    kind: OpportunityKind
    title: str = Field(min_length=1, max_length=200)
    description: str = Field(default="", max_length=10_000)
    occupation: str | None = Field(default=None, max_length=200)
    essential_skills: tuple[str, ...] = Field(default=(), max_length=100)
    optional_skills: tuple[str, ...] = Field(default=(), max_length=100)
    teaches: tuple[str, ...] = Field(default=(), max_length=100)
    languages: tuple[LanguageNeed, ...] = Field(default=(), max_length=20)
    regulated: str | None = Field(default=None, min_length=1, max_length=200, description="Directive 2005/36/EC")
    licences: tuple[Licence, ...] = Field(default=(), max_length=16, description="Directive 2006/126/EC, Article 4")
    eligibility: tuple[Condition, ...] = Field(default=(), max_length=10)
    education_level: int | None = Field(default=None, ge=0, le=8, description="ISCED 2011")
    municipality: str | None = Field(default=None, max_length=100)
    region: str | None = Field(default=None, pattern="^[A-Z]{2}[0-9A-Z]{0,3}$")
    remote: bool = False
    capacity: int = Field(default=1, ge=1, le=100_000)
    filled: int = Field(default=0, ge=0, le=100_000)
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
    """A lawful condition, never scored. ``unknown`` never removes anybody: it says what to check. ``uses`` names attributes.

    ``code`` says what was found and ``parameters`` with which values: words for people are made at the edge. ``rule`` is the id
    of the rule that decided, ``on`` the day that it decided for.
    """

    gate: GateName
    outcome: Literal["met", "not-met", "unknown"]
    code: str
    parameters: dict[str, str] = Field(default_factory=dict)
    rule: str
    on: date
    uses: tuple[str, ...]


Assumed = Literal["person", "opportunity"] | None


class Component(Frozen):
    """A share of the score: ``value`` in 0..1, ``weight`` after redistribution, ``contribution`` adds up to the score.

    ``assumed``: the value is not known and stands for what the ``person`` has not stated, or what the ``opportunity`` does
    not say."""

    component: Literal["skills", "optional-skills", "languages", "education", "place", "wishes", "experience"]
    value: float
    weight: float
    contribution: float
    uses: tuple[str, ...]
    assumed: Assumed = None


class SkillFinding(Frozen):
    uri: str
    label: str
    essential: bool


class NearSkill(SkillFinding):
    """A wanted skill that ``counts`` in part (0..1), because the skill or occupation ``by`` is near it: broader or narrower
    (``broader``), in the same narrowest group, or an occupation held that needs it."""

    counts: float
    because: Literal["broader", "group", "occupation"]
    by: str
    by_label: str
    uses: tuple[str, ...]


class Explanation(Frozen):
    """Why a pair fits. Every item names the attributes it used; the gateway drops what the caller may not see."""

    matched: tuple[SkillFinding, ...] = ()
    near: tuple[NearSkill, ...] = ()
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
    languages: tuple[str, ...] = Field(default=(), max_length=20, description="Of labels, the most wanted first; ISO 639-1")
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
    languages: tuple[str, ...] = Field(default=(), max_length=20, description="Of labels, the most wanted first; ISO 639-1")
    offset: int = Field(default=0, ge=0, le=1_000)
    limit: int = Field(default=50, ge=1, le=200)


class Candidate(Frozen):
    person: str
    score: float
    eligible: Literal["yes", "to-be-verified"]
    explanation: Explanation


class Candidates(Frozen):
    """``kind`` tells the gateway under which purpose's ids the persons are named. ``conditions`` are those on protected
    attributes that are approved today: the gateway has the source asked, and matching-svc never learns the answer."""

    kind: OpportunityKind
    candidates: tuple[Candidate, ...]
    more: bool = False
    conditions: tuple[Condition, ...] = ()


KIND_PURPOSE: dict[str, str] = {
    "job": "job-ranking",
    "training": "training-placement",
    "language-course": "training-placement",
    "mentoring": "mentoring",
    "service": "service-referral",
}
"""The purpose under which matching-svc follows people for each kind of opportunity."""

TEACHING: tuple[OpportunityKind, ...] = ("training", "language-course", "mentoring")
"""The kinds of opportunity that leave people with skills."""

MATCHING_ORGANISATION = "stena-matching"
"""matching-svc in the rulebook: an organisation of kind ``service``, approved for the purposes above and nothing else."""
