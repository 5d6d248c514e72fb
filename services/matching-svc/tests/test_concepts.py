"""The small set is whole, and is what the official download gives."""

import os
from importlib import resources
from pathlib import Path

import orjson
import pytest

from matching_svc.commands import make_small_set
from matching_svc.concepts import is_concept, small_set


def test_the_small_set_is_whole() -> None:
    small = small_set()
    assert len(small.occupations) >= 60
    for occupation in small.occupations.values():
        assert is_concept(occupation.uri, "occupation")
        assert occupation.labels["en"]
        assert occupation.labels["bg"]
        assert len(occupation.isco) == 4
        assert occupation.essential_skills
        assert {*occupation.essential_skills, *occupation.optional_skills} <= small.skills.keys()
    assert all(is_concept(uri, "skill") and 0 < small.rarity(uri) <= 1 for uri in small.skills)


def test_the_attribution_ships_beside_it() -> None:
    notice = (resources.files("matching_svc.esco") / "NOTICE").read_text()
    assert "This service uses the ESCO classification of the European Commission." in notice


@pytest.mark.esco
def test_it_is_what_the_official_download_gives(tmp_path: Path) -> None:
    folder = os.environ.get("ESCO_DATA_DIR")
    if not folder:
        pytest.skip("ESCO_DATA_DIR names no folder with the official ESCO download")
    (classification,), (relations,), (bulgarian,) = (
        list(Path(folder).rglob(name)) for name in ("*classification - en*.zip", "*relations*.zip", "occupation_labels_bg.csv")
    )
    make_small_set(classification, relations, tmp_path / "small.json", labels=[f"bg={bulgarian}"])
    made = orjson.loads((tmp_path / "small.json").read_bytes())
    assert made == orjson.loads((resources.files("matching_svc.esco") / "small.json").read_bytes())
