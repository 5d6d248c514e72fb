"""The subjects and resources that a plain rulebook knows, with their properties. What is listed is never the caller's to say.

A type that is listed is listed whole: nobody else is of that type, and no other source speaks of the properties it names.
A type that is not listed is left to the enforcement point, which then says everything about it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson
from pydantic import Field

from policy_svc.chapters import Chapter
from policy_svc.claims import Claim
from policy_svc.entries import Entry, read_entry
from policy_svc.faults import Faults
from stena.contracts.access import Evaluation, Resource, Subject

Properties = Mapping[str, Any]
OWN: Final = frozenset({"type", "id"})
"""What an entity says of itself beside its properties."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EntitiesEntry(Entry):
    """entities.yaml: type → id → properties, of those who ask and of what they ask for."""

    subjects: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)
    resources: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)


class Listed:
    """The entities of one side. Immutable after it is made."""

    def __init__(self, by_type: Mapping[str, Mapping[str, Properties]]) -> None:
        self._by_type = by_type
        self._owned = {
            kind: OWN.union(*(properties.keys() for properties in entities.values())) for kind, entities in by_type.items()
        }

    def knows(self, entity: Subject | Resource) -> bool:
        """False for one that is missing where its type is listed."""
        return entity.type not in self._by_type or entity.id in self._by_type[entity.type]

    def properties(self, entity: Subject | Resource) -> dict[str, Any]:
        """What rules may see. INVARIANT: a property that is listed for the type comes from the list, or is missing."""
        owned = self._owned.get(entity.type, OWN)
        said = {name: value for name, value in entity.properties.items() if name not in owned}
        return {**said, **self._listed(entity), "type": entity.type, "id": entity.id}

    def contradicted(self, entity: Subject | Resource) -> list[str]:
        """The properties of which the caller says something else than the list. To repeat what is listed claims nothing."""
        known = {**self._listed(entity), "type": entity.type, "id": entity.id}
        return [name for name, value in entity.properties.items() if name in known and _text(value) != _text(known[name])]

    def _listed(self, entity: Subject | Resource) -> Properties:
        return self._by_type.get(entity.type, {}).get(entity.id, {})


class Entities:
    def __init__(self, entry: EntitiesEntry) -> None:
        self.subjects = Listed(entry.subjects)
        self.resources = Listed(entry.resources)

    def know(self, evaluation: Evaluation) -> bool:
        return self.subjects.knows(evaluation.subject) and self.resources.knows(evaluation.resource)

    def claims(self, evaluation: Evaluation) -> tuple[Claim, ...]:
        """The members of an evaluation that contradict what is listed."""
        sides = (("subject", self.subjects, evaluation.subject), ("resource", self.resources, evaluation.resource))
        return tuple((side, "properties", name) for side, listed, entity in sides for name in listed.contradicted(entity))


def read_entities(chapter: Chapter, faults: Faults) -> EntitiesEntry | None:
    entry = read_entry(EntitiesEntry, chapter.raw, chapter.start, faults)
    for side in ("subjects", "resources") if entry else ():
        for kind, entities in getattr(entry, side).items():
            for name, properties in entities.items():
                for key in properties:
                    _check_name(key, chapter, (side, kind, name, key), faults)
    return entry


def _check_name(key: str, chapter: Chapter, path: tuple[str, ...], faults: Faults) -> None:
    if key in OWN:
        faults.add(chapter.place(*path), f"the property {key!r}", "Leave it out: every entity has it already")
    elif not _NAME.fullmatch(key):
        mend = "Use Latin letters, digits and underscores: rules name it as $.name"
        faults.add(chapter.place(*path), f"the property {key!r}", mend)


def _text(value: Any) -> bytes:
    """A value of JSON so that it can be compared: true is not 1 there."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
