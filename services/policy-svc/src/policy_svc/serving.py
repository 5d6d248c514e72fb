"""What decides at this moment: one decision point, replaced whole. A call that has begun keeps the one that it began with."""

from dataclasses import replace
from typing import Final

from policy_svc.decision_point import DecisionPoint
from policy_svc.metrics import tell_revision
from policy_svc.rulebook import Rulebook
from stena.problems import Unavailable

MOST_RECENT: Final = 8


class Serving:
    """``at_once`` false: nothing is decided before ``use`` names a rulebook."""

    def __init__(self, point: DecisionPoint, *, at_once: bool = True) -> None:
        self._point = point
        self._decides = at_once
        self._catalogues = {point.rulebook.revision: point.catalogue} if at_once else {}
        if at_once:
            tell_revision(point.rulebook.revision)

    def use(self, rulebook: Rulebook) -> None:
        """From now on ``rulebook`` decides."""
        self._point, self._decides = replace(self._point, rulebook=rulebook), True
        tell_revision(rulebook.revision)
        self._catalogues.pop(rulebook.revision, None)
        self._catalogues[rulebook.revision] = self._point.catalogue
        while len(self._catalogues) > MOST_RECENT:
            del self._catalogues[next(iter(self._catalogues))]

    def point(self) -> DecisionPoint:
        """Raises ``Unavailable`` where nothing decides yet: no answer rather than one of a rulebook that may be outdated."""
        if not self._decides:
            raise Unavailable("Which rulebook is active cannot be found out yet, so nothing is decided. Try again shortly.")
        return self._point

    @property
    def revision(self) -> str | None:
        return self._point.rulebook.revision if self._decides else None

    def catalogue(self, revision: str) -> bytes | None:
        """The catalogue of a revision that decides or did lately, as it leaves."""
        return self._catalogues.get(revision)
