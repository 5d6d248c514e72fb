"""The shapes of the public API, for its documentation and for bodies that callers send. Answers are built as plain JSON."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.rulebook_types import (
    AmendedAttributes,
    AttributeName,
    NewPersonAttributes,
    OrganisationId,
    PersonAttributes,
    PurposeId,
    RecordedAttribute,
    RecordedOrganisation,
    RecordedPurpose,
    WithheldAttributes,
)
from stena.contracts.catalogue import Emergency
from stena.contracts.matching import Explanation, Gate, NewOpportunity, OpportunityKind
from stena.contracts.profile import Filter, Provenance

PERSON_ID = "psn_aeb2zl6e5x4wxcv2j3ce5q4bm6yozj7dmqn2u3rflhk4s5t6v7w"
OPPORTUNITY_ID = "opp_0199d7a4c0de7000a1b2c3d4e5f60718"


ACCESS_ID = "emr_0199d7a4c0de7000a1b2c3d4e5f60718"


class Sent(BaseModel):
    """A body that a caller sends: what it does not know is a fault, not a wish."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class EmergencyView(Shown):
    """Glass was broken for this answer."""

    accesses: list[str] = Field(description="The accesses that stand on the list for review.", examples=[[ACCESS_ID]])
    until: datetime = Field(description="Until when the same words of the same user will do for these people.")
    review: Literal[True] = True


class DisclosureView(Shown):
    """Under which decision the answer left."""

    purpose: PurposeId
    decision: str = Field(description="The decision's id; the ledger keeps it with everything that led to it.")
    rulebook: str = Field(description="The revision of the rulebook that decided.")
    emergency: EmergencyView | None = Field(default=None, description="Present only if the purpose breaks the glass.")


class PersonInList(Shown):
    id: str = Field(
        description="The person, as this organisation names them (for some purposes: under this purpose).", examples=[PERSON_ID]
    )
    attributes: PersonAttributes
    provenance: dict[AttributeName, Provenance] = Field(
        default_factory=dict, description="Who said a value: verified or not; by whom and when only where the purpose says so."
    )
    withheld: WithheldAttributes
    updated_at: datetime | None = Field(
        default=None, description="To the day. Follows what is disclosed here, and nothing else."
    )


class PersonView(PersonInList):
    disclosure: DisclosureView


class PeoplePage(Shown):
    people: list[PersonInList]
    next: str | None = Field(default=None, description="Cursor of the next page; absent at the end.")
    truncated: bool = Field(default=False, description="Whether there are more people than this page holds.")
    disclosure: DisclosureView


class NewPersonBody(Sent):
    attributes: NewPersonAttributes


class PersonPatch(Sent):
    """JSON Merge Patch (RFC 7396): what is absent stays, ``null`` removes. ``verified`` names values that you have checked."""

    attributes: AmendedAttributes
    verified: tuple[AttributeName, ...] = ()


class SearchBody(Sent):
    """The same as ``GET /v1/persons``, so that values stay out of addresses and logs."""

    filters: tuple[Filter, ...] = Field(default=(), max_length=20)
    sort: str | None = Field(default=None, max_length=100, description="An attribute; `-` before it for descending.")
    fields: tuple[AttributeName, ...] | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=500, strict=True)
    cursor: str | None = None


class ChangeView(Shown):
    id: str = Field(examples=[PERSON_ID])
    replaces: list[str] = Field(default_factory=list, description="Ids by which you may know this person from before.")
    person: PersonInList | None = Field(default=None, description="`null`: no longer disclosed, and no word of why.")


class ChangesPage(Shown):
    changes: list[ChangeView]
    cursor: str = Field(description="Where to go on from: send it as `since`.")
    more: bool = Field(description="Whether there is more to be had at once.")
    disclosure: DisclosureView


class DisclosedCategory(Shown):
    category: str
    title: str = Field(description="In the language of `Accept-Language`.")


class DisclosureRecord(Shown):
    at: datetime
    organisation: RecordedOrganisation
    organisation_name: str
    purpose: RecordedPurpose
    purpose_title: str = Field(description="In the language of `Accept-Language`, as far as the rulebook has it.")
    why: str = Field(description="The purpose in plain words, in the same language.")
    operation: str
    resource: str = Field(description="What the operation was on: person, note, consent, case, referral, ledger.")
    outcome: str
    categories: list[DisclosedCategory] = Field(description="Which kinds of data were disclosed, with titles.")
    attributes: list[RecordedAttribute] = Field(description="What was disclosed of the person; names, never values.")
    emergency: bool = Field(description="Whether glass was broken for it: every such access is reviewed.")
    decision: str | None
    rulebook: str | None
    proof: dict[str, Any] | None = Field(
        description="That the entry is in the ledger's tree (RFC 9162), for anybody to check; `null` until a head covers it."
    )


class DisclosurePage(Shown):
    disclosures: list[DisclosureRecord]
    total: int = Field(ge=0, description="How many there are in all that the filters leave.")
    next: str | None = None


class OpportunityView(NewOpportunity):
    model_config = ConfigDict(frozen=True, json_schema_extra={"description": "An opportunity as its owner describes it."})

    id: str = Field(examples=[OPPORTUNITY_ID])
    owner: RecordedOrganisation
    state: Literal["open", "closed"] = "open"
    created_at: datetime
    updated_at: datetime


class OpportunityList(Shown):
    opportunities: list[OpportunityView]
    next: str | None = None
    truncated: bool = False


class GateView(Gate):
    detail: str = Field(description="What was found, in words: in the language of `Accept-Language`, as far as there are any.")


class ExplanationView(Explanation):
    gates: tuple[GateView, ...] = ()


class PairView(Shown):
    """How well a person and an opportunity fit, and why."""

    score: float = Field(ge=0, le=1)
    eligible: Literal["yes", "to-be-verified"]
    explanation: ExplanationView


class MatchView(PairView):
    opportunity: OpportunityView


class MatchList(Shown):
    matches: list[MatchView]
    truncated: bool = False
    disclosure: DisclosureView


class CandidateView(PairView):
    person: PersonInList


class CandidateList(Shown):
    candidates: list[CandidateView]
    truncated: bool = Field(default=False, description="Whether the search ended before all candidates were tried.")
    disclosure: DisclosureView


class PromiseView(Shown):
    """What one purpose lets this organisation do and see."""

    purpose: PurposeId
    title: str
    description: str
    dpv: str
    operations: list[str]
    kinds: list[OpportunityKind] = Field(description="Which kinds of opportunity people may be matched with.")
    emergency: Emergency | None = Field(
        default=None, description="Breaks the glass: for how long a justification is good, and its least number of characters."
    )
    disclosed: list[AttributeName] = Field(description="Of every person in the approval's regions.")
    conditional: WithheldAttributes = Field(description="Disclosed of some people; for each the reason where it is not.")
    withheld: WithheldAttributes
    legal_basis: str
    regions: list[str]
    valid_from: str
    valid_until: str
    ids: Literal["organisation", "purpose"] = Field(description="How far the ids of people reach.")


class PromiseList(Shown):
    organisation: OrganisationId
    organisation_name: str
    rulebook: str
    purposes: list[PromiseView]


class AttributeView(Shown):
    name: AttributeName
    title: str
    titles: dict[str, str]
    description: str
    category: str
    sensitivity: Literal["ordinary", "sensitive", "protected", "special"]
    reveals: list[str]
    derived_from: list[AttributeName]
    json_schema: dict[str, Any] = Field(alias="schema", description="JSON Schema 2020-12 of a value.")
    examples: list[Any]
    filters: list[str]
    filter_key: str | None = None
    sortable: bool
    lookup: Literal["exact", "phone", "email", "name"] | None = Field(
        default=None, description="`POST /v1/persons/lookup` finds people by a value of it: which spellings count as one."
    )


class AttributeList(Shown):
    rulebook: str
    attributes: list[AttributeView]
