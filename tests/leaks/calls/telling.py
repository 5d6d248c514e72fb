"""What is written about people beside their attributes: consents, notes and shares, referrals, cases, reviews."""

from typing import Any, Final

from tests.leaks.asking import Stand
from tests.leaks.cast import LEAVING, SUBJECT
from tests.leaks.world import NEXT_MONTH

from .common import Effort, may, path, status_about

NOTHING: Final = "0199d7a4-c0de-7000-a1b2-c3d4e5f60718"
AGREED: Final = {"state": "given", "text_version": "2026-1", "language": "uk", "method": "paper"}
REFERRAL: Final = {"recipient": "danube-health", "purpose": "health-access", "reason": "Asks for a doctor."}
REVIEWED: Final = {"outcome": "justified", "comment": "The hospital has confirmed it."}


async def record_consent(stand: Stand, effort: Effort) -> None:
    """Given and withdrawn; somebody else may have withdrawn it meanwhile."""
    who = LEAVING if stand.asking.speaks_for == LEAVING.name else SUBJECT
    where = path(stand, who, "/consents/mentoring")
    await stand.ask("record consent", "PUT", where, status=status_about(stand, who, "consent", "record"), json=AGREED)
    status = status_about(stand, who, "consent", "withdraw")
    await stand.ask("record consent", "DELETE", where, status={200, 409} if status == 200 else status)


async def write_note(stand: Stand, effort: Effort) -> None:
    """Written, shared, and the share ended."""
    status = _made(stand, "note", "create")
    wrote, where = status == 201, path(stand, SUBJECT, "/notes")
    written = await stand.ask("write note", "POST", where, status=status, says_why=wrote, json={"text": "Came today."})
    note = written.json()["id"] if written.status_code == 201 else NOTHING
    shares = path(stand, SUBJECT, f"/notes/{note}/shares")
    permitted = may(stand, "note", "share") and may(stand, "note", "read")
    share: dict[str, Any] = {"purpose": "legal-aid", "until": NEXT_MONTH}
    refused = 404 if permitted and stand.asking.speaks_for is None else 403
    there = written.status_code == 201 and permitted
    made = await stand.ask("share note", "POST", shares, status=201 if there else {403, refused}, json=share)
    await stand.ask("share note", "GET", shares, status=200 if there else {403, refused, 404})
    release = path(stand, SUBJECT, f"/notes/{note}/release")
    said = {"about_others": "none"}
    await stand.ask("release note", "PUT", release, status=200 if there else {403, refused}, json=said)
    ended = f"{shares}/{made.json()['id'] if made.status_code == 201 else NOTHING}"
    await stand.ask("share note", "DELETE", ended, status=204 if there else {403, refused})


async def refer(stand: Stand, effort: Effort) -> None:
    """Sent, and taken back. What is not the caller's to answer is not there."""
    status = _made(stand, "referral", "create")
    sent = await stand.ask("refer", "POST", path(stand, SUBJECT, "/referrals"), status=status, json=REFERRAL)
    referral = sent.json()["id"] if sent.status_code == 201 else NOTHING
    permitted = may(stand, "referral", "amend")
    answered = 403 if not permitted else 200 if sent.status_code == 201 else 404
    await stand.ask("refer", "POST", f"/v1/referrals/{referral}/revoke", status=answered)


async def give_case(stand: Stand, effort: Effort) -> None:
    """People give their case and take it back; nobody else can, and nobody closes what is not there."""
    own = stand.asking.speaks_for == LEAVING.name and may(stand, "case", "open")
    who = LEAVING if own else SUBJECT
    body = {"organisation": "open-door-legal"}
    given = await stand.ask("give case", "POST", path(stand, who, "/cases"), status={200, 201} if own else 403, json=body)
    case = given.json()["id"] if given.is_success else NOTHING
    closed = 200 if own else 404 if may(stand, "case", "close") and stand.asking.speaks_for is None else 403
    await stand.ask("give case", "POST", path(stand, who, f"/cases/{case}/close"), status=closed)


async def review(stand: Stand, effort: Effort) -> None:
    """The first glass of the list; whoever may not judge is refused, whatever they name."""
    permitted = may(stand, "review", "record")
    access = "acc_none"
    if permitted:
        found = await stand.ask("review", "GET", "/v1/reviews", status=200, says_why=True)
        access = next((each["id"] for each in found.json()["reviews"]), access)
    status = {201, 409} if access != "acc_none" else {404} if permitted else {403}
    await stand.ask("review", "POST", f"/v1/reviews/{access}/outcome", status=status, json=REVIEWED, says_why=permitted)


def _made(stand: Stand, kind: str, operation: str) -> int:
    status = status_about(stand, SUBJECT, kind, operation)
    return 201 if status == 200 else status
