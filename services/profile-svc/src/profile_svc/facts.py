"""Record facts: the few columns on a person that conditions may speak of, and how they follow from what is stored. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Final

from profile_svc.derived import MAJORITY, age

SOURCES: Final = frozenset({"residence", "date_of_birth"})
"""The stored attributes that facts follow from."""


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """Names and kinds are those of ``stena.contracts.condition.facts_of_people``."""

    region_path: tuple[str, ...]
    assigned: tuple[str, ...]
    consents: tuple[str, ...]
    restricted: bool
    minor: bool
    created_by: str
    objections: tuple[str, ...] = ()

    def as_mapping(self) -> dict[str, Any]:
        """For ``stena.contracts.condition.evaluate``, and to store as JSON."""
        return asdict(self)

    def with_consents(self, tokens: Iterable[str]) -> "RecordFacts":
        return replace(self, consents=tuple(sorted(tokens)))

    def with_assigned(self, organisations: Iterable[str]) -> "RecordFacts":
        return replace(self, assigned=tuple(sorted(set(organisations))))

    def with_restricted(self, restricted: bool) -> "RecordFacts":
        return replace(self, restricted=restricted)

    def with_objections(self, tokens: Iterable[str]) -> "RecordFacts":
        return replace(self, objections=tuple(sorted(set(tokens))))


def new_record(organisation: str, assigned: Iterable[str], country: str, *, restricted: bool = False) -> RecordFacts:
    """The facts of a record of which nothing is known yet but who made it."""
    return RecordFacts(
        region_path=region_path(None, country),
        assigned=tuple(sorted(set(assigned))),
        consents=(),
        restricted=restricted,
        minor=False,
        created_by=organisation,
    )


def following(facts: RecordFacts, written: Mapping[str, Any], country: str, on: date) -> RecordFacts:
    """``facts`` as they follow from the attributes just ``written`` (``None`` for a value that was removed)."""
    if "residence" in written:
        facts = replace(facts, region_path=region_path(written["residence"], country))
    if "date_of_birth" in written:
        facts = replace(facts, minor=is_minor(written["date_of_birth"], on))
    return facts


def region_path(residence: Mapping[str, Any] | None, country: str) -> tuple[str, ...]:
    """NUTS ancestors of the place of residence, widest first: BG, BG4, BG41, BG411. Unknown: the country alone."""
    region = (residence or {}).get("nuts") or country
    return tuple(region[:length] for length in range(2, len(region) + 1))


def is_minor(date_of_birth: str | None, on: date) -> bool:
    return date_of_birth is not None and age(date_of_birth, on) < MAJORITY
