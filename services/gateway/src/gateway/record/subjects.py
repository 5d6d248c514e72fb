"""The pseudonyms of people whom the ledger was lately asked to write of, in memory, so that most entries look none up."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from gateway.store import Engine, subjects

KNOWN: Final = 50_000
"""People in memory, the latest."""


class Subjects:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: OrderedDict[str, UUID] = OrderedDict()

    async def of(self, people: Iterable[str]) -> Mapping[str, UUID]:
        """Person → pseudonym, for internal ids; raises ``Unavailable``."""
        wanted = set(people)
        found = {person: self._known[person] for person in wanted & self._known.keys()}
        if missing := wanted - found.keys():
            made = await subjects.made_of(self._engine, [UUID(person) for person in missing])
            found |= {person: made[UUID(person)] for person in missing}
            self._remember(found)
        return found

    def _remember(self, found: Mapping[str, UUID]) -> None:
        self._known.update(found)
        for _ in range(len(self._known) - KNOWN):
            self._known.popitem(last=False)
