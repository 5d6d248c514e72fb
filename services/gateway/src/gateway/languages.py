"""Which of a title's languages a caller reads (RFC 9110, Accept-Language). Pure."""

from collections.abc import Mapping

from gateway.edge.negotiation import weighted

FALLBACK = "en"


def preferred(accept_language: str | None, titles: Mapping[str, str]) -> str:
    """The title in the language that the caller likes best; English, or else any, where there is none of theirs."""
    for language in ranked(accept_language or ""):
        if language in titles:
            return titles[language]
    return titles.get(FALLBACK) or next(iter(titles.values()))


def ranked(header: str) -> list[str]:
    """Primary subtags by falling weight, as written where weights are equal."""
    liked = [(weight, tag.partition("-")[0]) for tag, weight in weighted(header) if weight > 0]
    return [tag for _, tag in sorted(liked, key=lambda each: -each[0])]


def spoken(accept_language: str | None) -> list[str]:
    """The languages of ``Accept-Language`` as two letters (ISO 639-1), the most wanted first."""
    return [language for language in ranked(accept_language or "") if len(language) == 2 and language.isalpha()][:20]
