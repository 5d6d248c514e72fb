"""The canary matrix in its short form; `make leaks` tries every cell. The finder first: what it cannot find it cannot miss."""

import base64
import json
from urllib.parse import quote

import pytest

from . import matrix
from .canaries import Finder
from .cast import cast
from .target import Target
from .world import World

SOMEBODY = cast()[0]


@pytest.mark.parametrize(
    "written",
    [
        str,
        str.upper,
        lambda text: quote(text, safe=""),
        lambda text: json.dumps({"a": text}),
        lambda text: text.encode().hex().upper(),
        lambda text: base64.b64encode(f"x{text}".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(f"{text}y".encode()).decode(),
    ],
)
def test_a_canary_is_found_however_it_is_written(written: object) -> None:
    assert callable(written)
    finder = Finder(SOMEBODY.canaries)
    for canary in SOMEBODY.canaries:
        assert canary in finder(f"before {written(canary.text)} after"), canary
    assert not finder("nothing of anybody, 2026-11-21")


def test_every_attribute_with_room_for_one_has_a_canary() -> None:
    carried = frozenset[str]().union(*(canary.carriers for canary in SOMEBODY.canaries))
    without = {
        "gender", "nationalities", "country_of_birth", "marital_status", "pregnancy", "education_level", "field_of_study",
        "driving_licences", "digital_skills", "languages", "mother_tongue", "needs_interpreter", "remote", "max_distance_km",
        "same_gender_mentor",
    }  # fmt: skip
    assert SOMEBODY.values.keys() - carried == without, "these are for the twin worlds"


async def test_nothing_withheld_comes_back_and_nothing_needed_is_missing(empty: Target, world: World) -> None:
    found = await matrix.run(empty, world, short=True)
    assert found.kept, "\n".join(found.findings[:30])
    figures = {figure.name: figure.value for figure in found.figures}
    assert int(figures["answers read"]) > 800
