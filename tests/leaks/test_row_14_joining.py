"""Row 14, joining: two who hold the same person do not see it by what they were given to name and date them."""

from typing import Any

import pytest

from .expected import everybody_asking
from .rows import ask, bring, listed, path, read
from .target import CATALOGUE, Target

REACH = {each.id: each.ids for each in CATALOGUE.purposes}
ASKING = [(each.organisation, each.purpose) for each in everybody_asking() if each.approved and each.purpose in REACH]

MIDNIGHT = "T00:00:00Z"


async def test_every_organisation_has_an_id_of_its_own_and_every_marked_purpose_too(target: Target) -> None:
    internal = await bring(target, "joined")
    scopes: dict[str, set[Any]] = {}
    for organisation, purpose in ASKING:
        named = await target.pairwise(internal, organisation, purpose)
        scopes.setdefault(named, set()).add((organisation, purpose if REACH[purpose] == "purpose" else None))
    assert all(len(scope) == 1 for scope in scopes.values())
    assert len(scopes) == len({scope for each in scopes.values() for scope in each})


async def test_ids_have_nothing_in_common_but_their_form(target: Target) -> None:
    """The same person's ids are as different from each other as those of two people."""
    one, two = await bring(target, "joined, one"), await bring(target, "joined, two")
    agency = [await target.pairwise(each, "employment-agency", "job-ranking") for each in (one, two)]
    other = await target.pairwise(one, "bread-and-bridges", "job-ranking")

    def alike(first: str, second: str) -> int:
        return sum(a == b for a, b in zip(first, second, strict=True))

    assert len(agency[0]) == len(other)
    assert abs(alike(agency[0], other) - alike(*agency)) < 12
    assert one.replace("-", "")[:12] not in agency[0]


@pytest.mark.parametrize(
    ("of", "purpose"), [("employment-agency", "job-ranking"), ("bread-and-bridges", "mentoring"), ("reception-agency", "x")]
)
async def test_an_id_of_another_scope_names_nobody(target: Target, of: str, purpose: str) -> None:
    internal = await bring(target, "joined, foreign")
    foreign = await target.pairwise(internal, of, purpose if purpose != "x" else "registration")
    answer = await ask(target, "bread-and-bridges", "job-ranking", "GET", f"/v1/persons/{foreign}")
    assert answer.status_code == 404


async def test_no_answer_holds_the_id_of_the_house(target: Target) -> None:
    internal = await bring(target, "joined, inside", {"assigned": ["employment-agency"]})
    for rest in ("", "/matches?kind=job", "/consents", "/notes", "/cases"):
        for purpose in ("job-ranking", "case-continuity", "consent-management"):
            where = await path(target, internal, "employment-agency", purpose, rest)
            answer = await ask(target, "employment-agency", purpose, "GET", where)
            text = answer.text + str(answer.headers)
            assert internal not in text
            assert internal.replace("-", "") not in text


async def test_nor_do_tags_and_times_serve_as_one(target: Target) -> None:
    """An ETag is made for one organisation and purpose. A time to the second would name somebody as well as an id does."""
    await bring(target, "joined, tagged")
    internal = await bring(target, "joined, tagged", digital_skills="none")
    answers = {
        asking: await read(target, internal, *asking)
        for asking in (
            ("employment-agency", "job-ranking"),
            ("bread-and-bridges", "job-ranking"),
            ("employment-agency", "training-placement"),
            ("language-house", "training-placement"),
        )
    }
    assert len({answer.headers["etag"] for answer in answers.values()}) == len(answers)
    for (organisation, purpose), answer in answers.items():
        person = answer.json()
        assert (person["updated_at"] or MIDNIGHT).endswith(MIDNIGHT)
        assert person["id"] not in {p["id"] for (o, _), a in answers.items() if o != organisation for p in [a.json()]}
        shown = (await listed(target, organisation, purpose)).values()
        assert all((each["updated_at"] or MIDNIGHT).endswith(MIDNIGHT) for each in shown)
