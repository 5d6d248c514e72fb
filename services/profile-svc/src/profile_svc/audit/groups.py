"""Into which group a person falls, for the attributes that an audit may ask about. Pure.

Which they are is said here and in the contract, not by rules: a rulebook can refuse audits, it cannot make new ones.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

NOT_STATED: Final = "not-stated"
SEVERAL: Final = "several"


def group(attribute: str, value: Any) -> str:
    """The group of whoever has this value; ``attribute`` is one of ``stena.contracts.fairness.Audited``."""
    return NOT_STATED if value in (None, "", []) else _GROUPS[attribute](value)


def _nationality(nationalities: list[str]) -> str:
    return nationalities[0] if len(nationalities) == 1 else SEVERAL


def _spelled(text: str) -> str:
    return " ".join(text.casefold().split())


_GROUPS: Final[Mapping[str, Callable[[Any], str]]] = {
    "gender": str,
    "age_band": str,
    "ethnic_origin": _spelled,
    "nationalities": _nationality,
}
