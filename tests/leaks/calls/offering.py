"""Opportunities and their conditions: about no person, and yet nothing of anybody may come back with them."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.leaks.asking import Stand

from .common import MERGE, Effort, may

WHERE: Final = "/v1/opportunities"
CONDITIONS: Final = "/v1/eligibility-conditions"
NONE: Final = "elg_none"
SECOND: Final = {"Acting-User": "cnrysecond"}
"""Who approves what somebody else has proposed."""

WOMEN: Final[dict[str, Any]] = {
    "attribute": "gender",
    "operator": "eq",
    "value": "female",
    "legal_basis": "Protection against Discrimination Act, Article 7(1), point 13",
    "reason": "The course takes place in a shelter for women who fled violence.",
    "expires_on": (datetime.now(UTC) + timedelta(days=200)).date().isoformat(),
}


async def opportunities(stand: Stand, effort: Effort) -> None:
    """Read, and one of the caller's own: offered, amended, closed."""
    for own in ("false", "true"):
        listed = 200 if may(stand, "opportunity", "list") else 403
        await stand.ask("opportunities", "GET", f"{WHERE}?own={own}&limit=500", status=listed)
    for opportunity, (owner, _) in effort.of(tuple(stand.opportunities.items()), may(stand, "opportunity", "read")):
        await stand.ask(
            "opportunities", "GET", f"{WHERE}/{opportunity}", status=200 if may(stand, "opportunity", "read") else 403
        )
        if owner != stand.asking.organisation:
            await _amend(stand, opportunity, '"x"', 404 if may(stand, "opportunity", "amend") else 403)
    permitted = may(stand, "opportunity", "create")
    body = {"kind": "service", "title": "A service", "region": "BG411"}
    made = await stand.ask("opportunities", "POST", WHERE, status=201 if permitted else 403, json=body)
    if made.status_code == 201:
        # Asked again after a 503 that came too late to undo it, a change to a named version would be one too many.
        await _amend(stand, made.json()["id"], "*", 200)
        await stand.ask("opportunities", "DELETE", f"{WHERE}/{made.json()['id']}", status=204)


async def _amend(stand: Stand, opportunity: str, tag: str, status: int) -> None:
    headers = {"If-Match": tag, **MERGE}
    await stand.ask(
        "opportunities", "PATCH", f"{WHERE}/{opportunity}", status=status, headers=headers, content='{"title":"Another"}'
    )


async def conditions(stand: Stand, effort: Effort) -> None:
    """Proposed by one, approved by another; who they are is told to their own organisation and to the privacy office."""
    permitted = may(stand, "opportunity", "create")
    made = await stand.ask("conditions", "POST", CONDITIONS, status=201 if permitted else 403, says_why=permitted, json=WOMEN)
    listed = may(stand, "opportunity", "approvals")
    await stand.ask("conditions", "GET", CONDITIONS, status=200 if listed else 403, says_why=listed)
    proposed = made.json()["id"] if made.status_code == 201 else NONE
    status = 403 if not may(stand, "opportunity", "approve") else 200 if proposed != NONE else 404
    where = f"{CONDITIONS}/{proposed}/approval"
    await stand.ask("conditions", "POST", where, status=status, headers=SECOND, says_why=permitted)
    status = 403 if not may(stand, "opportunity", "disapprove") else 200 if proposed != NONE else 404
    await stand.ask("conditions", "DELETE", where, status=status, says_why=permitted)
