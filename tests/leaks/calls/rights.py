"""What people may ask for: corrections, restrictions, objections. What they say with it is for those who decide."""

from collections.abc import Mapping
from typing import Any, Final

from tests.leaks.asking import Stand
from tests.leaks.cast import LEAVING, SUBJECT, Somebody
from tests.leaks.world import AGAINST, PROPOSED

from .common import Effort, may, path, status_about
from .telling import NOTHING

RIGHT: Final = {"attribute": "digital_skills", "value": "advanced"}
RESTRICTED: Final = {"ground": "accuracy"}
AGAINST_ONE: Final = {"purpose": AGAINST[1], "recipient": AGAINST[0], "reason": "I know somebody who works there."}
RULED: Final = {"outcome": "upheld", "reason": "There is no ground that weighs more."}


async def corrections(stand: Stand, effort: Effort) -> None:
    """Whoever may write an attribute of somebody learns what they want it to be."""
    permitted = may(stand, "correction", "list")
    shows = {who.name: _proposed(stand, who, "list") for who in stand.people}
    found = await stand.ask("corrections", "GET", "/v1/corrections?limit=200", status=200 if permitted else 403, shows=shows)
    for who in effort.of(stand.people, may(stand, "correction", "read")):
        status = status_about(stand, who, "correction", "read")
        shown = {who.name: _proposed(stand, who, "read")}
        await stand.ask("corrections", "GET", path(stand, who, "/corrections"), status=status, shows=shown)
    ours = stand.ids[SUBJECT.name]
    waiting = found.json()["corrections"] if found.is_success else ()
    correction = next((each["id"] for each in waiting if each["person"] == ours), NOTHING)
    where = path(stand, SUBJECT, f"/corrections/{correction}/rejected")
    status = status_about(stand, SUBJECT, "correction", "decide")
    # Somebody else may have decided meanwhile.
    allowed = {404} if status == 200 and correction == NOTHING else {200, 409} if status == 200 else {status}
    await stand.ask("corrections", "POST", where, status=allowed, json={"reason": "It is as it stands there."})
    await _own(stand, "correct", "/corrections", RIGHT)


async def objections(stand: Stand, effort: Effort) -> None:
    """Each decides about those against itself, for the purpose that they are about, and learns of no other."""
    permitted = may(stand, "objection", "list")
    against = (stand.asking.organisation, stand.asking.purpose) == AGAINST
    shows = {SUBJECT.name: frozenset({"objection"})} if against else {}
    found = await stand.ask("objections", "GET", "/v1/objections?limit=200", status=200 if permitted else 403, shows=shows)
    for who in effort.of(stand.people, may(stand, "objection", "read")):
        await stand.ask(
            "objections", "GET", path(stand, who, "/objections"), status=status_about(stand, who, "objection", "read")
        )
    waiting = found.json()["objections"] if found.is_success else ()
    objection = next((each["id"] for each in waiting if each["person"] == stand.ids[SUBJECT.name]), NOTHING)
    status = status_about(stand, SUBJECT, "objection", "decide")
    where = path(stand, SUBJECT, f"/objections/{objection}/decisions")
    allowed = {404} if status == 200 and objection == NOTHING else {status}
    await stand.ask("objections", "POST", where, status=allowed, shows=shows, json=RULED)
    await _own(stand, "object", "/objections", AGAINST_ONE)


async def restrictions(stand: Stand, effort: Effort) -> None:
    for who in (SUBJECT, *effort.of(stand.people, may(stand, "restriction", "read"))):
        status = status_about(stand, who, "restriction", "read")
        await stand.ask("restrictions", "GET", path(stand, who, "/restrictions"), status=status)
    own = stand.asking.speaks_for == LEAVING.name
    who = LEAVING if own else SUBJECT
    status = status_about(stand, who, "person", "restrict")
    made = await stand.ask(
        "restrictions", "POST", path(stand, who, "/restrictions"), status=201 if status == 200 else status, json=RESTRICTED
    )
    restriction = made.json()["id"] if made.is_success else NOTHING
    where = path(stand, who, f"/restrictions/{restriction}/lift")
    await stand.ask("restrictions", "POST", where, status=status, json={"reason": "It is settled."})


async def _own(stand: Stand, operation: str, where: str, body: Mapping[str, Any]) -> None:
    """Asked for by people themselves, and taken back."""
    own = stand.asking.speaks_for == LEAVING.name and may(stand, "person", operation)
    who = LEAVING if own else SUBJECT
    made = await stand.ask("rights", "POST", path(stand, who, where), status=201 if own else 403, json=body)
    asked = made.json()["id"] if made.is_success else NOTHING
    await stand.ask("rights", "DELETE", path(stand, who, f"{where}/{asked}"), status=200 if own else 403)


def _proposed(stand: Stand, who: Somebody, operation: str) -> frozenset[str]:
    """What carries the proposals of ``who`` that this caller may decide about; all of them to who made them."""
    if not stand.asking.reaches(who, "correction", operation):
        return frozenset()
    if stand.asking.speaks_for == who.name:
        return frozenset({"correction", *PROPOSED})
    return frozenset(carrier for name in stand.asking.writes(who) for carrier in (name, f"correction of {name}"))
