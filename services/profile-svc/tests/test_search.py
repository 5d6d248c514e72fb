"""Pages of people: filters, sorts and cursors that tell nothing which is not disclosed."""

import re
from typing import Any

import httpx
import pytest

from profile_svc import store
from profile_svc.tables import SORTED
from stena.contracts.access import Disclosure
from stena.contracts.catalogue import Catalogue
from stena.contracts.condition import IsIn, Overlaps
from stena.contracts.profile import BRIEFLY, BriefPeople

from .people import IN_VARNA, OLENA, amend
from .plans import heard, plan_of
from .source import Service

MINE = IsIn(fact="created_by", values=("search-lab",))
SKILLS = [f"http://data.europa.eu/esco/skill/0005c151-5b5a-4a66-8aac-60e734beb1a{digit}" for digit in range(3)]
SOFIA = OLENA["residence"]
LEVELS = (3, None, 5, 1, None, 3, 8, 3)


@pytest.fixture(scope="module")
async def people(service: Service) -> list[dict[str, Any]]:
    """Eight people: their levels of education as above, every second one in Varna, the first two with a skill."""
    return [
        await service.register(
            {
                "education_level": level,
                "residence": IN_VARNA if number % 2 else SOFIA,
                "skills": SKILLS[: 2 - number] if number < 2 else [],
                "languages": [{"language": ("ukr", "ara")[number % 2], **dict.fromkeys(ACTIVITIES, "B1")}],
                "gender": ("female", "male")[number // 4],
            },
            organisation="search-lab",
        )
        for number, level in enumerate(LEVELS)
    ]


ACTIVITIES = ("listening", "reading", "interaction", "production", "writing")


async def search(service: Service, body: dict[str, Any], **changes: Any) -> httpx.Response:
    return await service.call("POST", "/persons/search", service.grant("list", **{"rows": MINE, **changes}), body)


async def found(service: Service, attribute: str, operator: str, value: Any, people: list[dict[str, Any]]) -> list[int]:
    """The numbers of the people who pass one filter."""
    answer = await search(service, {"filters": [{"attribute": attribute, "operator": operator, "value": value}]})
    assert answer.status_code == 200, answer.text
    numbers = {person["id"]: number for number, person in enumerate(people)}
    return sorted(numbers[person["id"]] for person in answer.json()["people"])


@pytest.mark.parametrize(
    ("attribute", "operator", "value", "wanted"),
    [
        ("education_level", "eq", 3, [0, 5, 7]),
        ("education_level", "ge", 3, [0, 2, 5, 6, 7]),
        ("education_level", "le", 3, [0, 3, 5, 7]),
        ("municipality", "eq", "Varna", [1, 3, 5, 7]),
        ("municipality", "in", ["Varna", "Plovdiv"], [1, 3, 5, 7]),
        ("region", "in", ["BG411"], [0, 2, 4, 6]),
        ("skills", "has", SKILLS[0], [0, 1]),
        ("skills", "has", SKILLS[1], [0]),
        ("languages", "has", "ukr", [0, 2, 4, 6]),
    ],
)
async def test_filters(
    service: Service, people: list[dict[str, Any]], attribute: str, operator: str, value: Any, wanted: list[int]
) -> None:
    assert await found(service, attribute, operator, value, people) == wanted


@pytest.mark.parametrize("sort", [None, "education_level", "-education_level", "municipality", "-municipality"])
@pytest.mark.parametrize("limit", [1, 3, 8])
async def test_pages_in_any_order_hold_everybody_once(
    service: Service, people: list[dict[str, Any]], sort: str | None, limit: int
) -> None:
    seen: list[dict[str, Any]] = []
    more, after = True, None
    while more and len(seen) <= len(people):
        page = (await search(service, {"sort": sort, "limit": limit, "after": after})).json()
        seen += page["people"]
        more, after = page["more"], page["people"][-1]["id"]
    assert sorted(person["id"] for person in seen) == sorted(person["id"] for person in people)
    if sort:
        keys = [person["attributes"][sort.removeprefix("-")] for person in seen]
        known = [key for key in keys if key is not None]
        assert known == sorted(known, reverse=sort.startswith("-"))
        assert keys[: len(known)] == known  # those without a value come last in either direction


def test_an_index_has_everybody_in_each_order_that_a_list_may_want(catalogue: Catalogue) -> None:
    assert {attribute.name for attribute in catalogue.attributes if attribute.sortable} == set(SORTED)


@pytest.mark.parametrize("direction", ["", "-"])
@pytest.mark.parametrize("attribute", SORTED)
async def test_nobody_is_sorted_for_a_page(
    service: Service, people: list[dict[str, Any]], attribute: str, direction: str
) -> None:
    """Not for the first one, and not for one behind somebody: however many there are, an index leads straight to it."""
    sort = {"sort": direction + attribute, "limit": 1}
    with heard(service.vault.people) as asked:
        first = (await search(service, sort)).json()["people"][0]
        await search(service, {**sort, "limit": 100, "after": first["id"]})
    pages = [each for each in asked if "ORDER BY (persons.attributes" in each[0]]
    assert len(pages) == 1 + 3
    for page in pages:
        plan = await plan_of(service.vault.people, page)
        assert re.search(f"Index Scan using persons_(by|down)_{attribute}", plan), plan
        assert "Sort" not in plan


async def test_a_page_in_order_is_of_one_moment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is amended while it is read stands on it once, where they stood."""
    rows = IsIn(fact="created_by", values=("moving-lab",))
    ids = [(await service.register({"education_level": level}, organisation="moving-lab"))["id"] for level in (1, 3, 5)]
    fetch, asked = store.people._fetch, 0

    async def amended_meanwhile(*arguments: Any) -> Any:
        nonlocal asked
        found, asked = await fetch(*arguments), asked + 1
        if asked == 2:
            await amend(service, ids[2], {"education_level": None})
        return found

    with monkeypatch.context() as patched:
        patched.setattr(store.people, "_fetch", amended_meanwhile)
        page = (await search(service, {"sort": "education_level", "after": ids[0]}, rows=rows)).json()["people"]
    assert asked > 2
    assert [person["id"] for person in page] == ids[1:]
    assert page[-1]["attributes"]["education_level"] == 5


@pytest.mark.parametrize("use", ["filter", "sort", "fields"])
@pytest.mark.parametrize("attribute", ["gender", "education_level"])
async def test_what_is_withheld_cannot_be_asked_about(
    service: Service, people: list[dict[str, Any]], use: str, attribute: str
) -> None:
    answer = await search(service, _asking(use, attribute), disclose=["skills", "municipality"])
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/attribute-not-disclosed")
    assert answer.json()["attributes"] == [attribute]


INCOMPARABLE = ("gender", "adult", "age_band", "date_of_birth", "availability")


@pytest.mark.parametrize("attribute", INCOMPARABLE)
async def test_what_cannot_be_compared_is_refused_with_what_can(service: Service, attribute: str) -> None:
    answer = await search(
        service,
        _asking("filter", attribute),
        disclose=[*INCOMPARABLE, "region"],
    )
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not-filterable")
    assert "region" in answer.json()["possible"]
    assert not {"gender", "adult", "municipality"} & answer.json()["possible"].keys()


@pytest.mark.parametrize(
    ("attribute", "operator", "value"),
    [
        ("education_level", "eq", "3"),
        ("education_level", "eq", True),
        ("education_level", "eq", None),
        ("municipality", "eq", 7),
        ("municipality", "eq", {"a": 1}),
        ("municipality", "in", "Varna"),
        ("municipality", "in", []),
        ("municipality", "in", ["x"] * 101),
        ("skills", "has", ["x"]),
        ("languages", "has", {"language": "ukr"}),
    ],
)
async def test_a_filter_is_of_its_attributes_type(service: Service, attribute: str, operator: str, value: Any) -> None:
    answer = await search(service, {"filters": [{"attribute": attribute, "operator": operator, "value": value}]})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/filters/0/value"


async def test_unknown_attributes_are_named(service: Service) -> None:
    for use in ("filter", "sort", "fields"):
        answer = await search(service, _asking(use, "shoe_size"))
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/unknown-attribute")


async def test_what_is_disclosed_of_some_filters_and_sorts_only_those(service: Service, people: list[dict[str, Any]]) -> None:
    in_varna = Disclosure(when=Overlaps(fact="region_path", values=("BG33",)), otherwise="not-assigned")
    disclose = {"education_level": in_varna, "municipality": True}
    asked = {"filters": [{"attribute": "education_level", "operator": "ge", "value": 0}]}
    for body in (asked, {"sort": "education_level"}, {"sort": "-education_level", "limit": 2}):
        answer = await search(service, body, disclose=disclose)
        assert {person["attributes"]["municipality"] for person in answer.json()["people"]} == {"Varna"}


async def test_a_page_that_ended_with_somebody_unseen_is_gone(service: Service, people: list[dict[str, Any]]) -> None:
    in_varna = Overlaps(fact="region_path", values=("BG33",))
    body = {"sort": "education_level", "after": people[0]["id"]}
    answer = await search(service, body, rows=in_varna)
    assert (answer.status_code, answer.json()["type"]) == (410, "/problems/cursor-expired")


async def test_people_are_resolved_in_the_order_asked(service: Service, people: list[dict[str, Any]]) -> None:
    ids = [people[number]["id"] for number in (5, 0, 3)] + ["0191d0a4-0000-7000-8000-000000000000"]
    grant = service.grant("match", rows=Overlaps(fact="region_path", values=("BG33",)), disclose=["skills"])
    answer = await service.call("POST", "/persons/resolve", grant, {"ids": ids})
    assert [person["id"] for person in answer.json()["people"]] == [ids[0], ids[2]]


def _asking(use: str, attribute: str) -> dict[str, Any]:
    if use == "filter":
        return {"filters": [{"attribute": attribute, "operator": "eq", "value": "x"}]}
    return {"sort": attribute} if use == "sort" else {"fields": [attribute]}


async def test_a_brief_page_says_once_what_its_people_have_in_common(service: Service, people: list[dict[str, Any]]) -> None:
    in_varna = Disclosure(when=Overlaps(fact="region_path", values=("BG331",)), otherwise="not-assigned")
    grant = service.grant("list", rows=MINE, disclose={"skills": True, "education_level": True, "gender": in_varna})
    whole = await service.call("POST", "/persons/search", grant, {"limit": 7}, Prefer="handling=lenient")
    brief = await service.call("POST", "/persons/search", grant, {"limit": 7}, Prefer=BRIEFLY)
    assert ("preference-applied" in whole.headers, brief.headers["preference-applied"]) == (False, BRIEFLY)
    page = BriefPeople.model_validate(brief.json()).model_dump(mode="json", exclude_unset=True)
    unfolded = [
        {**each, "provenance": page["provenance"][each["provenance"]], "withheld": page["withheld"][each["withheld"]]}
        for each in brief.json()["people"]
    ]
    assert [{**each, "etag": ""} for each in unfolded] == [{**each, "etag": ""} for each in whole.json()["people"]]
    assert (len(unfolded), page["more"], len(page["withheld"])) == (7, True, 2)
    assert len(page["provenance"]) == len({str(each["provenance"]) for each in unfolded}) < 7
