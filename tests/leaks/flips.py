"""Another value for every attribute, so that two worlds can differ in it: a flip that leaves the record facts as they are."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from .cast import Somebody
from .expected import ATTRIBUTES, value_of

Values = Mapping[str, Any]

_LEVELS: Final = dict.fromkeys(("listening", "reading", "interaction", "production", "writing"), "A1")
OTHER: Final[Values] = {
    "gender": "male",
    "nationalities": ["BGR"],
    "country_of_birth": "BGR",
    "marital_status": "married",
    "pregnancy": False,
    "education_level": 2,
    "field_of_study": "0613",
    "driving_licences": ["C"],
    "digital_skills": "none",
    "languages": [{"language": "ukr", **_LEVELS}],
    "mother_tongue": "ukr",
    "needs_interpreter": False,
    "remote": False,
    "max_distance_km": 5,
    "same_gender_mentor": False,
}
"""Values of those attributes that have no room for a canary."""


def flips(who: Somebody) -> list[tuple[str, Any]]:
    """Attribute and new value: every stored attribute once, and more than once where something else follows from it."""
    other = Somebody(who.name, who.number + 150, who.region_path, minor=who.minor).values
    once = [(name, OTHER.get(name, other[name])) for name in who.values if name not in ("residence", "date_of_birth")]
    born, home, status = date.fromisoformat(who.values["date_of_birth"]), who.values["residence"], who.values["legal_status"]
    return [
        *once,
        ("legal_status", [status[0] | {"status": "humanitarian"}]),
        ("dependants", []),
        ("date_of_birth", (born + timedelta(days=1)).isoformat()),
        ("date_of_birth", (born - timedelta(days=3653)).isoformat()),
        ("residence", home | {"settlement": other["residence"]["settlement"]}),
        ("residence", other["residence"]),
    ]


def changed(before: Values, after: Values) -> frozenset[str]:
    """The attributes, derived ones too, in which somebody differs."""
    return frozenset(name for name in ATTRIBUTES if value_of(before, name) != value_of(after, name))
