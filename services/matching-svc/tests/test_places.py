"""Where a person lives and an opportunity is: nearer counts more, and nothing beyond as far as somebody would go."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_svc import model
from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.places import between, kilometres
from matching_svc.scoring import Part, place
from stena.contracts.matching import NewOpportunity

from .fitting import KNOWLEDGE

PLACE = model.shipped().place
REGIONS = ["BG411", "BG412", "BG413", "BG414", "BG421", "BG331", "BG341", "BG", "DE300"]


@pytest.mark.parametrize(
    ("one", "other", "km"), [("BG411", "BG421", 133), ("BG411", "BG331", 380), ("BG342", "BG343", 27), ("BG411", "BG412", 0)]
)
def test_kilometres_are_those_of_the_map(one: str, other: str, km: int) -> None:
    found = kilometres(one, other)
    assert found is not None
    assert abs(found - km) <= 5


def test_a_town_of_the_next_region_is_nearer_than_a_far_one_of_the_same() -> None:
    """Pernik and Blagoevgrad share a NUTS 2 region with Sofia; one is half an hour away."""
    pernik, blagoevgrad = (between("BG411", each, None, PLACE) for each in ("BG414", "BG413"))
    assert PLACE.region[5] > pernik > blagoevgrad > between("BG411", "BG331", None, PLACE) == PLACE.elsewhere
    assert between("BG411", "BG414", 10, PLACE) == PLACE.elsewhere
    assert between("BG411", "BG411", 0, PLACE) == between("BG411", "BG411", -1, PLACE) == PLACE.region[5]


@given(st.sampled_from(REGIONS), st.sampled_from(REGIONS), st.integers(0, 400) | st.none())
def test_both_ways_are_as_far_and_less_patience_never_counts_more(one: str, other: str, furthest: int | None) -> None:
    assert kilometres(one, other) == kilometres(other, one)
    near = between(one, other, furthest, PLACE)
    assert near == between(other, one, furthest, PLACE)
    assert PLACE.elsewhere <= near <= between(one, other, None, PLACE) <= PLACE.region[5]


def found(allowed: frozenset[str], **known: Any) -> Part | None:
    offer = NewOpportunity(kind="job", title="t", region="BG421")
    return place(view(MatchFeatures.model_validate(known), allowed), offer, KNOWLEDGE)


def test_how_far_somebody_goes_is_read_only_where_it_may_be_seen() -> None:
    person = {"region": "BG423", "max_distance_km": 10}
    assert found(ATTRIBUTES, **person) == Part("place", 100 * PLACE.elsewhere, ("region", "max_distance_km"))
    narrow = found(ATTRIBUTES - {"max_distance_km"}, **person)
    assert narrow is not None
    assert (narrow.value > 100 * PLACE.elsewhere, narrow.uses) == (True, ("region",))
    unstated = 100 * KNOWLEDGE.model.components["place"].unstated
    assert found(ATTRIBUTES) == Part("place", unstated, ("region", "max_distance_km"), "person")
