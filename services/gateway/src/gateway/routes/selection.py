"""Which people a list or an export is about, from an address or a body; and where a list goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import fastapi

from gateway import filters
from gateway.calls import Permit
from gateway.cursors import Bound, CursorInvalid
from gateway.firewall import Rejected
from gateway.parts import Parts
from stena.contracts.profile import Filter, Query
from stena.problems import BadRequest, pointer

Limit = Annotated[int, fastapi.Query(ge=1, le=200)]
Cursor = Annotated[str | None, fastapi.Query(description="`next` of the page before.")]
Fields = Annotated[
    str | None, fastapi.Query(description="Attributes to answer with, separated by commas.", examples=["skills,languages"])
]
Filters = Annotated[
    list[str],
    fastapi.Query(
        alias="filter",
        max_length=20,
        description="`attribute:operator:value`; several must all hold. Only attributes that the purpose discloses.",
        examples=["languages:has:ukr"],
    ),
]
Sort = Annotated[str | None, fastapi.Query(max_length=100, description="An attribute; `-` before it for descending.")]


@dataclass(frozen=True, slots=True)
class Selection:
    """``texts`` are filters of an address, whose values have no types yet; ``filters`` come typed from a body."""

    sort: str | None
    fields: tuple[str, ...] | None
    texts: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def shape(self) -> Any:
        """Everything that decides which people come in which order, for a cursor to be bound to."""
        typed = [each.model_dump() for each in self.filters]
        return {"texts": list(self.texts), "filters": typed, "sort": self.sort, "fields": self.fields}


async def query(gateway: Parts, permit: Permit, selection: Selection, limit: int, after: str | None) -> Query:
    """The page that profile-svc is asked for; raises ``Rejected`` for a filter that is none."""
    typed = selection.filters or await _read_filters(gateway, permit, selection.texts)
    return Query(filters=typed, sort=selection.sort, fields=selection.fields, limit=limit, after=after)


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
