"""Health, vulnerabilities and the support that people say they need; the support follows from the health, as in life."""

from collections.abc import Mapping
from typing import Any, Final

from stena_local.demo.chance import Chance
from stena_local.demo.life import Life
from stena_local.demo.reference import codes, follows

_LAST_PREGNANCY: Final = 44  # years of age
_SHARES_OF_VULNERABILITY: Final = {"international-protection": 0.22, "temporary-protection": 0.12}


def attributes(chance: Chance, life: Life) -> Mapping[str, Any]:
    """health_needs, disability, pregnancy, vulnerabilities, adjustments_needed, access_needs, reception_needs."""
    health = _list(chance, "health_needs", 0.1 + max(0, life.age - 30) * 0.008)
    disability = _list(chance, "disability", 0.04 + max(0, life.age - 45) * 0.006)
    pregnant = life.woman and 18 <= life.age <= _LAST_PREGNANCY and chance.often(0.04)
    return {
        "health_needs": health,
        "disability": disability,
        "pregnancy": pregnant,
        "vulnerabilities": _vulnerabilities(chance, life),
        "adjustments_needed": _following("adjustments_needed", [*health, *disability]) if life.works else [],
        "access_needs": _following("access_needs", disability),
        "reception_needs": _reception(chance, life, pregnant, disability),
    }


def _list(chance: Chance, name: str, share: float) -> list[str]:
    return [chance.one(codes("needs")[name])] if chance.often(share) else []


def _vulnerabilities(chance: Chance, life: Life) -> list[str]:
    if life.alone:
        return ["unaccompanied-minor"]
    return _list(chance, "vulnerabilities", _SHARES_OF_VULNERABILITY.get(life.track, 0.03)) if life.works else []


def _following(name: str, reasons: list[str]) -> list[str]:
    """The support that goes with these health codes, without repeating any."""
    goes_with = follows(name)
    return sorted({goes_with[reason] for reason in reasons if reason in goes_with})


def _reception(chance: Chance, life: Life, pregnant: bool, disability: list[str]) -> list[str]:
    if life.track not in _SHARES_OF_VULNERABILITY:
        return []
    found = ["family-room"] if life.minor and not life.alone else []
    found += ["ground-floor"] if pregnant or "mobility" in disability else []
    found += _list(chance, "reception_needs", 0.12)
    return list(dict.fromkeys(found))
