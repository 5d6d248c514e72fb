"""What two organisations that compare their records could join people by, made useless for it: names and moments of records."""

from datetime import UTC, datetime
from uuid import UUID

from profile_svc.store.vault import Vault


def name_for(vault: Vault, kind: str, organisation: str, record: UUID) -> str:
    """A name of the record for this organisation alone."""
    return str(UUID(bytes=vault.blind(kind, organisation, str(record))[:16], version=4))


def day_of(moment: datetime) -> datetime:
    """The beginning of its day."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
