"""What makes an opportunity whole: merging a patch into it, and the faults that its form alone does not show. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from matching_svc.concepts import is_concept
from stena.contracts.matching import NewOpportunity

Fault = tuple[tuple[str | int, ...], str]
"""Where in the body, and what to mend."""


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


def faults(opportunity: NewOpportunity) -> list[Fault]:
    """Everything wrong with an opportunity whose form is right."""
    return [*_foreign_concepts(opportunity), *_dates(opportunity), *_texts(opportunity)]


def _foreign_concepts(opportunity: NewOpportunity) -> Iterator[Fault]:
    if opportunity.occupation is not None and not is_concept(opportunity.occupation, "occupation"):
        yield ("occupation",), "This is not the URI of an ESCO occupation."
    for name in ("essential_skills", "optional_skills"):
        for at, uri in enumerate(getattr(opportunity, name)):
            if not is_concept(uri, "skill"):
                yield (name, at), "This is not the URI of an ESCO skill."


def _dates(opportunity: NewOpportunity) -> Iterator[Fault]:
    if opportunity.starts_on and opportunity.ends_on and opportunity.ends_on < opportunity.starts_on:
        yield ("ends_on",), "It ends before it starts."


def _texts(opportunity: NewOpportunity) -> Iterator[Fault]:
    """PostgreSQL keeps no NUL in a text."""
    for name in ("title", "description", "municipality"):
        if "\0" in (getattr(opportunity, name) or ""):
            yield (name,), "A text must not hold the character U+0000."
