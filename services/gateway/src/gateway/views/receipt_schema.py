"""The JSON Schema of a consent receipt (ISO/IEC TS 27560:2023, DPV profile ``dpv-27560``), as models for the API's document."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Titles = dict[str, str]
Status = Literal["dpv:ConsentGiven", "dpv:ConsentRefused", "dpv:ConsentWithdrawn", "dpv:ConsentExpired"]
SpokenBy = Literal["dpv:DataSubject", "dpv:GuardianOfDataSubject"]
_UUID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_EXAMPLE: Final = "0b0f7f0e-6a4e-4a53-9c0b-0d6f9a1c2e3d"


class Node(BaseModel):
    """A node of JSON-LD: what is not named here is not in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReceiptNotice(Node):
    type: Literal["dpv:ConsentNotice"] = Field(alias="@type")
    version: str | None = Field(default=None, alias="dct:hasVersion", description="Version of the text that was agreed to.")
    language: str | None = Field(default=None, alias="dct:language")


class ReceiptPurpose(Node):
    type: str | None = Field(default=None, alias="@type", examples=["https://w3id.org/dpv#ServiceProvision"])
    identifier: str = Field(alias="dct:identifier")
    title: Titles = Field(default_factory=dict)


class ReceiptData(Node):
    type: Literal["dpv:PersonalData", "dpv:SensitivePersonalData", "dpv:SpecialCategoryPersonalData"] = Field(alias="@type")
    identifier: str = Field(alias="dct:identifier")
    title: Titles


class ReceiptStorage(Node):
    type: Literal["dpv:StorageDuration"] = Field(alias="@type")
    duration: str = Field(alias="dpv:hasDuration", examples=["P2Y"])


class ReceiptProcess(Node):
    """One that rests on consent lists its personal data; one that goes on without says so in ``description``."""

    type: Literal["dpv:Process"] = Field(alias="@type")
    purpose: ReceiptPurpose = Field(alias="dpv:hasPurpose")
    storage: ReceiptStorage | None = Field(default=None, alias="dpv:hasStorageCondition")
    legal_basis: list[str] = Field(alias="dpv:hasLegalBasis", examples=[["eu-gdpr:A6-1-a"]])
    personal_data: list[ReceiptData] | None = Field(default=None, alias="dpv:hasPersonalData")
    processing: list[Literal["dpv:Disclose", "dpv:Record"]] | None = Field(default=None, alias="dpv:hasProcessing")
    controllers: list[str] = Field(alias="dpv:hasDataController")
    recipients: list[str] = Field(alias="dpv:hasRecipient")
    description: Titles | None = None


class ReceiptControl(Node):
    type: Literal["dpv:WithdrawConsent"] = Field(alias="@type")
    exercised_at: str = Field(alias="dpv:isExercisedAt")
    description: Titles


class ReceiptJurisdiction(Node):
    type: Literal["dpv:Jurisdiction"] = Field(alias="@type")
    identifier: str = Field(alias="dct:identifier")


class ReceiptEntity(Node):
    id: str = Field(alias="@id")
    type: Literal["dpv:Organisation"] = Field(alias="@type")
    name: str = Field(alias="dpv:hasName")


class ReceiptEvent(Node):
    type: Status = Field(alias="@type")
    at: datetime = Field(alias="dpv:isIndicatedAtTime")
    by: SpokenBy = Field(alias="dpv:isIndicatedBy")
    recorded_by: str = Field(alias="dct:creator")
    notice: ReceiptNotice = Field(alias="dpv:hasNotice")
    method: str | None = Field(default=None, alias="dpv:hasIndicationMethod")
    valid: datetime | None = Field(default=None, alias="dct:valid", description="Until when it holds.")


class ReceiptSubject(Node):
    """INVARIANT: nothing that says who."""

    type: Literal["dpv:DataSubject"] = Field(alias="@type")


class ReceiptRecord(Node):
    type: Literal["dpv:ConsentRecord"] = Field(alias="@type")
    schema_version: Literal["https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"] = Field(alias="dct:conformsTo")
    record_id: str = Field(alias="dct:identifier", pattern=_UUID, examples=[_EXAMPLE])
    subject: ReceiptSubject = Field(alias="dpv:hasDataSubject")
    notice: ReceiptNotice = Field(alias="dpv:hasNotice")
    processes: list[ReceiptProcess] = Field(alias="dpv:hasProcess", min_length=1)
    control: ReceiptControl = Field(alias="dpv:hasConsentControl")
    rights: list[str] = Field(alias="dpv:hasRight")
    jurisdiction: ReceiptJurisdiction = Field(alias="dpv:hasJurisdiction")
    entities: list[ReceiptEntity] = Field(alias="dpv:hasEntity")
    events: list[ReceiptEvent] = Field(alias="dpv:hasConsentStatus", min_length=1, description="Newest first.")


class ConsentReceipt(Node):
    """For the person to keep. It names nobody: the record's id leads back to them only where it was recorded."""

    context: dict[str, Any] = Field(alias="@context")
    type: Literal["dpv:ConsentReceipt"] = Field(alias="@type")
    schema_version: Literal["https://w3id.org/dpv/schema/dpv-27560#receipt-eu-gdpr"] = Field(alias="dct:conformsTo")
    receipt_id: str = Field(alias="dct:identifier", pattern=_UUID, examples=[_EXAMPLE])
    issued: datetime = Field(alias="dct:issued")
    record: ReceiptRecord = Field(alias="dpv:hasRecordOfActivity")
