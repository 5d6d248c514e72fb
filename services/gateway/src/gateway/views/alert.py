"""The shapes of alerts: numbers about organisations, and never a person."""

from datetime import datetime
from typing import Final

from pydantic import Field

from gateway.alerting.rules import Measure, Severity
from gateway.rulebook_types import RecordedOrganisation
from gateway.views.people import Sent, Shown

ALERT_ID: Final = "alr_0199d7a4c0de7000a1b2c3d4e5f60718"


class Acknowledgement(Sent):
    comment: str | None = Field(default=None, min_length=1, max_length=4_000, description="What was found.")


class AcknowledgedView(Shown):
    at: datetime
    by: RecordedOrganisation
    acting_user: str | None = None
    comment: str | None = None


class AlertView(Shown):
    id: str = Field(examples=[ALERT_ID])
    rule: str = Field(description="Which rule of the rules of alerts says so.", examples=["unusual-volume"])
    severity: Severity
    organisation: RecordedOrganisation = Field(description="Whose calls these were.")
    organisation_name: str
    since: datetime = Field(description="When the hour began that was looked at.")
    until: datetime
    measure: Measure = Field(description="What was counted.")
    measured: int = Field(description="How much it was when the alert was raised.")
    threshold: int = Field(description="From where on it is unusual for this organisation.")
    raised_at: datetime
    acknowledged: AcknowledgedView | None = None


class AlertPage(Shown):
    alerts: list[AlertView]
    next: str | None = None
