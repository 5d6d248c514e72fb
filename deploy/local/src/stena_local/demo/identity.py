"""Names, numbers and contact of invented people: family names that nobody has, numbers that cannot exist."""

from collections.abc import Mapping
from typing import Any, Final

from stena_local.demo.chance import Chance
from stena_local.demo.life import Life
from stena_local.demo.reference import Name, names

_WEIGHTS: Final = (21, 19, 17, 13, 11, 9, 7, 3, 1)
_STREETS: Final = ("Primerna", "Izmislena", "Obraztsova", "Probna", "Prikazna")


def attributes(chance: Chance, life: Life) -> Mapping[str, Any]:
    known = names()[life.origin.names]
    found: dict[str, Any] = {
        "given_name": _name(chance.choice(known.female if life.woman else known.male)),
        "family_name": _name(chance.choice(known.family)[int(life.woman)]),
        "national_number": national_number(life.index),
    }
    if life.age >= 14:
        found["phone"] = f"+35900{life.index % 10_000_000:07d}"  # no number in Bulgaria begins with 00
    if life.works and chance.often(0.7):
        found["email"] = f"person-{life.index}@demo.example"  # RFC 2606: never anybody's
    if life.place is not None:
        street = chance.choice(_STREETS)
        found["postal_address"] = f"ul. {street} {chance.randint(1, 120)}, {life.place.settlement}"
    return found


def national_number(index: int) -> str:
    """A personal number of a foreigner (ЛНЧ) whose check digit is one off, so that it can never be anybody's."""
    digits = f"{index % 1_000_000_000:09d}"
    check = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 10
    return f"{digits}{(check + 1) % 10}"


def _name(name: Name) -> dict[str, str]:
    native, latin = name
    return {"native": native, "latin": latin}
