"""What the blind index holds of a person: by what they are looked up, and by what likely duplicates meet. Pure.

INVARIANT: keyed, so that nothing in the index can be compared with anything outside; and no token of it is ever told anybody.
"""

from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, Final

from profile_svc.attributes import Attributes
from profile_svc.lookups import Tokens, indexed, token
from profile_svc.resembling import IDENTIFYING, spellings
from profile_svc.sounding import parts, sound
from profile_svc.spelling import comparable

MEETING: Final = ("~number", "~names-year", "~names-day", "~date-given", "~date-family")
"""Where likely duplicates meet. No attribute has such a name, so that nobody is looked up by one."""

_MOST_PARTS: Final = 3  # of a name; a long one makes no more tokens
_PREFIX: Final = 2  # consonants of one name, where the date of birth is the same


def index(values: Mapping[str, Any], written: Iterable[str], attributes: Attributes, index_key: bytes) -> Tokens:
    """The tokens that follow from what was ``written``. ``values`` holds it (``None``: removed), and all that identifies."""
    names = set(written)
    found = indexed({name: values[name] for name in names}, attributes, index_key)
    if names.isdisjoint(IDENTIFYING):
        return found
    meeting = places(values)
    return {**found, **{kind: frozenset(token(index_key, kind, text) for text in meeting[kind]) for kind in MEETING}}


def places(values: Mapping[str, Any]) -> Mapping[str, set[str]]:
    """In each kind a few texts; two records that share one are held against each other."""
    given, family = _sounds(values.get("given_name")), _sounds(values.get("family_name"))
    year, day, exact = _dates(values.get("date_of_birth"))
    whole = {"|".join(sorted(pair)) for pair in product(given, family)}
    return {
        "~number": {comparable("exact", values.get("national_number") or "")} - {""},
        "~names-year": {f"{year}|{each}" for each in whole},
        "~names-day": {f"{day}|{each}" for each in whole} if day else set(),
        "~date-given": {f"{exact}|{each[:_PREFIX]}" for each in given} if exact else set(),
        "~date-family": {f"{exact}|{each[:_PREFIX]}" for each in family} if exact else set(),
    }


def _dates(born: str | None) -> tuple[str, str, str]:
    """Year, day and whole date; day and month in one order, since people write them in two."""
    if not born:
        return "", "", ""
    year, *rest = born.split("-")
    day = "-".join(sorted(rest))
    return year, day, f"{year}-{day}"


def _sounds(name: Any) -> set[str]:
    """Of each part in each script; parts that sound of nothing meet nobody."""
    return {sound(part) for text in spellings(name).values() for part in parts(text)[:_MOST_PARTS]} - {""}
