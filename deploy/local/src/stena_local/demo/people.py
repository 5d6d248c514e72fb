"""Invented people as import lines: deterministic for a seed and an index, one at a time, so that a million need no memory."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from stena_local.demo import dossier, household, identity, life, needs, protagonists, speech, status, work
from stena_local.demo.chance import Chance
from stena_local.demo.life import Life
from stena_local.demo.reference import codes

REFERENCE_DAY: Final = date(2026, 11, 1)
"""The day at which lives are looked at. It stands still, so that the same seed gives the same people tomorrow."""


def stream(count: int, seed: int, on: date = REFERENCE_DAY) -> Iterator[dict[str, Any]]:
    """``count`` import lines: first the protagonists of the story, then people by chance."""
    written = protagonists.lines()
    yield from written[:count]
    for index in range(len(written), count):
        yield person(seed, index, on)


def person(seed: int, index: int, on: date = REFERENCE_DAY) -> dict[str, Any]:
    """The import line of the person with this index; the same whenever and wherever it is made."""
    chance = Chance(seed, "person", index)
    drawn = life.draw(chance, index, on)
    attributes: dict[str, Any] = {}
    for part in (identity, household, status, needs, work, speech):
        attributes |= part.attributes(chance, drawn)
    attributes["documents"] = _documents(chance, drawn)
    return {"external_id": f"demo-{seed}-{index}", **dossier.draw(chance, drawn, attributes), "attributes": attributes}


def _documents(chance: Chance, of: Life) -> list[dict[str, Any]]:
    kind = chance.one(codes("documents")["type"])
    if kind == "none-on-arrival":
        return []
    expires = date(of.on.year + chance.randint(0, 8), chance.randint(1, 12), 1)
    return [{"type": kind, "issued_by": of.origin.nationality, "expires": expires.isoformat()}]
