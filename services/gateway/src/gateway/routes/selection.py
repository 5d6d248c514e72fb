"""Which people a list is about, from an address or a body; and where it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway import filters
from gateway.calls import Permit
from gateway.cursors import Bound, CursorInvalid
from gateway.firewall import Rejected
from gateway.parts import Parts
from stena.contracts.profile import Filter, Query
from stena.problems import BadRequest, pointer


@dataclass(frozen=True, slots=True)
class Selection:
    """``texts`` are filters of an address, whose values have no types yet; ``filters`` come typed from a body."""

    sort: str | None
    fields: tuple[str, ...] | None
    limit: int
    cursor: str | None
    texts: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def shape(self) -> Any:
        """Everything that decides which people come in which order, for a cursor to be bound to."""
        typed = [each.model_dump() for each in self.filters]
        return {"texts": list(self.texts), "filters": typed, "sort": self.sort, "fields": self.fields}


async def query(gateway: Parts, permit: Permit, selection: Selection) -> Query:
    """The page that profile-svc is asked for; raises ``Rejected`` for a filter or cursor that is none."""
    typed = selection.filters or await _read_filters(gateway, permit, selection.texts)
    after = None
    if selection.cursor is not None:
        after = str(open_cursor(gateway, selection.cursor, bound(permit, "list", selection.shape)))
    return Query(filters=typed, sort=selection.sort, fields=selection.fields, limit=selection.limit, after=after)


def bound(permit: Permit, operation: str, shape: Any = None) -> Bound:
    return Bound(permit.grant.organisation, permit.grant.purpose, operation, shape)


def open_cursor(gateway: Parts, cursor: str, made_for: Bound) -> Any:
    """The position in ``cursor``; a cursor that was not made for exactly this list is a 400."""
    try:
        return gateway.cursors.open(cursor, made_for)
    except CursorInvalid:
        raise Rejected(
            BadRequest("The cursor belongs to another list, or is none. Begin again without it.", slug="cursor-invalid")
        ) from None


def names(fields: str | None) -> tuple[str, ...] | None:
    """The attributes of ``fields=a,b``; without it all that the purpose discloses."""
    return None if fields is None else tuple(dict.fromkeys(fields.split(",")))


async def _read_filters(gateway: Parts, permit: Permit, texts: Sequence[str]) -> tuple[Filter, ...]:
    catalogue = await gateway.rulebook.catalogue(permit.rulebook)
    attributes = {attribute.name: attribute for attribute in catalogue.attributes}
    read = []
    for text in texts:
        try:
            read.append(filters.read(text, attributes))
        except filters.FilterInvalid as fault:
            raise Rejected(
                BadRequest(
                    "A filter is malformed.", errors=[{"in": "query", "pointer": pointer(["filter"]), "detail": str(fault)}]
                )
            ) from None
    return tuple(read)
