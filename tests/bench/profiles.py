"""Invented profiles and vacancies made from ESCO's occupations, for measuring how fast and how well is ranked.

A profile has 60 % of the essential and 30 % of the optional skills of an occupation, as somebody who does the work would tell
it; a vacancy asks for other draws of the same two lists, so that the two overlap and never agree by construction.
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matching_svc.esco.files import find
from matching_svc.esco.reading import read
from matching_svc.esco.shipped import shipped
from matching_svc.knowledge import Knowledge, knowledge
from matching_svc.model import shipped as model
from matching_svc.vocabulary import Vocabulary, of_edition
from stena.contracts.matching import LanguageNeed, NewOpportunity, Opportunity

REGIONS = ["BG411", "BG412", "BG413", "BG421", "BG422", "BG331", "BG341", "BG323", "BG314"]
LEVELS = ["A1", "A2", "B1", "B2", "C1"]
BEGAN = datetime(2027, 1, 1, tzinfo=UTC)


def official() -> Knowledge:
    """Of the official download in ESCO_DATA_DIR, else of the small set that ships."""
    folder = os.environ.get("ESCO_DATA_DIR")
    if not folder:
        return knowledge(of_edition(shipped()), model())
    download = read(find([Path(folder)]), ["en"], None, lambda _: None)
    edition = download.edition
    assert edition is not None
    return knowledge(of_edition(edition), model())


def drawn(vocabulary: Vocabulary, occupation: int, chance: random.Random) -> tuple[list[str], list[str]]:
    """Skills of an occupation, essential and optional ones."""
    found = []
    for matrix, share in ((vocabulary.essential, 0.6), (vocabulary.optional, 0.3)):
        columns = matrix.indices[matrix.indptr[occupation] : matrix.indptr[occupation + 1]].tolist()
        found.append([vocabulary.skill_uri(at) for at in chance.sample(columns, round(share * len(columns)))])
    return found[0], found[1]


def person(vocabulary: Vocabulary, chance: random.Random) -> dict[str, Any]:
    """One profile as PostgreSQL keeps it; a tenth say nothing of their skills."""
    occupation = chance.randrange(vocabulary.occupations)
    essential, optional = drawn(vocabulary, occupation, chance)
    region = chance.choice(REGIONS)
    known: dict[str, Any] = {
        "work_history": [{"occupation": vocabulary.uris[occupation], "months": chance.randrange(1, 96)}],
        "languages": [
            {"language": "bul", **dict.fromkeys(("listening", "reading", "interaction"), chance.choice(LEVELS))},
            {"language": chance.choice(["ukr", "ara", "fas"]), "listening": "C2"},
        ],
        "education_level": chance.randrange(1, 8),
        "region": region,
        "municipality": f"{region}-{chance.randrange(8)}",
        "wanted_occupations": [vocabulary.uris[chance.randrange(vocabulary.occupations)]],
        "of_working_age": chance.random() < 0.95,
        "right_to_work": [{"answer": chance.choice(["yes", "yes", "yes", "no"]), "rule": "demo", "from": "2024-01-01"}],
    }
    return known if chance.random() < 0.1 else {**known, "skills": essential + optional}


def vacancy(vocabulary: Vocabulary, chance: random.Random) -> NewOpportunity:
    occupation = chance.randrange(vocabulary.occupations)
    essential, optional = drawn(vocabulary, occupation, chance)
    region = chance.choice(REGIONS)
    return NewOpportunity(
        kind="job",
        title="vacancy",
        occupation=vocabulary.uris[occupation],
        essential_skills=tuple(essential[:100]),
        optional_skills=tuple(optional[:100]),
        languages=(LanguageNeed(language="bul", level="A2"),),
        education_level=chance.randrange(1, 6),
        region=region,
        municipality=f"{region}-{chance.randrange(8)}",
    )


def offers(vocabulary: Vocabulary, count: int, chance: random.Random) -> Iterator[Opportunity]:
    for number in range(count):
        new, owner = vacancy(vocabulary, chance), f"employer-{chance.randrange(300)}"
        dated = {"created_at": BEGAN, "updated_at": BEGAN, "etag": '"1"'}
        yield Opportunity(**new.model_dump(), id=f"opp_{number:07}", owner=owner, **dated)
