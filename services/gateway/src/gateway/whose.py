"""Whose record is whose, as the source knows it: what is noted here is put right before an answer rests on it.

Either may stand on an older backup than the other, or have ended in the middle of a merge. INVARIANT: the source is right.
"""

from uuid import UUID

import structlog
from pydantic import ValidationError

from gateway.calls import Pass, Permit
from gateway.firewall import NotVisible
from gateway.merged import MergedPeople
from gateway.store.merged import Part
from gateway.upstreams import Source
from stena.contracts.duplicates import Parts
from stena.problems import Unavailable

log = structlog.get_logger()

SOURCE = "profile-svc"


class Whose:
    def __init__(self, profile: Source, merged: MergedPeople) -> None:
        self._profile = profile
        self._merged = merged

    async def put_right(self, permit: Permit) -> bool:
        """Whether the person of the call turned out to be of other records than was noted: then it is to be decided anew.

        The source is asked about whom several records are noted, and before the ledger is read, which it keeps nothing of.
        Raises ``Unavailable``.
        """
        if permit.person is None:
            return False
        noted, allowed = self._merged.noted(permit.person), permit.whose
        if noted and allowed is None:
            allowed = _for_source(permit)
        if allowed is None:
            return False
        told = await self._told(permit.person, allowed)
        return told is not None and await self._merged.agree(noted, told)

    async def _told(self, person: str, allowed: Pass) -> frozenset[Part] | None:
        """``None`` from a source of the release before, which cannot tell."""
        grant = allowed.grant
        query = [("operation", grant.operation), ("resource", grant.resource)]
        try:
            answer = await self._profile.ask("GET", ["persons", person, "parts"], allowed, query=query)
            told = Parts.model_validate(answer.body).parts
            return frozenset(Part(UUID(each.person), UUID(each.part), UUID(each.merge)) for each in told)
        except NotVisible:
            return None
        except (ValidationError, ValueError) as error:
            log.error("the source tells no parts that can be read")
            raise Unavailable("A service that this answer depends on gave an answer that cannot be read.") from error


def _for_source(permit: Permit) -> Pass | None:
    passes = (each for each in permit.passes if (each.grant.aud, each.grant.target) == (SOURCE, permit.person))
    return next(passes, None)
