"""What those see and do who administer: clients, proposals and the rulebook. Nobody's data is anywhere near."""

from typing import Any, Final

from tests.leaks.asking import Stand

from .common import Effort, may
from .telling import NOTHING

CLIENT: Final[dict[str, Any]] = {"organisation": "vitosha-bakery", "name": "shop", "credentials": {"type": "secret"}}
RENEWED: Final[dict[str, Any]] = {"credentials": {"type": "secret"}}


async def clients(stand: Stand, effort: Effort) -> None:
    """Proposed, and withdrawn; nobody is let in. Whom it would be about is registered by nobody."""
    looks, proposes = 200 if may(stand, "client", "list") else 403, may(stand, "client", "propose")
    found = await stand.ask("clients", "GET", "/v1/clients?state=all&limit=200", status=looks)
    known = found.json()["clients"][0]["id"] if found.is_success else NOTHING
    for where, body in (("/v1/clients", CLIENT), (f"/v1/clients/{known}/credentials", RENEWED)):
        status = 202 if proposes else 403
        made = await stand.ask("clients", "POST", where, status=status, says_why=proposes, json=body)
        proposal = made.json()["id"] if made.is_success else NOTHING
        status = 403 if made.is_success or not may(stand, "client", "confirm") else 404
        await stand.ask("clients", "PUT", f"/v1/proposals/{proposal}/confirmation", status=status)
        await stand.ask("clients", "GET", "/v1/proposals?state=all", status=looks, says_why=proposes)
        status = 200 if made.is_success else 403
        await stand.ask("clients", "DELETE", f"/v1/proposals/{proposal}", status=status, says_why=proposes)
    await stand.ask("clients", "DELETE", f"/v1/clients/{NOTHING}", status=404 if may(stand, "client", "revoke") else 403)


async def rulebook(stand: Stand, effort: Effort) -> None:
    """Read, loaded as it is, and activated where it decides already."""
    reads, loads = (200 if may(stand, "rulebook", each) else 403 for each in ("read", "load"))
    await stand.ask("rulebook", "GET", "/v1/organisations", status=reads)
    found = await stand.ask("rulebook", "GET", "/v1/rulebook", status=reads)
    revision = found.json()["active"] if found.is_success else f"sha256:{'0' * 64}"
    where = f"/v1/rulebook/revisions/{revision.removeprefix('sha256:')}"
    files = await stand.ask("rulebook", "GET", where, status=reads)
    body = {"files": files.json()["files"] if files.is_success else {}}
    await stand.ask("rulebook", "POST", "/v1/rulebook/revisions", status=201 if loads == 200 else 403, json=body)
    wish = {"revision": revision}
    await stand.ask("rulebook", "POST", "/v1/rulebook/activations", status=loads, json=wish)
