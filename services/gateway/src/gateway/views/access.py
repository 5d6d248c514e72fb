"""Everything that is held about one person, as a document: its shape, which is published as a JSON Schema of its own."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from gateway.views.people import PERSON_ID
from stena.contracts.consents import Consent
from stena.contracts.rights import HeldCorrection, HeldObjection, Restriction

ADDRESS: Final = "/schemas/person-access-1.json"


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HeldValue(Part):
    """``value`` is ``null`` where nothing is stored. ``said_by`` is absent for what is computed from other attributes."""

    value: Any
    category: str
    said_by: str | None = None
    verified: bool | None = None
    since: datetime | None = None


class HeldRecord(Part):
    attributes: dict[str, HeldValue]
    registered_by: str
    assigned: list[str] = Field(description="Organisations that have the case.")
    restricted: bool


class EarlierValue(Part):
    attribute: str
    value: Any
    said_by: str | None = None
    verified: bool
    since: datetime
    replaced_at: datetime
    replaced_by: str


class HeldNote(Part):
    id: str
    written_at: datetime
    written_by: str
    language: str | None = None
    text: str | None = Field(description="`null` where the writer has not released it.")
    masked: bool = Field(description="Whether something in it was made unreadable because it is about others.")
    withheld: str | None = Field(default=None, description="Why the text is not here.")


class HeldCase(Part):
    organisation: str
    basis: str
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None = None
    closed_by: str | None = None


class HeldReferral(Part):
    sender: str
    recipient: str
    purpose: str
    state: str
    created_at: datetime
    changed_at: datetime
    until: datetime | None = None
    reason: str | None = None
    withheld: str | None = None


class HeldSignIn(Part):
    id: str
    provider: str
    organisation: str = Field(description="Who verified the person.")
    verified_by: str
    linked_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


class MayProcess(Part):
    """An organisation that may process data for a purpose, on which basis, and for how long what it keeps is kept."""

    organisation: str
    organisation_name: str
    purpose: str
    purpose_title: str
    why: str
    legal_basis: str
    from_: str = Field(alias="from")
    until: str
    retention: str | None = Field(default=None, description="ISO 8601")


class Source(Part):
    organisation: str
    organisation_name: str
    attributes: list[str] = Field(description="What of the record it said or checked.")


class DisclosedKind(Part):
    category: str
    title: str


class Disclosed(Part):
    at: datetime
    organisation: str
    organisation_name: str
    purpose: str
    purpose_title: str
    why: str
    operation: str
    resource: str
    outcome: str
    categories: list[DisclosedKind]
    attributes: list[str]
    emergency: bool
    decision: str | None
    rulebook: str | None
    proof: dict[str, Any] | None


class Ending(Part):
    """Without ``complete: true`` it is not the whole; ``reason`` is the slug of the problem that stopped it."""

    complete: bool
    reason: str | None


class PersonAccess(Part):
    """Everything that is held about a person (GDPR Arts 15 and 20)."""

    schema_: str = Field(alias="schema", description="Where this shape is published.", examples=[ADDRESS])
    person: str = Field(examples=[PERSON_ID])
    made_at: datetime
    rulebook: str
    record: HeldRecord
    sources: list[Source] = Field(description="Where the data is from (Art 15(1)(g)).")
    recipients: list[MayProcess] = Field(
        description="Who may process it, why, and how long it is kept (Art 15(1)(a), (c), (d))."
    )
    history: list[EarlierValue]
    consents: list[Consent]
    notes: list[HeldNote]
    cases: list[HeldCase]
    referrals: list[HeldReferral]
    corrections: list[HeldCorrection]
    restrictions: list[Restriction]
    objections: list[HeldObjection]
    sign_ins: list[HeldSignIn]
    disclosures: list[Disclosed]
    end: Ending


def schema(public_url: str) -> dict[str, Any]:
    """The published JSON Schema (2020-12) of the document."""
    made = PersonAccess.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{public_url}{ADDRESS}", **made}
