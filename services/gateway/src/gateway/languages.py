"""Which of a title's languages a caller reads (RFC 9110, Accept-Language). Pure."""

from collections.abc import Mapping

FALLBACK = "en"


def preferred(accept_language: str | None, titles: Mapping[str, str]) -> str:
    """The title in the language that the caller likes best; English, or else any, where there is none of theirs."""
    for language in _ranked(accept_language or ""):
        if language in titles:
            return titles[language]
    return titles.get(FALLBACK) or next(iter(titles.values()))


def _ranked(header: str) -> list[str]:
    """Primary subtags by falling weight, as written where weights are equal; what is malformed counts nothing."""
    weighted = []
    for part in header.split(",")[:20]:
        tag, _, parameters = part.partition(";")
        weight = _weight(parameters)
        if weight > 0:
            weighted.append((weight, tag.strip().lower().partition("-")[0]))
    return [tag for _, tag in sorted(weighted, key=lambda each: -each[0])]


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
