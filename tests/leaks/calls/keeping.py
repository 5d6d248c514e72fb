"""How long records are kept: why is the person's to know, that one ends whoever registered them is told."""

from tests.leaks.asking import Stand
from tests.leaks.cast import LEAVING, SUBJECT

from .common import Effort, may, path, status_about


async def retention(stand: Stand, effort: Effort) -> None:
    """Neither shows an attribute of anybody."""
    await stand.ask(
        "retention", "GET", "/v1/retention-notices?limit=200", status=200 if may(stand, "retention", "list") else 403
    )
    own = [who for who in (*stand.people, LEAVING) if who.name == stand.asking.speaks_for]
    others = effort.of(stand.people, may(stand, "retention", "read"))
    for who in (SUBJECT, *own, *(who for who in others if who not in own)):
        status = status_about(stand, who, "retention", "read")
        await stand.ask("retention", "GET", path(stand, who, "/retention"), status=status)
