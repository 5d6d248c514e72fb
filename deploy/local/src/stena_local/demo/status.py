"""Legal status of invented people: coherent with nationality, arrival and the procedures of their time."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from stena_local.demo.chance import Chance
from stena_local.demo.life import Life
from stena_local.demo.reference import codes

_PROTECTION_UNTIL: Final = date(2027, 3, 4)  # Council Implementing Decision (EU) 2025/1460
_ACCELERATED_FROM: Final = date(2026, 6, 12)  # Regulation (EU) 2024/1348 applies
_LIKELY_ACCELERATED: Final = 0.2  # recognition rate below which procedures are accelerated (its Article 42(1)(j))


def attributes(chance: Chance, life: Life) -> Mapping[str, Any]:
    """legal_status, permit, procedure_stage and asylum_grounds, as far as the life has them."""
    match life.track:
        case "citizen":
            return {"legal_status": [_interval("citizen", life.born, None)]}
        case "eu-citizen":
            return {"legal_status": [_interval("eu-citizen", _since(life), None)]}
        case "temporary-protection":
            return _temporary_protection(chance, life)
        case "residence-permit":
            return _residence_permit(chance, life)
        case _:
            return _international_protection(chance, life)


def _temporary_protection(chance: Chance, life: Life) -> Mapping[str, Any]:
    since = _since(life) + timedelta(days=chance.randint(0, 30))
    since = min(since, life.on)
    return {
        "legal_status": [_interval("temporary-protection", since, None)],
        "permit": _permit("temporary-protection-card", since, _PROTECTION_UNTIL, employer_bound=False),
    }


def _residence_permit(chance: Chance, life: Life) -> Mapping[str, Any]:
    kind = chance.one(codes("status")["permit" if life.works else "permit_of_children"])
    issued = max(_since(life), life.on - timedelta(days=chance.randint(20, 600)))
    expires = issued + timedelta(days=365 * chance.choice((1, 2, 3)))
    return {
        "legal_status": [_interval("residence-permit", _since(life), None)],
        "permit": _permit(kind, issued, expires, employer_bound=kind in ("single-permit", "seasonal-work")),
    }


def _international_protection(chance: Chance, life: Life) -> Mapping[str, Any]:
    """An application and what came of it: a decision takes months, an appeal longer."""
    applied = min(_since(life) + timedelta(days=chance.randint(0, 21)), life.on)
    decided = applied + timedelta(days=chance.randint(90, 420))
    accelerated = life.origin.recognised < _LIKELY_ACCELERATED and applied >= _ACCELERATED_FROM and not life.minor
    grounds = {"asylum_grounds": chance.some(tuple(codes("status")["grounds"]), 1, 2)}
    if decided > life.on:
        return grounds | {
            "legal_status": [_interval("applicant", applied, None)],
            "procedure_stage": _stage("registered" if (life.on - applied).days < 45 else "interview", applied, accelerated),
        }
    outcome = chance.one(_outcomes(life))
    if outcome == "appeal" and (life.on - decided).days < 540:
        return grounds | {
            "legal_status": [_interval("applicant", applied, None)],
            "procedure_stage": _stage("appeal", applied, accelerated),
        }
    granted = "rejected" if outcome == "appeal" else outcome
    return grounds | {
        "legal_status": [_interval("applicant", applied, decided - timedelta(days=1)), _interval(granted, decided, None)],
        "procedure_stage": _stage("closed", applied, accelerated),
    }


def _outcomes(life: Life) -> Mapping[str, float]:
    recognised = life.origin.recognised
    return {"refugee": recognised * 0.4, "humanitarian": recognised * 0.6, "appeal": 1.0 - recognised}


def _since(life: Life) -> date:
    return life.arrived or life.born


def _interval(status: str, since: date, until: date | None) -> dict[str, Any]:
    return {"status": status, "from": since.isoformat(), "until": until and until.isoformat()}


def _permit(kind: str, issued: date, expires: date, *, employer_bound: bool) -> dict[str, Any]:
    return {"type": kind, "issued": issued.isoformat(), "expires": expires.isoformat(), "employer_bound": employer_bound}


def _stage(stage: str, registered: date, accelerated: bool) -> dict[str, Any]:
    return {"stage": stage, "registered_on": registered.isoformat(), "accelerated": accelerated}
