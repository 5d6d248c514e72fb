"""Concepts through the whole house: with a token and no purpose, in the languages that the caller reads."""

from urllib.parse import quote

from .house import House

ZIDAR = f"/v1/concepts?q={quote('зидар')}&lang=bg"


async def test_typed_text_finds_concepts_and_labels_speak_the_callers_language(house: House) -> None:
    agency = await house.caller("employment-agency")
    for accepted, label in (("bg, en;q=0.5", "зидар"), ("xx-YY, en", "bricklayer"), ("*", "bricklayer")):
        answer = await agency("GET", ZIDAR, headers={"Accept-Language": accepted})
        assert answer.status_code == 200, answer.text
        assert answer.json()["concepts"][0]["label"] == label
    latin = (await agency("GET", "/v1/concepts?q=zidar")).json()["concepts"][0]
    assert latin["uri"] == answer.json()["concepts"][0]["uri"]
    assert latin["isco"] == "7112"


async def test_skills_are_another_scheme(house: House) -> None:
    agency = await house.caller("employment-agency")
    found = (await agency("GET", "/v1/concepts?q=lay%20bricks&scheme=skill&limit=3")).json()["concepts"]
    assert (found[0]["label"], found[0]["scheme"], found[0]["isco"]) == ("lay bricks", "skill", None)
    assert len(found) <= 3


async def test_a_vacancy_that_is_text_gets_proposals(house: House) -> None:
    bakery = await house.caller("vitosha-bakery")
    vacancy = {"title": "Пекар", "description": "", "lang": "bg"}
    answer = await bakery("POST", "/v1/opportunities/proposals", json=vacancy, headers={"Accept-Language": "bg"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["occupations"][0]["label"].startswith("пекар")
    assert answer.json()["essential_skills"]


async def test_nobody_without_a_token_and_nothing_malformed(house: House) -> None:
    async with house.http() as stranger:
        assert (await stranger.get(ZIDAR)).status_code == 401
        assert (await stranger.post("/v1/opportunities/proposals", json={"title": "x"})).status_code == 401
    agency = await house.caller("employment-agency")
    for query in ("", "?q=", "?q=a&scheme=person", "?q=a&lang=bul", "?q=a&limit=51", "?q=a&q=b"):
        assert (await agency("GET", f"/v1/concepts{query}")).status_code == 400, query
    for body in ({}, {"title": ""}, {"title": "x", "person": "y"}, {"title": "x" * 201}):
        assert (await agency("POST", "/v1/opportunities/proposals", json=body)).status_code == 400, body


async def test_when_matching_is_gone_it_is_said(house: House) -> None:
    agency = await house.caller("employment-agency")
    house.board.cut.add("http://matching.test")
    try:
        assert (await agency("GET", ZIDAR)).status_code == 503
    finally:
        house.board.cut.discard("http://matching.test")
