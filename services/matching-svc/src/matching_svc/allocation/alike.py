"""People who are the same to the gates of one opportunity, so that the gates are asked once of all of them. Pure.

INVARIANT: whatever a gate reads of a person is told apart here; a test holds every pair to what a ranking says.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import orjson

from matching_svc.allocation.problem import Ints
from matching_svc.gates_conditions import ORDINARY
from matching_svc.people_columns import People
from stena.contracts.matching import NewOpportunity

LANGUAGE = "language:"


@dataclass(frozen=True, slots=True, eq=False)
class Kinds:
    """Of everybody: ``of[row]`` is a kind, and ``first[kind]`` one row of it."""

    of: Ints
    first: Ints


class Alike:
    """Everybody as a caller sees them who is allowed ``attributes``. What is asked of them is looked up once for all places."""

    def __init__(self, people: People, attributes: Collection[str]) -> None:
        self._people, self._attributes = people, attributes
        self._documents: list[dict[str, object]] | None = None
        self._numbers: dict[str, Ints] = {}
        self._kinds: dict[tuple[str, ...], Kinds] = {}

    def kinds(self, opportunity: NewOpportunity) -> Kinds:
        names = tuple(dict.fromkeys(asked(opportunity)))
        if names not in self._kinds:
            self._kinds[names] = self._told_apart(names)
        return self._kinds[names]

    def _told_apart(self, names: tuple[str, ...]) -> Kinds:
        kinds = np.zeros(len(self._people), np.int64)
        for name in names:
            numbers = self._numbered(name)
            _, kinds = np.unique(kinds * (numbers.max(initial=0) + 1) + numbers, return_inverse=True)
        _, first, kinds = np.unique(kinds, return_index=True, return_inverse=True)
        return Kinds(kinds, first)

    def _numbered(self, name: str) -> Ints:
        """Equal values of what is asked get equal numbers."""
        if name not in self._numbers:
            known: dict[bytes, int] = {}
            values = (self._value(name, document) for document in self._read())
            self._numbers[name] = np.array([known.setdefault(value, len(known)) for value in values], np.int64)
        return self._numbers[name]

    def _value(self, name: str, document: dict[str, object]) -> bytes:
        attribute = "languages" if name.startswith(LANGUAGE) else name
        value = document.get(attribute) if attribute in self._attributes else None
        if name.startswith(LANGUAGE) and isinstance(value, list):
            value = [each for each in value if each["language"] == name.removeprefix(LANGUAGE)]
        return orjson.dumps(value)

    def _read(self) -> list[dict[str, object]]:
        if self._documents is None:
            content, starts = self._people.documents, self._people.document_starts.tolist()
            self._documents = [orjson.loads(content[begin:end]) for begin, end in pairwise(starts)]
        return self._documents


def asked(opportunity: NewOpportunity) -> Iterator[str]:
    """Everything of a person that the gates of ``opportunity`` read: attributes, and languages one by one."""
    yield "availability"
    if opportunity.kind == "job":
        yield from ("right_to_work", "of_working_age")
    if opportunity.regulated:
        yield "recognition"
    if opportunity.licences:
        yield "driving_licences"
    yield from (condition.attribute for condition in opportunity.eligibility if condition.attribute in ORDINARY)
    yield from (LANGUAGE + need.language for need in opportunity.languages if need.essential)
