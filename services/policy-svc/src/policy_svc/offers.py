"""The folder of the deployment beside what decides: a rulebook that only lies there is an offer, told and never followed."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

import structlog

from policy_svc.faults import RulebookError
from policy_svc.loading import read_files, revision_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Offer:
    """``revision`` of the files in ``folder`` when this process started; ``None`` if they could not be read."""

    folder: Path
    revision: str | None

    def beside(self, active: str | None) -> dict[str, str | None] | None:
        """What an operator wants to know of it; ``None`` where the folder holds what decides."""
        if active is None or self.revision == active:
            return None
        command = f"stena rulebook activate {quote(str(self.folder))}"
        return {"folder": str(self.folder), "revision": self.revision, "activate": command}

    def tell(self, active: str | None) -> None:
        offered = self.beside(active)
        if offered is not None:
            log.warning("the folder's rulebook is not the one that decides", active=active, **offered)


def offer_of(folder: Path) -> Offer:
    try:
        return Offer(folder, revision_of(read_files(folder)))
    except RulebookError:
        return Offer(folder, None)
