"""Languages of invented people: the mother tongue, what they learned before, and Bulgarian by the years in the country."""

from collections.abc import Mapping
from typing import Any, Final

from stena_local.demo.chance import Chance
from stena_local.demo.life import Life

_LEVELS: Final = ("A1", "A2", "B1", "B2", "C1", "C2")
_ACTIVITIES: Final = ("listening", "reading", "interaction", "production", "writing")
_SPEECH_STARTS: Final = 3  # years of age


def attributes(chance: Chance, life: Life) -> Mapping[str, Any]:
    """languages with CEFR per activity, mother_tongue, needs_interpreter."""
    if life.age < _SPEECH_STARTS:
        return {"mother_tongue": chance.one(life.origin.tongues)}
    tongue = chance.one(life.origin.tongues)
    spoken = {tongue: _mother_tongue(chance, life)}
    for language, (share, typical) in life.origin.speaks.items():
        if language not in spoken and chance.often(share):
            spoken[language] = _around(chance, life, typical)
    if "bul" not in spoken:
        learned = round(life.origin.bulgarian * life.years_here * chance.uniform(0.4, 1.6) + (1 if life.minor else 0))
        if learned >= 1:
            spoken["bul"] = _around(chance, life, min(learned, 6))
    found = [{"language": language, **levels} for language, levels in spoken.items()]
    return {"languages": found, "mother_tongue": tongue, "needs_interpreter": _needs_interpreter(spoken)}


def _mother_tongue(chance: Chance, life: Life) -> dict[str, str]:
    """Everybody speaks it as their own; how well they write it depends on schooling."""
    written = max(1, min(6, life.schooling + 2 + chance.randint(-1, 1)))
    return _levels(6, written, 6)


def _around(chance: Chance, life: Life, typical: int) -> dict[str, str]:
    heard = max(1, min(6, typical + chance.randint(-1, 1)))
    written = max(1, heard - chance.randint(0, 1) - (1 if life.schooling < 2 else 0))
    return _levels(heard, written, max(1, heard - chance.randint(0, 1)))


def _levels(heard: int, written: int, spoken: int) -> dict[str, str]:
    steps = dict(zip(_ACTIVITIES, (heard, min(heard, written + 1), spoken, spoken, written), strict=True))
    return {activity: _LEVELS[step - 1] for activity, step in steps.items()}


def _needs_interpreter(spoken: Mapping[str, Mapping[str, str]]) -> bool:
    return spoken.get("bul", {}).get("interaction", "A1") in ("A1", "A2")
