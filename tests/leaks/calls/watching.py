"""What those see who watch over the wall: alerts and breaches. Names and numbers, and no value of anybody."""

from datetime import UTC, datetime, timedelta
from typing import Final

from tests.leaks.asking import Stand

from .common import Effort, may
from .telling import NOTHING

FOUND: Final = {"comment": "Looked at with the one who made the calls."}


async def alerts(stand: Stand, effort: Effort) -> None:
    permitted = may(stand, "alert", "list")
    found = await stand.ask("alerts", "GET", "/v1/alerts?state=all", status=200 if permitted else 403, says_why=permitted)
    alert = next((each["id"] for each in found.json()["alerts"]), None) if found.is_success else None
    status = 403 if not may(stand, "alert", "acknowledge") else 200 if alert else 404
    where = f"/v1/alerts/{alert or NOTHING}/acknowledgement"
    await stand.ask("alerts", "PUT", where, status=status, says_why=permitted, json=FOUND)


async def breaches(stand: Stand, effort: Effort) -> None:
    """What was disclosed in the last hours, of whom."""
    status = 200 if may(stand, "ledger", "report") else 403
    now = datetime.now(UTC)
    since, until = (moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (now - timedelta(hours=3), now))
    for where in ("", "/people"):
        await stand.ask("breaches", "GET", f"/v1/ledger/breach-report{where}?since={since}&until={until}", status=status)
