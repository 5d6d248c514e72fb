"""The forms of the rulebook's data files. Only shapes are checked here; ``chapters`` checks what one file says of another."""

from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from policy_svc.faults import Faults, Place, choices
from policy_svc.yaml_files import Entries, place_at, plain
from stena.contracts.access import Reason, Withheld
from stena.contracts.catalogue import Kind

Text = Annotated[str, StringConstraints(min_length=1)]
Region = Annotated[str, StringConstraints(pattern="^[A-Z]{2}[0-9A-Z]{0,3}$")]
Titles = dict[str, Text]


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HeaderEntry(Entry):
    """rulebook.yaml. ``country`` is an ISO 3166-1 code of two or three letters."""

    title: Text
    description: str = ""
    country: Annotated[str, StringConstraints(pattern="^[A-Z]{2,3}$")]
    licence: Text


class CategoryEntry(Entry):
    titles: Titles


class AttributesEntry(Entry):
    """attributes.yaml, its two parts; each attribute has the form of ``catalogue.Attribute``."""

    categories: dict[str, CategoryEntry]
    attributes: dict[str, dict[str, Any]]


class ApprovalEntry(Entry):
    purpose: Text
    legal_basis: Text
    regions: tuple[Region, ...]
    first: date = Field(alias="from")
    last: date = Field(alias="until")


class OrganisationEntry(Entry):
    name: Text
    kind: Kind
    roles: tuple[str, ...] = ()
    approvals: tuple[ApprovalEntry, ...] = ()


class FactsEntry(Entry):
    """The record of a golden case: every fact that it does not name is unknown, but for objections, of which there are none."""

    region_path: tuple[str, ...] | None = None
    assigned: tuple[str, ...] | None = None
    consents: tuple[str, ...] | None = None
    objections: tuple[str, ...] | None = ()
    restricted: bool | None = None
    minor: bool | None = None
    created_by: str | None = None
    shared: tuple[str, ...] | None = None


class CaseEntry(Entry):
    """One golden case. ``id`` is the record's, ``person`` the asker's own: equal where people ask for themselves."""

    name: Text
    organisation: Text
    purpose: str
    action: Text
    resource: Text = "person"
    id: str | None = None
    person: str | None = None
    case: str | None = None
    acting_user: str | None = None
    justification: str | None = None
    at: date | None = None
    record: FactsEntry | None = None
    decision: Literal["permit", "deny"]
    reason: Reason | None = None
    rules: tuple[str, ...] | None = None
    disclosed: tuple[str, ...] | None = None
    withheld: dict[str, Withheld] = Field(default_factory=dict)
    writable: tuple[str, ...] | None = None


Model = TypeVar("Model", bound=BaseModel)


def read_entry(model: type[Model], raw: Any, place: Place, faults: Faults, **named: str) -> Model | None:
    """``raw`` in the form of ``model``, with the ``named`` members that stand as keys; ``None`` after adding its faults."""
    known = [key for key in _keys(model) if key not in named]
    if not isinstance(raw, Entries):
        faults.add(place, "not a mapping", f"Write the keys {', '.join(known)}")
        return None
    for key in sorted(raw.keys() & named.keys()):
        faults.add(raw.place_of(key), f"unknown key {key!r}", "Remove it: the entry's own key names it")
    try:
        return model.model_validate_json(orjson.dumps({**plain(raw), **named}), strict=True)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            _explain(problem["type"], problem["msg"], problem["loc"], known, raw, faults)
    except TypeError:  # orjson: an integer wider than 64 bits, or a lone surrogate
        faults.add(raw.place, "a value that JSON cannot hold", "Write it as ordinary text or a smaller number")
    return None


def _explain(kind: str, message: str, path: tuple[Any, ...], known: list[str], raw: Entries, faults: Faults) -> None:
    last = str(path[-1]) if path else ""
    place = place_at(raw, path, raw.place)
    if kind == "missing":
        faults.add(place, f"the key {last!r} is missing", "Add it")
    elif kind == "extra_forbidden":
        faults.add(place, f"unknown key {last!r}", choices(last, known) if len(path) == 1 else "Remove it")
    else:
        faults.add(place, f"{'.'.join(map(str, path))}: {message[:1].lower()}{message[1:]}", "Correct the value")


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]
