"""What was agreed to, and what was disclosed: the two books that are kept about a person."""

from tests.leaks.asking import Stand

from .common import Effort, may, path, status_about


async def consents(stand: Stand, effort: Effort) -> None:
    for who in stand.people if may(stand, "consent", "read") else stand.people[-1:]:
        status = status_about(stand, who, "consent", "read")
        shows = {who.name: frozenset({"consents"})} if status == 200 else {}
        await stand.ask("consents", "GET", path(stand, who, "/consents"), status=status, shows=shows)


async def disclosures(stand: Stand, effort: Effort) -> None:
    """Names of attributes, never values."""
    for who in stand.people if may(stand, "ledger", "read") else stand.people[-1:]:
        status = status_about(stand, who, "ledger", "read")
        await stand.ask("disclosures", "GET", path(stand, who, "/disclosures?limit=200"), status=status)
