"""Row 2, sort, search, typeahead: an order tells what it was made by, and a search finds what it looked at."""

import pytest

from .expected import ATTRIBUTES, Expected
from .rows import ask, bring, listed
from .target import Target

WITHHELD = sorted(ATTRIBUTES.keys() - Expected("employment-agency", "job-ranking").ever())


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("attribute", WITHHELD)
async def test_nobody_is_ordered_by_what_is_withheld(target: Target, attribute: str, sign: str) -> None:
    answer = await ask(target, "employment-agency", "job-ranking", "GET", f"/v1/persons?sort={sign}{attribute}")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/attribute-not-disclosed")


async def test_who_would_stand_where_is_not_told_of_those_of_whom_it_is_withheld(target: Target) -> None:
    """Where a restricted person lives is withheld below the region, so they have no place in an order of municipalities."""
    facts = {"restricted": True, "assigned": ["employment-agency"]}
    internal = await bring(target, "sorted, restricted", facts)
    person = await target.pairwise(internal, "employment-agency", "job-ranking")
    everybody = await listed(target, "employment-agency", "job-ranking")
    assert everybody[person]["withheld"]["municipality"] == "not-necessary"
    for order in ("municipality", "-municipality"):
        assert person not in await listed(target, "employment-agency", "job-ranking", f"&sort={order}")
    assert person in await listed(target, "employment-agency", "job-ranking", "&sort=region")


async def test_a_page_does_not_go_on_after_somebody_who_has_no_place_in_it(target: Target) -> None:
    """A cursor of one order is no way into another."""
    await bring(target, "sorted, one")
    await bring(target, "sorted, two")
    page = (await ask(target, "employment-agency", "job-ranking", "GET", "/v1/persons?limit=1")).json()
    answer = await ask(
        target, "employment-agency", "job-ranking", "GET", f"/v1/persons?limit=1&sort=municipality&cursor={page['next']}"
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/cursor-invalid")


@pytest.mark.parametrize("parameter", ["q", "query", "search", "prefix", "typeahead", "starts_with", "order", "order_by"])
async def test_there_is_no_other_way_to_search(target: Target, parameter: str) -> None:
    answer = await ask(target, "employment-agency", "job-ranking", "GET", f"/v1/persons?{parameter}=Olena")
    assert answer.status_code == 400
