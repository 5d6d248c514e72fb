"""What is read for the person alone: every earlier value, and every referral."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from profile_svc.casework_tables import referrals
from profile_svc.sealing import PersonKey
from profile_svc.tables import person_history


@dataclass(frozen=True, slots=True)
class Earlier:
    """A row of ``person_history``; ``value`` only of what was not sealed at its time."""

    version: int
    attribute: str
    value: Any
    sealed: str | None
    provenance: Mapping[str, Any]
    replaced_at: datetime
    replaced_by: str

    @property
    def place(self) -> str:
        """Where it stands in the history of the person."""
        return f"{self.version}/{self.attribute}"

    def view(self, key: PersonKey) -> dict[str, Any]:
        value = self.value if self.sealed is None else key.unseal(self.attribute, self.sealed)
        said = {"said_by": self.provenance["by"], "verified": self.provenance["verified"], "since": self.provenance["at"]}
        until = {"replaced_at": self.replaced_at, "replaced_by": self.replaced_by}
        return {"attribute": self.attribute, "value": value, **said, **until}


async def history(connection: AsyncConnection, person_id: UUID, after: str | None, most: int) -> Sequence[Earlier]:
    """So many earlier values, newest first, after the one that stands at ``after``."""
    columns = person_history.c
    wanted = select(*(column for column in columns if column is not columns.person_id)).where(columns.person_id == person_id)
    if after is not None:
        version, _, attribute = after.partition("/")
        same = and_(columns.version == int(version), columns.attribute > attribute)
        wanted = wanted.where(or_(columns.version < int(version), same))
    ordered = wanted.order_by(columns.version.desc(), columns.attribute).limit(most)
    return [Earlier(**row) for row in (await connection.execute(ordered)).mappings()]


async def referrals_of(connection: AsyncConnection, person_id: UUID) -> Sequence[dict[str, Any]]:
    """Every referral of a person, newest first, without its reason."""
    names = ("sender", "recipient", "purpose", "state", "created_at", "changed_at", "until")
    wanted = select(*(referrals.c[name] for name in names)).where(referrals.c.person_id == person_id)
    newest_first = await connection.execute(wanted.order_by(referrals.c.referral_id.desc()))
    return [dict(zip(names, row, strict=True)) for row in newest_first]
