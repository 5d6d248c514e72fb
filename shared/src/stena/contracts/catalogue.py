"""What the active rulebook tells the other services: its attributes, purposes and organisations. No rules, no secrets."""

from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from stena.contracts.access import Disclosure, Withheld
from stena.contracts.retention import Retention

Sensitivity = Literal["ordinary", "sensitive", "protected", "special"]
Kind = Literal["authority", "ngo", "employer", "provider", "person", "service"]

CONSENT_BASES: Final = frozenset({"GDPR-6-1-a", "GDPR-9-2-a"})
"""The legal bases that are consent itself; every other one is a law's."""
OBJECTION_BASES: Final = frozenset({"GDPR-6-1-e", "GDPR-6-1-f"})
"""The legal bases of processing that a person may object to (GDPR Art 21(1))."""
LookupKind = Literal["exact", "phone", "email", "name"]
"""How a value is made comparable before it is looked up: see ``profile_svc.lookups``."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Attribute(Frozen):
    """One named, typed fact about a person.

    ``schema`` is JSON Schema 2020-12 of a value. ``derived_from`` names the stored attributes that it is computed
    from; a derived attribute is never written. ``computed`` says when: ``write`` keeps the value beside the others
    (ordinary and independent of today's date), ``read`` computes it for each answer. ``filters`` lists the operators
    that a list may use (``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge``, ``in``, ``has``); empty: not filterable.
    Anything not ordinary is stored encrypted and is neither filterable nor sortable. ``filter_key`` names the member
    that ``has`` compares where the value is a list of objects. ``lookup`` says that people are found by a value of it, through
    a blind index, and how two spellings of one value are made the same.
    """

    name: str
    category: str
    sensitivity: Sensitivity
    titles: dict[str, str]
    description: str
    json_schema: dict[str, Any] = Field(alias="schema")
    examples: tuple[Any, ...]
    reveals: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()
    computed: Literal["write", "read"] | None = None
    filters: tuple[str, ...] = ()
    filter_key: str | None = None
    sortable: bool = False
    lookup: LookupKind | None = None

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)


class Emergency(Frozen):
    """A purpose that breaks the glass: each call says who acts and why, and whom it shows is on a list for review first.

    ``lasts``: for how long what was said is good for one person. ``justification``: its least length, in characters.
    """

    lasts: timedelta = Field(gt=timedelta(0))
    justification: int = Field(default=20, ge=1, le=1000)


class Purpose(Frozen):
    """Why data is processed. ``ids`` says how far a pairwise id reaches; ``kinds``, which opportunities it may match.

    ``why`` tells the person in plain words, by language, what somebody who asks for this purpose is about.
    """

    id: str
    titles: dict[str, str]
    description: str
    why: dict[str, str] = Field(default_factory=dict)
    dpv: str
    broader: tuple[str, ...] = ()
    legal_bases: tuple[str, ...] = ()
    needs_consent: bool = False
    retention: str | None = None
    ids: Literal["organisation", "purpose"] = "organisation"
    provenance: Literal["flag", "full"] = "flag"
    kinds: tuple[str, ...] = ()
    forbidden: bool = False
    emergency: Emergency | None = None
    accepts: dict[str, str] = Field(default_factory=dict)


class Organisation(Frozen):
    id: str
    name: str
    kind: Kind


class Recipient(Frozen):
    """An organisation that is approved for a purpose, on which basis and from which day until which (inclusive)."""

    organisation: str
    legal_basis: str
    valid_from: str
    valid_until: str


class ConsentScope(Frozen):
    """What of one purpose rests on consent, as the rules have it: the attributes that are disclosed, or may be written, of
    some people only with it. Everything else of the purpose rests on the recipients' legal bases, consent or not."""

    discloses: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    recipients: tuple[Recipient, ...] = ()


class Catalogue(Frozen):
    """``GET /rulebook`` of policy-svc. ``right_to_work`` maps a country to its rule file as data; ``consents`` a purpose to
    what rests on consent there. Of a purpose that is missing from it nothing does. ``categories`` maps a category of attributes
    to its titles, ``recipients`` a purpose to everybody who is approved for it. ``retention`` says how long records are
    kept."""

    revision: str
    country: str
    attributes: tuple[Attribute, ...]
    purposes: tuple[Purpose, ...]
    organisations: tuple[Organisation, ...]
    right_to_work: dict[str, Any] = Field(default_factory=dict)
    consents: dict[str, ConsentScope] = Field(default_factory=dict)
    categories: dict[str, dict[str, str]] = Field(default_factory=dict)
    recipients: dict[str, tuple[Recipient, ...]] = Field(default_factory=dict)
    retention: Retention = Field(default_factory=Retention)


class Promise(Frozen):
    """What one purpose would disclose to one organisation: the wall's promise, before any data."""

    purpose: Purpose
    operations: tuple[str, ...]
    disclose: dict[str, Disclosure]
    withhold: dict[str, Withheld]
    legal_basis: str
    regions: tuple[str, ...]
    valid_from: str
    valid_until: str


class Promises(Frozen):
    """``GET /rulebook/organisations/{id}/promises`` of policy-svc."""

    organisation: Organisation
    revision: str
    promises: tuple[Promise, ...]
