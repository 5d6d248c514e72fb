"""Alerts: what is unusual about who asks, for those who watch over the wall."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from gateway.alerting import telling
from gateway.calls import Call, Permit, Question, Shown
from gateway.firewall import NotVisible, pass_through
from gateway.parts import Gateway
from gateway.replies import Json, Reply, respond
from gateway.routes.headers import CallerStates
from gateway.routes.selection import Cursor, Limit, bound, open_cursor
from gateway.routes.unconditional import require_unconditional
from gateway.store import alerts
from gateway.store.alerts import HOUR, Kept
from gateway.views.alert import ALERT_ID, Acknowledgement, AlertPage, AlertView
from stena.contracts.catalogue import Catalogue

router = APIRouter(prefix="/v1/alerts", tags=["Alerts"])

LIST = Question("list", "alert")
ACKNOWLEDGE = Question("acknowledge", "alert")

Found = tuple[Sequence[Kept], bool, Catalogue]


@router.get("", operation_id="listAlerts", summary="What is unusual", response_model=AlertPage)
async def list_alerts(
    states: CallerStates,
    gateway: Gateway,
    state: Annotated[Literal["open", "all"], Query(description="Still to be looked at, or every one.")] = "open",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Newest first: an organisation's unusual volume or breadth, many denials, forbidden purposes, broken glass. Numbers of one
    organisation in one hour, and nobody's data."""

    async def fetch(permit: Permit) -> Found:
        require_unconditional(permit)
        after = None if cursor is None else UUID(open_cursor(gateway, cursor, bound(permit, "alerts", state)))
        found = await alerts.page(gateway.engine, open_alone=state == "open", after=after, most=limit + 1)
        return found[:limit], len(found) > limit, await gateway.rulebook.catalogue(permit.rulebook)

    def redact(permit: Permit, found: Found) -> Shown[Reply]:
        page, more, catalogue = found
        following = gateway.cursors.seal(str(page[-1].alert.alert_id), bound(permit, "alerts", state)) if more else None
        return Shown(Reply({"alerts": [_shown(each, catalogue) for each in page], "next": following}))

    return respond(await pass_through(gateway.wall, Call(states, (LIST,)), fetch, redact))


@router.put(
    "/{id}/acknowledgement", operation_id="acknowledgeAlert", summary="Say that it was looked at", response_model=AlertView
)
async def acknowledge_alert(
    alert: Annotated[str, Path(alias="id", examples=[ALERT_ID])],
    body: Acknowledgement,
    states: CallerStates,
    gateway: Gateway,
) -> Response:
    """Once: who says so again gets what was said first."""

    async def fetch(permit: Permit) -> tuple[Kept, Catalogue]:
        require_unconditional(permit)
        catalogue, alert_id, grant = await gateway.rulebook.catalogue(permit.rulebook), telling.named(alert), permit.grant
        if alert_id is None:
            raise NotVisible
        now = datetime.now(UTC)
        kept = await alerts.acknowledge_once(gateway.engine, alert_id, grant.organisation, grant.acting_user, body.comment, now)
        if kept is None:
            raise NotVisible
        return kept, catalogue

    def redact(permit: Permit, found: tuple[Kept, Catalogue]) -> Shown[Reply]:
        return Shown(Reply(_shown(*found)))

    return respond(await pass_through(gateway.wall, Call(states, (ACKNOWLEDGE,)), fetch, redact))


def _shown(kept: Kept, catalogue: Catalogue) -> Json:
    alert, said = kept.alert, None
    names = {organisation.id: organisation.name for organisation in catalogue.organisations}
    if kept.acknowledged_at is not None:
        said = {
            "at": kept.acknowledged_at,
            "by": kept.acknowledged_by,
            "acting_user": kept.acting_user,
            "comment": kept.comment,
        }
    return {
        "id": telling.name(alert.alert_id),
        "rule": alert.rule,
        "severity": alert.severity,
        "organisation": alert.organisation,
        "organisation_name": names.get(alert.organisation, alert.organisation),
        "since": alert.hour,
        "until": alert.hour + HOUR,
        "measure": alert.measure,
        "measured": alert.measured,
        "threshold": alert.threshold,
        "raised_at": alert.raised_at,
        "acknowledged": said,
    }
