"""Notes, cases and referrals: free text that belongs to who wrote it, and to those whom it was given to."""

from typing import Any

from tests.leaks.asking import Fault, Stand
from tests.leaks.cast import Somebody

from .common import Effort, may, path


def readable_notes(stand: Stand) -> frozenset[str]:
    """What carries a note to this caller: having written it, or a share for the purpose."""
    organisation, purpose = stand.asking.organisation, stand.asking.purpose
    shared = f"note shared for {purpose}"
    return frozenset({f"note of {organisation}", shared, f"{shared} with {organisation}"})


async def notes(stand: Stand, effort: Effort) -> None:
    permitted = may(stand, "note", "read")
    for who in stand.people if permitted else stand.people[-1:]:
        status = (200 if stand.asking.visible(who, "note") else 404) if permitted else 403
        shows = {who.name: readable_notes(stand)} if permitted else {}
        answer = await stand.ask("notes", "GET", path(stand, who, "/notes?limit=200"), status=status, shows=shows)
        if answer.status_code == 200:
            _all_there(stand, "notes", who, readable_notes(stand), answer.json()["notes"])


async def cases(stand: Stand, effort: Effort) -> None:
    """Who has a case is for those who have it, and for the person."""
    permitted = may(stand, "case", "read")
    for who in stand.people if permitted else stand.people[-1:]:
        own = stand.asking.speaks_for == who.name
        status = (200 if stand.asking.visible(who, "case") or own else 404) if permitted else 403
        if permitted and stand.asking.speaks_for is not None and not own:
            status = 403
        answer = await stand.ask("cases", "GET", path(stand, who, "/cases"), status=status)
        if answer.status_code == 200 and not own:
            told = {case["organisation"] for case in answer.json()["cases"]}
            stand.note("cases", [Fault("leak", f"a case of {other}") for other in told - {stand.asking.organisation}])


async def referrals(stand: Stand, effort: Effort) -> None:
    permitted = may(stand, "referral", "list")
    mine = frozenset({f"referral of {stand.asking.organisation}"})
    shows = {who.name: mine for who in stand.people if stand.asking.visible(who, "referral")} if permitted else {}
    for direction in ("in", "out"):
        where = f"/v1/referrals?direction={direction}&limit=200"
        await stand.ask("referrals", "GET", where, status=200 if permitted else 403, shows=shows)
    for referral in stand.referrals:
        party = stand.asking.organisation in referral.parties
        status = {403} if not permitted else {200, 404} if party else {404}
        await stand.ask("referrals", "GET", f"/v1/referrals/{referral.id}", status=status, shows=shows)


def _all_there(stand: Stand, call: str, who: Somebody, carriers: frozenset[str], found: Any) -> None:
    """Every note that the caller may read has arrived."""
    texts = {note["text"] for note in found}
    wanted = [canary for canary in stand.written if canary.person == who.name and not canary.carriers.isdisjoint(carriers)]
    missing = sum(canary.text not in texts for canary in wanted)
    if missing:
        stand.note(call, [Fault("over-redaction", f"{missing} notes about {who.name} are missing")])
