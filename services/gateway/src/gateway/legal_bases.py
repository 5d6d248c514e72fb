"""Legal bases as the rulebook names them (``GDPR-6-1-e``), for people and for machines. Data and pure functions."""

import re
from collections.abc import Mapping
from typing import Final

_GDPR: Final = re.compile(r"GDPR-(\d+)-(\d+)-([a-z])")
CONSENT, EXPLICIT_CONSENT = "GDPR-6-1-a", "GDPR-9-2-a"

_TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    CONSENT: {"en": "consent", "bg": "съгласие"},
    "GDPR-6-1-b": {"en": "contract", "bg": "договор"},
    "GDPR-6-1-c": {"en": "legal obligation", "bg": "законово задължение"},
    "GDPR-6-1-d": {"en": "vital interests", "bg": "жизненоважни интереси"},
    "GDPR-6-1-e": {"en": "task in the public interest", "bg": "задача от обществен интерес"},
    "GDPR-6-1-f": {"en": "legitimate interests", "bg": "легитимни интереси"},
    EXPLICIT_CONSENT: {"en": "explicit consent", "bg": "изрично съгласие"},
    "GDPR-9-2-b": {"en": "employment and social protection law", "bg": "трудово и осигурително право"},
    "GDPR-9-2-c": {"en": "vital interests", "bg": "жизненоважни интереси"},
    "GDPR-9-2-f": {"en": "legal claims", "bg": "правни претенции"},
    "GDPR-9-2-g": {"en": "substantial public interest", "bg": "важен обществен интерес"},
    "GDPR-9-2-h": {"en": "health and social care", "bg": "здравни и социални грижи"},
    "GDPR-9-2-i": {"en": "public health", "bg": "обществено здраве"},
    "GDPR-9-2-j": {"en": "research and statistics", "bg": "научни и статистически цели"},
}


def article(basis: str) -> str:
    """As lawyers cite it: ``GDPR Art 6(1)(e)``; another law's name as it is."""
    return _GDPR.sub(r"GDPR Art \1(\2)(\3)", basis)


def titles(basis: str) -> Mapping[str, str]:
    return _TITLES.get(basis, {"en": article(basis)})


def dpv(basis: str) -> str:
    """Its name in the Data Privacy Vocabulary's extension for the GDPR: ``eu-gdpr:A6-1-e``."""
    return _GDPR.sub(r"eu-gdpr:A\1-\2-\3", basis)
