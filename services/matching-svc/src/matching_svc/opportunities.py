"""What makes an opportunity whole: merging a patch into it, and the faults that its form alone does not show. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, Protocol

from matching_svc import gates_conditions as conditions
from matching_svc.concepts import is_concept
from stena.contracts.matching import TEACHING, NewOpportunity

Fault = tuple[tuple[str | int, ...], str]
"""Where in the body, and what to mend."""

EARLIEST: Final = date(2000, 1, 1)
LATEST: Final = date(2099, 12, 31)
"""What lies outside was mistyped."""


class Edition(Protocol):
    """A vocabulary, as far as it is asked whether it has a concept."""

    def occupation(self, uri: str) -> int | None: ...

    def skill(self, uri: str) -> int | None: ...


def merge(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Merge Patch (RFC 7396): null removes a member, an object is merged, everything else replaces."""
    merged = dict(document)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            before = merged.get(name)
            merged[name] = merge(before if isinstance(before, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def faults(opportunity: NewOpportunity, edition: Edition | None) -> list[Fault]:
    """Everything wrong with an opportunity whose form is right. ``edition`` is the vocabulary that was imported; without one it
    is not known which concepts there are, and their form has to do."""
    return [
        *_foreign_concepts(opportunity, edition),
        *_lessons(opportunity),
        *_dates(opportunity),
        *_places(opportunity),
        *_texts(opportunity),
        *conditions.faults(opportunity),
    ]


def _foreign_concepts(opportunity: NewOpportunity, edition: Edition | None) -> Iterator[Fault]:
    occupation = opportunity.occupation
    if occupation is not None:
        if not is_concept(occupation, "occupation"):
            yield ("occupation",), "This is not the URI of an ESCO occupation."
        elif edition is not None and edition.occupation(occupation) is None:
            yield ("occupation",), "The vocabulary has no such occupation."
    for name in ("essential_skills", "optional_skills", "teaches"):
        for at, uri in enumerate(getattr(opportunity, name)):
            if not is_concept(uri, "skill"):
                yield (name, at), "This is not the URI of an ESCO skill."
            elif edition is not None and edition.skill(uri) is None:
                yield (name, at), "The vocabulary has no such skill."


def _lessons(opportunity: NewOpportunity) -> Iterator[Fault]:
    if opportunity.teaches and opportunity.kind not in TEACHING:
        yield ("teaches",), "Only training, language courses and mentoring teach skills."


def _dates(opportunity: NewOpportunity) -> Iterator[Fault]:
    start, end, last = opportunity.starts_on, opportunity.ends_on, opportunity.apply_until
    for name, day in (("starts_on", start), ("ends_on", end), ("apply_until", last)):
        if day is not None and not EARLIEST <= day <= LATEST:
            yield (name,), f"No date between {EARLIEST} and {LATEST}."
    if start and end and end < start:
        yield ("ends_on",), "It ends before it starts."
    if last and end and end < last:
        yield ("apply_until",), "One could still apply when it is over."


def _places(opportunity: NewOpportunity) -> Iterator[Fault]:
    if opportunity.filled > opportunity.capacity:
        yield ("filled",), "More places are taken than there are."


def _texts(opportunity: NewOpportunity) -> Iterator[Fault]:
    """PostgreSQL keeps no NUL in a text."""
    for name in ("title", "description", "municipality", "regulated"):
        if "\0" in (getattr(opportunity, name) or ""):
            yield (name,), "A text must not hold the character U+0000."
