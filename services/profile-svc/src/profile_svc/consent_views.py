"""Consents as they are answered: how they stand now, and what a child said to those who may read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from profile_svc.blurring import day_of, name_for
from profile_svc.said import Said, is_live
from profile_svc.sealing import PersonKey
from profile_svc.store.vault import Vault
from stena.contracts.access import Grant
from stena.contracts.consents import Consent


@dataclass(frozen=True, slots=True)
class Views:
    """Makes answers for one grant about one person, who is ``minor`` or not, at ``now``."""

    vault: Vault
    grant: Grant
    key: PersonKey
    minor: bool
    now: datetime

    def standing(self, said: Said) -> Consent:
        """The newest word on a matter: one that was given and holds no more is ``expired``."""
        ended = said.state == "given" and not is_live(said, self.minor, self.now)
        return self._view(said, "expired" if ended else said.state)

    def history(self, newest_first: Sequence[Said]) -> list[Consent]:
        """Each word as it was said then; the newest for each recipient as it stands now."""
        seen: set[str | None] = set()
        views = []
        for said in newest_first:
            views.append(self._view(said, said.state) if said.recipient in seen else self.standing(said))
            seen.add(said.recipient)
        return views

    def _view(self, said: Said, state: str) -> Consent:
        close = self._is_close(said)
        reason, words = heard(said, self.key) if close else (None, None)
        return Consent.model_validate(
            {
                "id": name_for(self.vault, "consent", self.grant.organisation, said.consent_id),
                "purpose": said.purpose,
                "recipient": said.recipient,
                "state": state,
                "recorded_at": said.recorded_at if close else day_of(said.recorded_at),
                "recorded_by": said.recorded_by,
                "expires_at": said.expires_at if close or said.expires_at is None else day_of(said.expires_at),
                "text_version": said.text_version,
                "language": said.language,
                "method": said.method,
                "given_by": said.given_by,
                "child_view": said.child_view,
                "child_view_reason": reason,
                "child_words": words,
            }
        )

    def _is_close(self, said: Said) -> bool:
        """Whoever recorded it, and where a purpose shows in full who said what (the person's own), sees all of it.

        Others see no free text, and days for moments: by a moment two that compare what they hold would know their people.
        """
        return said.recorded_by == self.grant.organisation or self.grant.provenance == "full"


def heard(said: Said, key: PersonKey) -> tuple[str | None, str | None]:
    """Why a child was not asked or how it was weighed, and the child's own words."""
    if said.sealed is None:
        return None, None
    reason, words = key.unseal(name_of(said.consent_id), said.sealed)
    return reason, words


def name_of(consent_id: UUID) -> str:
    """What the texts of a consent are sealed as; no attribute has such a name."""
    return f"consent {consent_id}"
