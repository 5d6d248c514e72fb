"""Concepts of ESCO as matching-svc finds and proposes them. Knows no person."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Scheme = Literal["occupation", "skill"]
Language = Annotated[str, Field(pattern="^[a-z]{2}$", description="ISO 639-1", examples=["bg"])]

OCCUPATION = "http://data.europa.eu/esco/occupation/00cee175-1376-43fb-9f02-ba3d7a910a58"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Concept(Frozen):
    """``label`` is in the language asked for, in the neutral form; ``isco`` of an occupation is its ISCO-08 unit group."""

    uri: str = Field(examples=[OCCUPATION])
    scheme: Scheme
    label: str = Field(examples=["bus driver"])
    isco: str | None = Field(default=None, examples=["8331"])


class ConceptQuery(Frozen):
    """``q`` is what was typed so far; ``language`` the one typed in; ``shown`` those that labels are wanted in, best first."""

    q: str = Field(min_length=1, max_length=200)
    scheme: Scheme = "occupation"
    language: Language | None = None
    shown: tuple[Language, ...] = Field(default=(), max_length=20)
    limit: int = Field(default=10, ge=1, le=50)


class Concepts(Frozen):
    """The best first. ``version`` is of the vocabulary."""

    version: str = Field(examples=["1.1.1"])
    concepts: tuple[Concept, ...]


class Vacancy(Frozen):
    """An opportunity as text alone."""

    title: str = Field(min_length=1, max_length=200, examples=["Bus driver, night lines"])
    description: str = Field(default="", max_length=10_000)
    lang: Language | None = None


class ProposalRequest(Vacancy):
    """``shown`` as in ``ConceptQuery``."""

    shown: tuple[Language, ...] = Field(default=(), max_length=20)


class Proposal(Concept):
    """``confidence`` is how often a proposal of this kind is right; ``because`` says what it rests on."""

    confidence: float = Field(ge=0, le=1)
    because: tuple[Literal["title", "text", "occupation"], ...]


class Proposals(Frozen):
    """Proposed, never stored and never used before a person has confirmed them. The likeliest first."""

    version: str = Field(examples=["1.1.1"])
    occupations: tuple[Proposal, ...] = ()
    essential_skills: tuple[Proposal, ...] = ()
    optional_skills: tuple[Proposal, ...] = ()
