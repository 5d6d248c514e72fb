"""The small set that ships with this service (see ``NOTICE``), as an edition like any other."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import orjson

from matching_svc.esco.edition import BASE, Concept, Edition, Label, Relation, rarity

Content = Mapping[str, Any]


@cache
def shipped() -> Edition:
    """Read once."""
    return edition_of(orjson.loads((resources.files("matching_svc.esco") / "small.json").read_bytes()))


def edition_of(content: Content) -> Edition:
    """What ``extract`` made, as an edition. Rarities are those of the whole classification."""
    languages = sorted({language for entry in content["occupations"].values() for language in entry["labels"]})
    return Edition(
        version=content["version"],
        concepts=tuple(sorted(_concepts(content), key=lambda concept: concept.uri)),
        relations=tuple(sorted(_relations(content))),
        labels={language: tuple(sorted(_labels(content, language))) for language in languages},
    )


def _concepts(content: Content) -> Iterator[Concept]:
    for id_, entry in content["occupations"].items():
        yield Concept(f"{BASE}occupation/{id_}", "occupation", isco=entry["isco"])
    for id_, entry in content["skills"].items():
        yield Concept(f"{BASE}skill/{id_}", "skill", rarity=rarity(content["total_occupations"], entry["used_by"]))


def _relations(content: Content) -> Iterator[Relation]:
    for id_, entry in content["occupations"].items():
        for skill in entry["essential"]:
            yield Relation(f"{BASE}occupation/{id_}", "essential", f"{BASE}skill/{skill}")
        for skill in entry["optional"]:
            yield Relation(f"{BASE}occupation/{id_}", "optional", f"{BASE}skill/{skill}")


def _labels(content: Content, language: str) -> Iterator[Label]:
    for scheme in ("occupation", "skill"):
        for id_, entry in content[f"{scheme}s"].items():
            if language in entry["labels"]:
                # As an import does: the official files hold labels that end in a space.
                yield Label(f"{BASE}{scheme}/{id_}", "preferred", entry["labels"][language].strip())
