"""What is the person's alone: everything at once, what of a note they may read, and by what they sign in."""

from collections.abc import Iterator
from typing import Any

from tests.leaks.asking import Fault, Stand
from tests.leaks.cast import LEAVING, SUBJECT, Somebody
from tests.leaks.expected import ATTRIBUTES
from tests.leaks.world import PROPOSED

from .common import Effort, may, path, status_about
from .telling import NOTHING


async def access(stand: Stand, effort: Effort) -> None:
    """The whole of the own record, but for what others wrote and have not released."""
    own = [who for who in (*stand.people, LEAVING) if who.name == stand.asking.speaks_for]
    others = effort.of(stand.people, may(stand, "person", "access"))
    for who in (*own, *(who for who in others if who not in own)):
        status = status_about(stand, who, "person", "access")
        for media in ("application/json", "text/html"):
            await stand.ask(
                "access",
                "GET",
                path(stand, who, "/access"),
                status=status,
                shows={who.name: _everything(who)} if status == 200 else {},
                check=_whole if media == "application/json" else None,
                headers={"Accept": media},
            )


async def released_notes(stand: Stand, effort: Effort) -> None:
    """Only who wrote a note says that the person may read it; here each says that they may not."""
    permitted = may(stand, "note", "release")
    for who in effort.of(stand.people, permitted):
        found = await stand.caller("GET", path(stand, who, "/notes?limit=200"), stand.asking.purpose)
        notes = found.json()["notes"] if found.is_success else []
        own = next((note["id"] for note in notes if note["written_by"] == stand.asking.organisation), None)
        note = own or (notes[0]["id"] if notes else NOTHING)
        status = 403 if not permitted else 200 if own else 404
        body = {"about_others": "withheld"}
        await stand.ask("release note", "PUT", path(stand, who, f"/notes/{note}/release"), status=status, json=body)


async def sign_ins(stand: Stand, effort: Effort) -> None:
    """A code for a sign-in, from who registered somebody; nobody else learns that there is one."""
    body = {"verified_by": "identity-document"}
    for who in (SUBJECT, *effort.of(stand.people, may(stand, "sign-in", "issue"))):
        issued = status_about(stand, who, "sign-in", "issue")
        status = 201 if issued == 200 else issued
        await stand.ask("sign-in code", "POST", path(stand, who, "/sign-in-codes"), status=status, json=body)
        read, revoked = (status_about(stand, who, "sign-in", operation) for operation in ("read", "revoke"))
        await stand.ask("sign-ins", "GET", path(stand, who, "/sign-ins"), status=read)
        nothing = 404 if revoked == 200 else revoked
        await stand.ask("sign-ins", "DELETE", path(stand, who, f"/sign-ins/{NOTHING}"), status=nothing)


def _everything(who: Somebody) -> frozenset[str]:
    carried = frozenset[str]().union(*(canary.carriers for canary in who.canaries))
    return carried | {*ATTRIBUTES, *PROPOSED, "consents", "correction", "objection", f"what {who.name} said"}


def _whole(told: Any) -> Iterator[Fault]:
    if not told["end"]["complete"]:
        yield Fault("fault", f"not the whole: {told['end']['reason']}")
    if missing := set(ATTRIBUTES) - told["record"]["attributes"].keys():
        yield Fault("over-redaction", f"{len(missing)} attributes are missing")
    for each in (*told["notes"], *told["referrals"]):
        if each.get("text") or each.get("reason"):
            yield Fault("leak", "what nobody released is shown")
