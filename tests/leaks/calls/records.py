"""What was agreed to, and what was disclosed: the two books that are kept about a person."""

from tests.leaks.asking import Stand
from tests.leaks.world import HEARD_FOR

from .common import Effort, may, path, status_about


async def consents(stand: Stand, effort: Effort) -> None:
    """The list, what was said for a purpose, and the receipt; what a child said only for who heard it, and the child."""
    permitted = may(stand, "consent", "read")
    for who in stand.people if permitted else stand.people[-1:]:
        status = status_about(stand, who, "consent", "read")
        known = {"consents", f"what {stand.asking.organisation} heard of a child"}
        if stand.asking.speaks_for == who.name:
            known.add(f"what {who.name} said")
        shows = {who.name: frozenset(known)} if status == 200 else {}
        await stand.ask("consents", "GET", path(stand, who, "/consents"), status=status, shows=shows)
        for purpose in ("job-ranking", HEARD_FOR) if permitted else (HEARD_FOR,):
            where = path(stand, who, f"/consents/{purpose}")
            # Of a purpose for which nothing was said there is no history.
            there = {200, 404} if status == 200 else {status}
            await stand.ask("consent history", "GET", where, status=there, shows=shows)
            await stand.ask("consent receipt", "GET", f"{where}/receipt", status=there, shows=shows)


async def reviews(stand: Stand, effort: Effort) -> None:
    """Broken glass, for those who review it: why it was broken, and no value of anybody."""
    permitted = may(stand, "review", "list")
    await stand.ask("reviews", "GET", "/v1/reviews?limit=200", status=200 if permitted else 403, says_why=permitted)


async def disclosures(stand: Stand, effort: Effort) -> None:
    """Names of attributes, never values."""
    for who in stand.people if may(stand, "ledger", "read") else stand.people[-1:]:
        status = status_about(stand, who, "ledger", "read")
        await stand.ask("disclosures", "GET", path(stand, who, "/disclosures?limit=200"), status=status)
