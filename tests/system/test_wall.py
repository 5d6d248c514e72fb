"""The five steps, from outside: what leaves, what is held back, and what is written down about it."""

from .house import House


async def test_somebody_unknown_is_not_heard(house: House) -> None:
    async with house.http() as http:
        answer = await http.get("/v1/persons", headers={"Processing-Purpose": "job-ranking"})
    assert answer.status_code == 401


async def test_a_person_is_registered_and_seen_for_a_purpose(house: House) -> None:
    intake = await house.caller("reception-agency")
    answer = await intake.patiently(
        "/v1/persons",
        "registration",
        method="POST",
        headers={"Idempotency-Key": "somebody"},
        json={
            "attributes": {
                "given_name": {"native": "Проба", "latin": "Proba"},
                "gender": "female",
                "date_of_birth": "1990-04-12",
                "languages": [],
                "residence": {"municipality": "Sofia", "nuts": "BG411", "settlement": "Sofia"},
            }
        },
    )
    assert answer.status_code == 201, answer.text
    person = answer.json()
    assert person["attributes"]["gender"] == "female"
    agency = await house.caller("employment-agency")
    page = (await agency.patiently("/v1/persons?limit=500", "job-ranking")).json()
    assert len(page["people"]) >= 1, page
    assert "gender" not in page["people"][0]["attributes"]
