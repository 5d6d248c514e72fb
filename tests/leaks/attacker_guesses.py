"""What an attacker would like to know of people: questions with yes or no, and where the truth about each stands. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stena_local.demo.life import years_between
from stena_local.demo.people import REFERENCE_DAY

from .population import majority

Attributes = Mapping[str, Any]
"""A person as they were stored: the truth."""


@dataclass(frozen=True, slots=True)
class Guess:
    """``attributes`` hold the truth: whoever is shown one of them need not guess. ``truth`` is ``None`` for people of whom
    it is not asked."""

    name: str
    asks: str
    category: str
    attributes: frozenset[str]
    truth: Callable[[Attributes], bool | None]


def age(person: Attributes) -> int:
    year, month, day = map(int, person["date_of_birth"].split("-"))
    return years_between(REFERENCE_DAY.replace(year=year, month=month, day=day), REFERENCE_DAY)


def _adults(asked: Callable[[int], bool]) -> Callable[[Attributes], bool | None]:
    return lambda person: asked(age(person)) if age(person) >= 18 else None


def _is_pregnant(person: Attributes) -> bool | None:
    return bool(person["pregnancy"]) if person["gender"] == "female" and 18 <= age(person) <= 44 else None


def _fled_for_what_they_are(person: Attributes) -> bool | None:
    grounds = set(person.get("asylum_grounds", ()))
    return bool(grounds & {"religion", "race", "nationality"}) if grounds else None


GUESSES: Final = (
    Guess("gender", "is a woman", "gender", frozenset({"gender"}), lambda person: person["gender"] == "female"),
    Guess("over 40", "is over 40 (adults)", "age", frozenset({"date_of_birth"}), _adults(lambda years: years > 40)),
    Guess("under 25", "is under 25 (adults)", "age", frozenset({"date_of_birth"}), _adults(lambda years: years < 25)),
    Guess(
        "nationality",
        "is a citizen of Ukraine",
        "nationality",
        frozenset({"nationalities", "country_of_birth"}),
        lambda person: "UKR" in person["nationalities"],
    ),
    Guess(
        "ethnic origin",
        "is of a minority where they come from",
        "ethnicity",
        frozenset({"ethnic_origin"}),
        lambda person: person["ethnic_origin"] != majority(person["nationalities"][0]),
    ),
    Guess("religion", "is a Muslim", "ethnicity", frozenset({"religion"}), lambda person: person["religion"] == "muslim"),
    Guess(
        "health",
        "has a health need or a disability",
        "health",
        frozenset({"health_needs", "disability"}),
        lambda person: bool(person["health_needs"] or person["disability"]),
    ),
    Guess("pregnancy", "is pregnant (women of 18 to 44)", "health", frozenset({"pregnancy"}), _is_pregnant),
    Guess(
        "asylum grounds",
        "fled for belief or origin (those with grounds)",
        "status",
        frozenset({"asylum_grounds"}),
        _fled_for_what_they_are,
    ),
)
