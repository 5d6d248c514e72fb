"""What a caller may not say of subject, resource and context: it is known here, or left to whoever holds the record."""

from collections.abc import Mapping
from typing import Any, Final

from stena.contracts.access import Evaluation

SUBJECT_OWNED: Final = frozenset({"organisation", "kind", "purposes", "regions", "roles"})
RESOURCE_OWNED: Final = frozenset({"record", "category", "sensitivity", "reveals", "owner"})
CONTEXT_OWNED: Final = frozenset({"purpose_and_broader", "consent", "addressed", "objection", "time"})

Claim = tuple[str, ...]
"""The way to one member of an evaluation."""


def claims(evaluation: Evaluation) -> tuple[Claim, ...]:
    """The members that claim what belongs to a rulebook of purposes or to a record."""
    said: tuple[tuple[Claim, Mapping[str, Any], frozenset[str]], ...] = (
        (("subject", "properties"), evaluation.subject.properties, SUBJECT_OWNED),
        (("resource", "properties"), evaluation.resource.properties, RESOURCE_OWNED),
        (("context",), evaluation.context, CONTEXT_OWNED),
    )
    return tuple((*place, name) for place, properties, owned in said for name in sorted(owned & properties.keys()))
