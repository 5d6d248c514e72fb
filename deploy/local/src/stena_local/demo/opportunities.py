"""Invented opportunities of all five kinds, each with the organisation that offers it; the same for a seed, index and day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from matching_svc.concepts import Occupation
from stena.contracts.matching import LanguageNeed, NewOpportunity, OpportunityKind
from stena_local.demo import vocabulary
from stena_local.demo.chance import Chance
from stena_local.demo.reference import Place, places, read

_KINDS: Final[Mapping[OpportunityKind, float]] = {
    "job": 55,
    "training": 18,
    "language-course": 13,
    "mentoring": 6,
    "service": 8,
}
# The story's protagonist is a baker and food technologist in Sofia: these two are always there for her.
_WRITTEN: Final = (("vitosha-bakery", "baker"), ("vitosha-bakery", "food technologist"))


@dataclass(frozen=True)
class Offer:
    owner: str
    opportunity: NewOpportunity

    def line(self) -> dict[str, Any]:
        return {"owner": self.owner, "opportunity": self.opportunity.model_dump(mode="json", exclude_defaults=True)}


def stream(count: int, seed: int, on: date) -> Iterator[Offer]:
    """``count`` offers that begin after ``on``."""
    for index in range(count):
        yield offer(seed, index, on)


def offer(seed: int, index: int, on: date) -> Offer:
    """The offer with this index. Its number is in the title, so that each can be told from the others."""
    chance = Chance(seed, "opportunity", index)
    if index < len(_WRITTEN):
        owner, label = _WRITTEN[index]
        return Offer(owner, _job(chance, index, on, label, _in_region(chance, "BG411")))
    match chance.one(_KINDS):
        case "job":
            return _any_job(chance, index, on)
        case "training":
            return _training(chance, index, on)
        case "language-course":
            return _course(chance, index, on)
        case "mentoring":
            return _simple(chance, index, on, "mentoring", "mentoring")
        case _:
            return _simple(chance, index, on, "service", "services")


def _any_job(chance: Chance, index: int, on: date) -> Offer:
    weights = {place: entry["weight"] for place, entry in enumerate(_offers()["jobs"])}
    employer = _offers()["jobs"][chance.one(weights)]
    place = _in_region(chance, chance.choice(employer["regions"])) if employer["regions"] else _anywhere(chance)
    return Offer(employer["owner"], _job(chance, index, on, chance.choice(employer["occupations"]), place))


def _job(chance: Chance, index: int, on: date, label: str, place: Place) -> NewOpportunity:
    occupation = vocabulary.occupations()[label]
    trade = vocabulary.goes_with(occupation)
    starts = on + timedelta(days=chance.randint(14, 120))
    return NewOpportunity(
        kind="job",
        title=f"{label.capitalize()} in {place.municipality} (demo {index + 1})",
        description="An invented job. Contract for a year, hours and pay as in the collective agreement.",
        occupation=occupation.uri,
        essential_skills=tuple(chance.some(occupation.essential_skills, 4, 8)),
        optional_skills=tuple(chance.some(occupation.optional_skills, 1, 4)),
        languages=_bulgarian(chance, occupation),
        education_level=trade.level or None,
        municipality=place.municipality,
        region=place.nuts,
        remote=trade.field.startswith("06"),
        capacity=chance.choice((1, 1, 1, 2, 3, 5)),
        starts_on=starts,
        apply_until=starts - timedelta(days=7),
    )


def _bulgarian(chance: Chance, occupation: Occupation) -> tuple[LanguageNeed, ...]:
    """The more an occupation deals with people and paper, the more Bulgarian it takes; seldom is it indispensable."""
    level = vocabulary.goes_with(occupation).level
    if level <= 2 and chance.often(0.6):
        return ()
    wanted = chance.choice(("A2", "B1") if level <= 4 else ("B1", "B2"))
    return (LanguageNeed(language="bul", level=wanted, essential=chance.often(0.4)),)


def _training(chance: Chance, index: int, on: date) -> Offer:
    trainings = _offers()["trainings"]
    entry = chance.choice(trainings["offers"])
    occupation = vocabulary.occupations()[entry["occupation"]]
    level = entry["languages"]
    return Offer(
        chance.choice(trainings["owners"]),
        NewOpportunity(
            kind="training",
            title=f"{entry['title']} (demo {index + 1})",
            occupation=occupation.uri,
            optional_skills=tuple(chance.some(occupation.essential_skills, 2, 5)),
            languages=(LanguageNeed(language="bul", level=level),) if level else (),
            **_seats(chance, on),
            teaches=tuple(chance.some(occupation.essential_skills, 4, 8)),
        ),
    )


def _course(chance: Chance, index: int, on: date) -> Offer:
    courses = _offers()["courses"]
    level, before = chance.choice(list(courses["levels"].items()))
    return Offer(
        chance.choice(courses["owners"]),
        NewOpportunity(
            kind="language-course",
            title=f"Bulgarian {level} (demo {index + 1})",
            languages=(LanguageNeed(language="bul", level=before),) if before else (),
            **_seats(chance, on),
        ),
    )


def _simple(chance: Chance, index: int, on: date, kind: OpportunityKind, key: str) -> Offer:
    entry = chance.choice(_offers()[key]["offers"])
    title = f"{entry['title']} (demo {index + 1})"
    return Offer(
        chance.choice(_offers()[key]["owners"]),
        NewOpportunity(kind=kind, title=title, **_seats(chance, on)),
    )


def _seats(chance: Chance, on: date) -> dict[str, Any]:
    """Place, capacity and dates of what a group takes part in."""
    place = _anywhere(chance)
    starts = on + timedelta(days=chance.randint(14, 90))
    return {
        "municipality": place.municipality,
        "region": place.nuts,
        "capacity": chance.randint(6, 20),
        "starts_on": starts,
        "ends_on": starts + timedelta(days=chance.randint(30, 150)),
        "apply_until": starts - timedelta(days=3),
    }


def _anywhere(chance: Chance) -> Place:
    return chance.one(places(centres=False))


def _in_region(chance: Chance, nuts: str) -> Place:
    return chance.one({place: weight for place, weight in places(centres=False).items() if place.nuts == nuts})


@cache
def _offers() -> Mapping[str, Any]:
    found: Mapping[str, Any] = read("offers")
    return found
