"""The catalogue of one rulebook revision, made ready for use: kinds, validators and derivations of attributes.

Pure. Speaks of attributes only; whether somebody may see one is the grant's to say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import jsonschema_rs

from profile_svc.countries import NUTS_OF
from profile_svc.derived import Derive, derivations
from profile_svc.keeping import Keeping
from profile_svc.right_to_work import read_rules
from stena.contracts.catalogue import Attribute, Catalogue


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what a caller sent; ``path`` leads to it from the top of the body."""

    path: tuple[str | int, ...]
    detail: str


class UnknownAttributes(Exception):
    """Names that the rulebook does not have."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"The rulebook has no attribute {', '.join(self.names)}.")


class InvalidValues(Exception):
    """Values that are not of their attribute's type, or that nobody may write."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.detail for fault in self.faults))


class UnusableCatalogue(Exception):
    """A rulebook that asks for what this service cannot do; nothing is answered under it."""


class Attributes:
    """Immutable index of a catalogue. Validators are compiled once, here."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.revision = catalogue.revision
        self.home = _home(catalogue.country)
        self.by_name: Mapping[str, Attribute] = {attribute.name: attribute for attribute in catalogue.attributes}
        self.organisations = frozenset(organisation.id for organisation in catalogue.organisations)
        self.purposes = frozenset(purpose.id for purpose in catalogue.purposes)
        self.legal_bases = {purpose.id: purpose.legal_bases for purpose in catalogue.purposes}
        self.consents = catalogue.consents
        self.recipients = catalogue.recipients
        self.keeping = Keeping(catalogue)
        self.services = frozenset(each.id for each in catalogue.organisations if each.kind == "service")
        self._derive = _derivations(catalogue)
        self._validators = {name: _validator(attribute.json_schema) for name, attribute in self.by_name.items()}
        self._comparable = {name: _comparable(attribute) for name, attribute in self.by_name.items() if attribute.filters}

    def require_known(self, names: Iterable[str]) -> None:
        if unknown := set(names) - self.by_name.keys():
            raise UnknownAttributes(unknown)

    def is_derived(self, name: str) -> bool:
        return bool(self.by_name[name].derived_from)

    def is_computed_on_read(self, name: str) -> bool:
        return self.by_name[name].computed == "read"

    def is_sealed(self, name: str) -> bool:
        """Whether the value is stored encrypted. What is computed on reading is not stored at all."""
        return self.by_name[name].sensitivity != "ordinary" and not self.is_derived(name)

    def sources(self, name: str) -> tuple[str, ...]:
        return self.by_name[name].derived_from

    def derived_of(self, names: Iterable[str]) -> tuple[str, ...]:
        """The attributes that are derived from any of ``names``."""
        touched = set(names)
        return tuple(name for name, attribute in self.by_name.items() if touched.intersection(attribute.derived_from))

    def derive(self, name: str, values: Mapping[str, Any], on: date) -> Any:
        """The value of a derived attribute on a day; ``values`` holds its sources. ``None``: not known."""
        return self._derive[name](values, on)

    def check_values(self, values: Mapping[str, Any]) -> None:
        """That each value may be written; ``None`` removes one. Raises ``InvalidValues``, ``UnknownAttributes``."""
        self.require_known(values)
        faults = [fault for name, value in values.items() if value is not None for fault in self._faults(name, value)]
        faults += [
            Fault(("attributes", name), "is derived from other attributes and never written")
            for name in values
            if self.is_derived(name)
        ]
        if faults:
            raise InvalidValues(faults)

    def is_comparable(self, name: str, value: Any) -> bool:
        """Whether ``value`` has the type of the attribute; of its members, where it is a list."""
        return bool(self._comparable[name].is_valid(value))

    def _faults(self, name: str, value: Any) -> list[Fault]:
        if not _storable(value):
            return [Fault(("attributes", name), "holds text with NUL or half of a surrogate pair")]
        return [
            Fault(("attributes", name, *error.instance_path), error.message)
            for error in self._validators[name].iter_errors(value)
        ]


def _validator(schema: Mapping[str, Any]) -> Any:
    # Masked: a message about a value says what is wrong with it, not what it is.
    return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True, mask="the value")


def _comparable(attribute: Attribute) -> Any:
    """A validator of what ``attribute`` is compared with: itself, its items, or one member of its items."""
    schema = attribute.json_schema
    part = schema.get("items", schema) if "has" in attribute.filters else schema
    if attribute.filter_key is not None:
        part = part["properties"][attribute.filter_key]
    return _validator({"$defs": schema.get("$defs", {}), **part})


def _derivations(catalogue: Catalogue) -> Mapping[str, Derive]:
    try:
        known = derivations(read_rules(catalogue.right_to_work, catalogue.country))
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableCatalogue(f"The rulebook has no right-to-work rules that can be read for {catalogue.country}.") from error
    wanted = {attribute.name for attribute in catalogue.attributes if attribute.derived_from}
    if missing := wanted - known.keys():
        raise UnusableCatalogue(f"The rulebook derives what profile-svc cannot compute: {', '.join(sorted(missing))}.")
    return known


def _home(country: str) -> str:
    """The country as the widest NUTS code: where somebody is whose residence is not known."""
    if country not in NUTS_OF:
        raise UnusableCatalogue(f"The rulebook is for {country}, which has no NUTS regions.")
    return NUTS_OF[country]


def _storable(value: Any) -> bool:
    """PostgreSQL's JSON holds every text but NUL and lone surrogates."""
    match value:
        case str():
            return "\x00" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
        case list():
            return all(map(_storable, value))
        case dict():
            return all(_storable(key) and _storable(member) for key, member in value.items())
    return True
