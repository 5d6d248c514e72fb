"""Rankings over HTTP: kinds, staleness, pages, and nothing of a person but what the request allows."""

from collections.abc import Callable
from typing import Any

import pytest

from matching_svc.features import ATTRIBUTES, of_attributes
from matching_svc.index import MAX_AGE, Index, Stale

JOB, TRAINING = "job-ranking", "training-placement"
BREAD = "http://data.europa.eu/esco/skill/00000000-0000-4000-8000-000000000001"
CAKE = "http://data.europa.eu/esco/skill/00000000-0000-4000-8000-000000000002"
ALL = sorted(ATTRIBUTES)
WORKER: dict[str, Any] = {
    "of_working_age": True,
    "right_to_work": [{"from": "2020-01-01", "until": None, "answer": "yes", "rule": "r1"}],
}


PEOPLE = {
    "psn_1": {**WORKER, "skills": [BREAD, CAKE], "municipality": "Sofia"},
    "psn_2": {**WORKER, "skills": [BREAD], "municipality": "Varna"},
    "psn_3": {"skills": [], "municipality": "Sofia", "of_working_age": None},
    "psn_4": {**WORKER, "skills": [BREAD, CAKE], "of_working_age": False},
}


async def fill(service: Any, feed: Any) -> None:
    """Four people who may be ranked for jobs, one of whom may be ranked for training too."""
    feed.page(JOB, PEOPLE, "c1")
    feed.page(TRAINING, {"psn_t": PEOPLE["psn_1"]}, "c1")
    index = service.parts.index
    await service.until(lambda: (index.size(JOB), index.size(TRAINING)) == (4, 1))
    await service.until(lambda: max(index.age(JOB), index.age(TRAINING)) < 1)


@pytest.fixture
async def ranked(service: Any, feed: Any) -> Any:
    await fill(service, feed)
    return service


async def job(service: Any, **changes: Any) -> dict[str, Any]:
    new = {"kind": "job", "title": "Baker", "essential_skills": [BREAD, CAKE], "municipality": "Sofia", **changes}
    made: dict[str, Any] = await service.create(new)
    return made


async def candidates(service: Any, made: dict[str, Any], *, attributes: Any = ALL, page: Any = None, **how: Any) -> Any:
    body = {"attributes": list(attributes), **(page or {})}
    return await service.call("POST", f"/opportunities/{made['id']}/candidates", "match", made["id"], json=body, **how)


async def test_candidates_come_with_reasons(ranked: Any) -> None:
    found = (await candidates(ranked, await job(ranked))).json()
    assert (found["kind"], found["more"]) == ("job", False)
    assert [(c["person"], c["eligible"]) for c in found["candidates"]] == [
        ("psn_1", "yes"),
        ("psn_2", "yes"),
        ("psn_3", "to-be-verified"),
    ]
    reasons = found["candidates"][1]["explanation"]
    assert [(s["uri"], s["label"], s["essential"]) for s in reasons["missing"]] == [(CAKE, CAKE.rsplit("/")[-1], True)]
    assert [s["uri"] for s in reasons["matched"]] == [BREAD]
    assert {part["component"]: part["uses"] for part in reasons["components"]} == {
        "skills": ["skills", "work_history"],
        "place": ["municipality"],
    }
    assert {gate["gate"]: gate["uses"] for gate in reasons["gates"]} == {
        "right-to-work": ["right_to_work"],
        "working-age": ["of_working_age"],
    }


async def test_what_is_not_allowed_is_not_used(ranked: Any) -> None:
    made = await job(ranked)
    narrow = await candidates(ranked, made, attributes=["skills", "gender", "right_to_work"])
    order = [c["person"] for c in narrow.json()["candidates"]]
    assert order == ["psn_1", "psn_4", "psn_2", "psn_3"]  # age is not told: nobody is removed for it
    for word in ("municipality", "of_working_age", "Sofia", "gender"):
        assert word not in narrow.text
    nothing = (await candidates(ranked, made, attributes=[])).json()["candidates"]
    assert [(c["person"], c["score"]) for c in nothing] == [(f"psn_{n}", 0.0) for n in (1, 2, 3, 4)]
    assert len({str(c["explanation"]) for c in nothing}) == 1


async def test_candidates_come_in_pages(ranked: Any) -> None:
    made = await job(ranked)
    pages = [(await candidates(ranked, made, page={"offset": offset, "limit": 2})).json() for offset in (0, 2, 4)]
    assert [[c["person"] for c in page["candidates"]] for page in pages] == [["psn_1", "psn_2"], ["psn_3"], []]
    assert [page["more"] for page in pages] == [True, False, False]


async def test_matches_of_a_person(ranked: Any) -> None:
    mine = {"organisation": "danube-bakery"}
    best = await ranked.create({"kind": "job", "title": "a", "essential_skills": [BREAD]}, **mine)
    next_ = await ranked.create({"kind": "job", "title": "b", "essential_skills": [BREAD, CAKE]}, **mine)
    over = await ranked.create({"kind": "job", "title": "c", "apply_until": "2020-01-01"}, **mine)
    closed = await ranked.create({"kind": "job", "title": "d"}, **mine)
    await ranked.call("DELETE", f"/opportunities/{closed['id']}", "close", closed["id"], **mine)
    await ranked.create({"kind": "training", "title": "e"}, **mine)
    rows = {"op": "is_in", "fact": "created_by", "values": ["danube-bakery"]}

    async def matches(**asked: Any) -> Any:
        body = {"person": "psn_2", "kind": "job", "attributes": ALL, **asked}
        return (await ranked.call("POST", "/matches", "match", json=body, rows=rows, organisation="employment-agency")).json()

    found = await matches()
    assert [m["opportunity"]["id"] for m in found["matches"]] == [best["id"], next_["id"]]
    assert found["matches"][0]["opportunity"] == best
    assert over["id"] not in str(found)
    short = await matches(limit=1)
    assert ([m["opportunity"]["id"] for m in short["matches"]], short["truncated"]) == ([best["id"]], True)
    assert await matches(person="psn_nobody") == {"matches": [], "truncated": False}


async def test_purposes_do_not_mix(ranked: Any) -> None:
    made = await ranked.create({"kind": "language-course", "title": "Bulgarian A1"})
    found = await candidates(ranked, made, kinds=("training", "language-course"))
    assert [c["person"] for c in found.json()["candidates"]] == ["psn_t"]


@pytest.mark.parametrize("kinds", [(), ("training",)])
async def test_a_kind_that_the_grant_does_not_name_is_refused(ranked: Any, kinds: tuple[str, ...]) -> None:
    made = await job(ranked)
    body = {"person": "psn_1", "kind": "job", "attributes": ALL}
    for response in (
        await candidates(ranked, made, kinds=kinds),
        await ranked.call("POST", "/matches", "match", json=body, kinds=kinds),
    ):
        assert (response.status_code, response.json()["type"]) == (403, "/problems/kind-not-allowed")


async def test_a_closed_opportunity_has_no_candidates(ranked: Any) -> None:
    made = await job(ranked)
    await ranked.call("DELETE", f"/opportunities/{made['id']}", "close", made["id"])
    response = await candidates(ranked, made)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/opportunity-closed")


async def test_an_index_that_has_not_heard_the_gateway_ranks_nobody(start: Callable[[], Any], feed: Any) -> None:
    async with start() as running:
        await fill(running, feed)
    feed.down = True
    async with start() as running:
        made = await job(running)
        await running.until(lambda: running.parts.index.size(JOB) == len(PEOPLE))  # PostgreSQL kept them
        response = await candidates(running, made)
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        feed.down = False
        await running.until(lambda: running.parts.index.age(JOB) < 1)
        assert (await candidates(running, made)).status_code == 200


async def test_readiness_tells_of_the_feed(start: Callable[[], Any], feed: Any) -> None:
    feed.down = True
    async with start() as running:
        ready = await running.http.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]) == (503, {"database": True, "feed": False, "vocabulary": True})
        feed.down = False
        index = running.parts.index
        await running.until(lambda: all(index.age(purpose) < 1 for purpose in index.purposes))
        assert (await running.http.get("/readyz")).status_code == 200


def test_silence_ends_what_is_known() -> None:
    now = [0.0]
    index = Index([JOB], clock=lambda: now[0])
    index.apply(JOB, {"psn_1": of_attributes({})}, (), complete=True)
    now[0] = MAX_AGE
    assert index.people(JOB)
    now[0] += 0.1
    with pytest.raises(Stale):
        index.people(JOB)
    index.deny(JOB)
    now[0] += 10 * MAX_AGE
    assert index.people(JOB) == {}
