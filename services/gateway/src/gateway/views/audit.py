"""The shapes of audits in the public API. Groups and counts; there is no place in them for a person."""

from datetime import date

from pydantic import Field

from gateway.views.people import OPPORTUNITY_ID, DisclosureView
from stena.contracts.fairness import AuditReport, NewAudit
from stena.contracts.matching import OpportunityKind


class AuditBody(NewAudit):
    """Name a `kind`, or one `opportunity`."""

    opportunity: str | None = Field(default=None, pattern="^[A-Za-z0-9_-]{1,80}$", examples=[OPPORTUNITY_ID])


class AuditView(AuditReport):
    """`models` are the versions of the weights that ranked, `decisions` what people decided: outcome, reason, how often."""

    kind: OpportunityKind
    opportunity: str | None
    since: date
    until: date
    opportunities: int
    models: tuple[str, ...]
    decisions: dict[str, dict[str, int]]
    disclosure: DisclosureView
