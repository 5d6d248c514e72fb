"""What matching knows of a person, and the narrower view that one caller's decision allows.

INVARIANT: there is no field for gender, ethnicity, religion, birth date, nationality, name or notes, and never will be.
Every field is named after the one attribute that it comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stena.contracts.matching import Level

STEPS: Final[Mapping[str, int]] = {"A1": 1, "A2": 2, "B1": 3, "B2": 4, "C1": 5, "C2": 6}
"""CEFR levels as steps; no knowledge at all is 0."""


class Held(BaseModel):
    """Whatever else a value holds (the country of a job) is left behind at the door."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)


class LanguageHeld(Held):
    language: str
    listening: Level | None = None
    reading: Level | None = None
    interaction: Level | None = None
    production: Level | None = None
    writing: Level | None = None

    @property
    def step(self) -> int:
        """The average of the activities stated, in whole CEFR steps, rounded down."""
        stated = [self.listening, self.reading, self.interaction, self.production, self.writing]
        steps = [STEPS[level] for level in stated if level is not None]
        return sum(steps) // len(steps) if steps else 0


class OccupationHeld(Held):
    occupation: str
    months: int = Field(ge=0)


class WorkRight(Held):
    """One dated interval, both ends included; an end that is none is open."""

    from_: date | None = Field(default=None, alias="from")
    until: date | None = None
    answer: Literal["yes", "no", "limited", "unknown"]
    rule: str

    def covers(self, day: date) -> bool:
        return (self.from_ is None or self.from_ <= day) and (self.until is None or day <= self.until)


class Availability(Held):
    from_: date | None = Field(default=None, alias="from")


class Recognition(Held):
    qualification: str
    state: str


class MatchFeatures(Held):
    """``None`` is: not stated, or not disclosed to matching."""

    skills: frozenset[str] | None = None
    work_history: tuple[OccupationHeld, ...] | None = None
    education_level: int | None = None
    languages: tuple[LanguageHeld, ...] | None = None
    municipality: str | None = None
    region: str | None = None
    max_distance_km: int | None = None
    remote: bool | None = None
    wanted_occupations: tuple[str, ...] | None = None
    availability: Availability | None = None
    of_working_age: bool | None = None
    right_to_work: tuple[WorkRight, ...] | None = None
    recognition: tuple[Recognition, ...] | None = None
    driving_licences: frozenset[str] | None = None


ATTRIBUTES: Final = frozenset(MatchFeatures.model_fields)


def of_attributes(attributes: Mapping[str, Any]) -> MatchFeatures:
    """The features among a person's disclosed attributes. A value that cannot be read counts as not stated."""
    known = {name: value for name, value in attributes.items() if name in ATTRIBUTES and value is not None}
    try:
        return MatchFeatures.model_validate(known)
    except ValidationError as error:
        unreadable = {fault["loc"][0] for fault in error.errors(include_input=False)}
    return MatchFeatures.model_validate({name: value for name, value in known.items() if name not in unreadable})


@dataclass(frozen=True, slots=True)
class View:
    """One person for one caller. ``features`` holds nothing but what is in ``allowed``.

    INVARIANT: scoring, gates and explanations get a view and never the features behind it.
    """

    allowed: frozenset[str]
    features: MatchFeatures

    def allows(self, *attributes: str) -> tuple[str, ...]:
        """Those of ``attributes`` that may be used, in the order given."""
        return tuple(attribute for attribute in attributes if attribute in self.allowed)


def view(features: MatchFeatures, allowed: frozenset[str]) -> View:
    """Narrow ``features`` to the attributes that the caller's decision discloses."""
    usable = allowed & ATTRIBUTES
    return View(usable, features.model_copy(update=dict.fromkeys(ATTRIBUTES - usable)))
