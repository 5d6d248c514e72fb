"""What the wall needs to know of a record beside its attributes: who made it, whose case it is, consents, checks."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from stena_local.demo.chance import Chance
from stena_local.demo.life import Life
from stena_local.demo.reference import codes

_RECEPTION: Final = "reception-agency"
_NGO: Final = "bread-and-bridges"
_NGO_REGION: Final = "BG41"
_IN_CHARGE: Final = {"international-protection", "temporary-protection"}  # tracks that begin at the reception agency
_CHECKED: Final = {
    "date_of_birth": (_RECEPTION, 0.8),
    "nationalities": (_RECEPTION, 0.85),
    "legal_status": (_RECEPTION, 0.97),
    "permit": (_RECEPTION, 0.95),
    "procedure_stage": (_RECEPTION, 0.97),
    "qualifications": ("employment-agency", 0.3),
    "recognition": ("enic-desk", 0.9),
    "languages": ("language-house", 0.15),
    "disability": ("danube-health", 0.4),
}


def draw(chance: Chance, life: Life, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The members of an import line that are not attributes."""
    created_by = _registrar(chance, life)
    return {
        "created_by": created_by,
        "assigned": _assigned(chance, life, created_by),
        "restricted": chance.often(0.015),
        "consents": [] if life.minor else _consents(chance, life, attributes["mother_tongue"]),
        "verified": {
            name: organisation
            for name, (organisation, share) in _CHECKED.items()
            if attributes.get(name) and chance.often(share)
        },
    }


def _registrar(chance: Chance, life: Life) -> str:
    """The two organisations that may register: the agency anywhere, the NGO around Sofia."""
    near = life.place is not None and life.place.nuts.startswith(_NGO_REGION)
    return _NGO if near and chance.often(0.25 if life.track in _IN_CHARGE else 0.8) else _RECEPTION


def _assigned(chance: Chance, life: Life, created_by: str) -> list[str]:
    found = {created_by}
    near = life.place is not None and life.place.nuts.startswith(_NGO_REGION)
    found |= {"employment-agency"} if life.works and life.age < 65 and chance.often(0.45) else set()
    found |= {_NGO} if near and chance.often(0.3) else set()
    found |= {"language-house"} if life.works and life.years_here < 4 and chance.often(0.15) else set()
    found |= {"open-door-legal"} if life.track == "international-protection" and chance.often(0.3) else set()
    found |= {"danube-health"} if chance.often(0.06) else set()
    found |= {"school-board"} if 6 <= life.age < 18 and near else set()
    found |= {"guardians-office"} if life.alone else set()
    return sorted(found)


def _consents(chance: Chance, life: Life, language: str) -> list[dict[str, Any]]:
    asked = codes("consents")["purpose"].items()
    return [_consent(chance, life, purpose, language) for purpose, percent in asked if chance.often(percent / 100)]


def _consent(chance: Chance, life: Life, purpose: str, language: str) -> dict[str, Any]:
    expires = life.on + timedelta(days=chance.choice((365, 730, 1095)))
    return {
        "purpose": purpose,
        "recipient": "vitosha-bakery" if purpose == "introduction" and chance.often(0.3) else None,
        "text_version": "2026-1",
        "language": language,
        "method": chance.one(codes("consents")["method"]),
        "expires_at": f"{expires.isoformat()}T00:00:00Z" if chance.often(0.7) else None,
    }
