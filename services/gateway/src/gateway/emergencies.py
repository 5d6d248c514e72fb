"""Breaking the glass: whom an emergency shows is on the list for review before anything leaves, and for a limited time.

INVARIANT: there is no answer about a person for such a purpose without a committed access that names who, why and until when.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from gateway import access_ids
from gateway.calls import Access, Entry, Permit, Seen
from gateway.firewall import Rejected
from gateway.metrics import EMERGENCIES
from gateway.patience import Patience
from gateway.store import Engine, emergencies
from gateway.store.emergencies import Opening
from stena.problems import Forbidden

log = structlog.get_logger()

WITHIN: Final = 0.8  # seconds to put an access on the list
_ENDED: Final = "What you said was good for a time that is over. Say anew, in words of now, why you have to see this person."


class Emergencies:
    """``open`` is what the wall does, ``within`` seconds, before it shows anybody for a purpose that is an emergency."""

    def __init__(
        self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), within: float = WITHIN
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._within = within
        self._patience = Patience("An emergency access cannot be put on the list for review. Try again shortly.")

    async def open(self, entry: Entry, permit: Permit, people: Iterable[Seen]) -> tuple[Access, ...]:
        """The accesses to ``people``, each committed. One that the same words have opened before is used as long as it lasts.

        Raises ``Rejected`` when one of them has ended, and ``Unavailable`` within a second.
        """
        now = self._clock()
        wanted = [_opening(entry, permit, seen, now) for seen in people]
        try:
            found = await self._patience.wait(emergencies.open_once(self._engine, wanted), self._within)
        except emergencies.Ended:
            raise Rejected(Forbidden(_ENDED, slug="justification-expired")) from None
        fresh = {each.access_id for each in wanted}
        for opened in found:
            if opened.access_id in fresh:
                _tell(opened)
        return tuple(Access(str(each.person_id), str(each.access_id), each.ends_at) for each in found)


def statement_of(justification: str) -> bytes:
    """The same for the same words: a blank or a capital more does not make a reason new."""
    words = " ".join(unicodedata.normalize("NFKC", justification).casefold().split())
    return hashlib.sha256(words.encode()).digest()


def _opening(entry: Entry, permit: Permit, seen: Seen, now: datetime) -> Opening:
    assert permit.emergency is not None
    said = entry.stated.justification or ""
    return Opening(
        person_id=UUID(seen.person),
        access_id=uuid7(),
        organisation=entry.caller.organisation,
        client=entry.caller.client,
        acting_user=entry.stated.acting_user or "",
        purpose=permit.grant.purpose,
        justification=said,
        statement=statement_of(said),
        decision=permit.id,
        opened_at=now,
        ends_at=now + permit.emergency.lasts,
    )


def _tell(opened: Opening) -> None:
    """Operators hear of every glass that is broken, and of nothing that stands behind it."""
    EMERGENCIES.labels(opened.organisation, opened.purpose).inc()
    log.warning(
        "emergency access opened",
        access=access_ids.name(opened.access_id),
        organisation=opened.organisation,
        purpose=opened.purpose,
        decision=opened.decision,
    )
