"""Derived attributes: what is computed of a person's stored attributes at the source, so that the stored ones can stay there.

Pure. Every function takes the stored values and a day, and gives ``None`` where its sources have no value.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from profile_svc.countries import NUTS_OF
from profile_svc.right_to_work import Rule, intervals

Values = Mapping[str, Any]
Derive = Callable[[Values, date], Any]

MAJORITY: Final = 18
WORKING_AGES: Final = range(16, 67)  # from the least age of employment to the age of retirement
AGE_BANDS: Final = ((65, "65+"), (55, "55-64"), (45, "45-54"), (35, "35-44"), (25, "25-34"), (18, "18-24"), (0, "0-17"))


def derivations(rules: Sequence[Rule]) -> Mapping[str, Derive]:
    """Attribute → how to compute it, with the rules of the right to work that are in force."""
    return {
        "initials": lambda values, _: initials(values),
        "adult": _of_age(lambda age: age >= MAJORITY),
        "of_working_age": _of_age(lambda age: age in WORKING_AGES),
        "age_band": _of_age(age_band),
        "eu_citizen": lambda values, _: eu_citizen(values),
        "has_dependants": lambda values, _: has_dependants(values),
        "municipality": lambda values, _: (values.get("residence") or {}).get("municipality"),
        "region": lambda values, _: (values.get("residence") or {}).get("nuts"),
        "right_to_work": lambda values, _: intervals(rules, values),
    }


def age(date_of_birth: str, on: date) -> int:
    """Full years of life. Who was born on 29 February grows older on 1 March of a common year."""
    born = date.fromisoformat(date_of_birth)
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def age_band(years: int) -> str:
    return next((band for least, band in AGE_BANDS if years >= least), AGE_BANDS[-1][1])


def initials(values: Values) -> str | None:
    """First letters of given and family name, in Latin script where that is on record."""
    letters = [_first_letter(values.get(name)) for name in ("given_name", "family_name")]
    return " ".join(f"{letter}." for letter in letters if letter) or None


def eu_citizen(values: Values) -> bool | None:
    nationalities = values.get("nationalities")
    return None if not nationalities else not NUTS_OF.keys().isdisjoint(nationalities)


def has_dependants(values: Values) -> bool | None:
    dependants = values.get("dependants")
    return None if dependants is None else bool(dependants)


def _of_age(answer: Callable[[int], Any]) -> Derive:
    def derive(values: Values, on: date) -> Any:
        born = values.get("date_of_birth")
        return None if born is None else answer(age(born, on))

    return derive


def _first_letter(name: Mapping[str, Any] | None) -> str | None:
    text = ((name or {}).get("latin") or (name or {}).get("native") or "").strip()
    return text[0].upper() if text else None
