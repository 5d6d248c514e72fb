"""What the doctor found: a value for each thing that was looked at, well or not. Holds names and numbers, never a secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Told = Mapping[str, str]
"""What services are told: the variables of their settings."""


class State(StrEnum):
    WELL = "well"
    SOON = "soon"
    """It works, and will not for long or not against every fault."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """``what`` of ``area`` was found so; ``mend`` says what to do where it is not well."""

    area: str
    what: str
    state: State
    found: str
    mend: str = ""


def well(area: str, what: str, found: str) -> Finding:
    return Finding(area, what, State.WELL, found)


def judged(area: str, what: str, found: str, *, broken: bool, soon: bool = False, mend: str) -> Finding:
    """Well unless ``broken`` or ``soon``."""
    if broken or soon:
        return Finding(area, what, State.BROKEN if broken else State.SOON, found, mend)
    return well(area, what, found)
