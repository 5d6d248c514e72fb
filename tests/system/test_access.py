"""Everything about oneself, through the wall: as JSON of the published schema and as a page, with nothing of anybody else."""

from typing import Any

import httpx
import jsonschema_rs
import pytest

from .house import GATEWAY, PROFILE, House, put
from .people import line
from .test_casework import LEGAL, call, person
from .test_refusals import RECORD
from .test_rights import AGENCY, OWN, ask

CASEWORK = ("reception-agency", "case-continuity")
HERE = {"assigned": ["reception-agency", "employment-agency"], "consents": ["job-ranking"]}
MASK = "█████"


@pytest.fixture
async def somebody(house: House, request: pytest.FixtureRequest) -> str:
    return await person(house, request.node.name, **HERE)


async def everything(house: House, internal: str, accept: str = "application/json", language: str = "en") -> httpx.Response:
    headers = {"Accept": accept, "Accept-Language": language}
    for _ in range(3):
        answer = await call(house, *OWN, "GET", "/v1/persons/{id}/access", internal, headers=headers)
        if answer.status_code != 503 and '"unavailable"' not in answer.text:
            break
    return answer


async def whole(house: House, internal: str) -> dict[str, Any]:
    answer = await everything(house, internal)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    assert told["end"] == {"complete": True, "reason": None}
    return told


async def write_note(house: House, internal: str, text: str) -> str:
    return str((await ask(house, CASEWORK, "POST", "/notes", internal, 201, json={"text": text}))["id"])


async def test_everything_is_told_in_the_published_shape(house: House, somebody: str) -> None:
    await ask(house, AGENCY, "GET", "", somebody, 200)
    before = (await ask(house, OWN, "GET", "", somebody, 200))["attributes"]["digital_skills"]
    await ask(house, CASEWORK, "POST", "/referrals", somebody, 201, json=LEGAL)
    await ask(house, OWN, "POST", "/restrictions", somebody, 201, json={"ground": "accuracy", "reason": "canary-restriction"})
    await ask(house, OWN, "POST", "/objections", somebody, 201, json={"purpose": "mentoring", "reason": "canary-objection"})
    proposed = await ask(
        house, OWN, "POST", "/corrections", somebody, 201, json={"attribute": "digital_skills", "value": "advanced"}
    )
    agencys = (await ask(house, AGENCY, "GET", "/corrections", somebody, 200))["corrections"][0]["id"]
    await ask(house, AGENCY, "POST", f"/corrections/{agencys}/accepted", somebody, 200, json={})
    told = await whole(house, somebody)

    async with house.http() as http:
        schema = (await http.get(told["schema"])).json()
    assert schema["$id"] == f"{GATEWAY}/schemas/person-access-1.json"
    jsonschema_rs.validator_for(schema, validate_formats=True).validate(told)
    catalogue = await house.parts.rulebook.catalogue()
    assert told["record"]["attributes"].keys() == {attribute.name for attribute in catalogue.attributes}
    assert told["record"]["attributes"]["digital_skills"]["value"] == "advanced"
    (earlier,) = told["history"]
    assert (earlier["attribute"], earlier["said_by"], earlier["replaced_by"]) == (
        "digital_skills",
        "reception-agency",
        "self-service",
    )
    assert earlier["value"] == before != "advanced"
    assert [each["id"] for each in told["corrections"]] == [proposed["id"]]
    assert [each["state"] for each in told["consents"]] == ["given"]
    assert {each["organisation"] for each in told["cases"]} == set(HERE["assigned"])
    (referral,) = told["referrals"]
    assert (referral["reason"], referral["withheld"]) == (None, "not-released"), "others may be in it"
    assert (told["restrictions"][0]["reason"], told["objections"][0]["reason"]) == ("canary-restriction", "canary-objection")
    assert {"employment-agency", "stena-matching"} & {each["organisation"] for each in told["disclosures"]}
    assert {each["purpose"] for each in told["recipients"]} > {"job-ranking", "legal-aid"}
    assert all(each["why"] and each["legal_basis"] for each in told["recipients"])
    assert "reception-agency" in {each["organisation"] for each in told["sources"]}


async def test_a_note_is_told_to_be_there_and_shown_only_once_its_writer_says_so(house: House, somebody: str) -> None:
    note = await write_note(house, somebody, "canary-note: came with Maria Petrova, phone 0888 765 432. Speaks well of school.")
    (told,) = (await whole(house, somebody))["notes"]
    assert (told["text"], told["withheld"], told["written_by"]) == (None, "not-released", "reception-agency")
    strange = {"about_others": "marked", "masked": ["somebody who is not in it"]}
    assert (await ask(house, CASEWORK, "PUT", f"/notes/{note}/release", somebody, 400, json=strange))["errors"]
    said = {"about_others": "marked", "masked": ["maria  petrova"]}
    await ask(house, CASEWORK, "PUT", f"/notes/{note}/release", somebody, 200, json=said)
    (told,) = (await whole(house, somebody))["notes"]
    assert told["text"] == f"canary-note: came with {MASK}, phone {MASK}. Speaks well of school."
    assert told["masked"]
    await ask(house, CASEWORK, "PUT", f"/notes/{note}/release", somebody, 200, json={"about_others": "withheld"})
    assert (await whole(house, somebody))["notes"][0]["text"] is None


async def test_names_of_other_people_here_are_masked_even_where_the_writer_overlooked_them(house: House, somebody: str) -> None:
    other = {"native": "Заринка", "latin": "Zarinka"}
    await put(house, line(await house.parts.rulebook.catalogue(), "access-other", RECORD, family_name=other))
    own = (await ask(house, OWN, "GET", "", somebody, 200))["attributes"]["family_name"]["latin"]
    note = await write_note(house, somebody, f"{own} and ZARINKA share a room; Заринка is the elder.")
    await ask(house, CASEWORK, "PUT", f"/notes/{note}/release", somebody, 200, json={"about_others": "none"})
    (told,) = (await whole(house, somebody))["notes"]
    assert told["text"] == f"{own} and {MASK} share a room; {MASK} is the elder."


async def test_nobody_releases_a_note_of_another_organisation(house: House, somebody: str) -> None:
    note = await write_note(house, somebody, "canary-note of the reception agency")
    said = {"about_others": "none"}
    await ask(house, ("employment-agency", "case-continuity"), "PUT", f"/notes/{note}/release", somebody, 404, json=said)
    await ask(house, OWN, "PUT", f"/notes/{note}/release", somebody, 403, json=said)


@pytest.mark.parametrize(
    ("language", "direction", "heading"),
    [("en", "ltr", "Your data"), ("bg", "ltr", "Вашите данни"), ("uk", "ltr", "Ваші дані"), ("ar", "rtl", "بياناتك")],
)
async def test_the_page_is_in_the_persons_language_and_loads_nothing(
    house: House, language: str, direction: str, heading: str
) -> None:
    internal = await person(house, f"access-{language}", **HERE)
    await ask(
        house, OWN, "POST", "/objections", internal, 201, json={"purpose": "mentoring", "reason": "<script>canary</script>"}
    )
    answer = await everything(house, internal, "text/html", language)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'<html lang="{language}" dir="{direction}">' in answer.text
    assert f"<h2>{heading}</h2>" in answer.text
    assert "<script" not in answer.text
    assert "&lt;script&gt;canary" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "Reception Agency (demo)" in answer.text


async def test_every_part_stands_in_the_ledger(house: House, somebody: str) -> None:
    await whole(house, somebody)
    entries = (await ask(house, OWN, "GET", "/disclosures?organisation=self-service&limit=200", somebody, 200))["disclosures"]
    parts = [each for each in entries if (each["operation"], each["outcome"]) == ("access", "answered")]
    assert len(parts) == 9
    assert max(len(each["attributes"]) for each in parts) == len((await house.parts.rulebook.catalogue()).attributes)


async def test_what_is_not_the_whole_says_so(house: House, somebody: str) -> None:
    def gone(request: httpx.Request, response: httpx.Response) -> httpx.Response:
        failing = request.url.path.endswith("/access/notes") and f"http://{request.url.host}" == PROFILE
        return httpx.Response(503, request=request) if failing else response

    house.board.tamper = gone
    try:
        answer = await call(house, *OWN, "GET", "/v1/persons/{id}/access", somebody)
    finally:
        house.board.tamper = None
    assert answer.json()["end"] == {"complete": False, "reason": "unavailable"}
    assert answer.json()["disclosures"] == []


async def test_only_the_person_gets_everything(house: House, somebody: str) -> None:
    for who in (AGENCY, CASEWORK, ("reception-agency", "registration")):
        await ask(house, who, "GET", "/access", somebody, 403)
    other = await person(house, "access-stranger", **HERE)
    caller = await house.caller("self-service", other)
    theirs = await house.pairwise(somebody, *OWN)
    assert (await caller("GET", f"/v1/persons/{theirs}/access", OWN[1])).status_code == 403
    answer = await caller("GET", f"/v1/persons/{theirs}/access", OWN[1], headers={"Accept": "image/png"})
    assert answer.status_code == 406
