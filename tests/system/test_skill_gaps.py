"""What somebody could learn, through the wall: from a profile that lacks a little to the course that teaches it."""

from typing import Any

from .house import House, put
from .people import line
from .test_matching import BAKER, baker, until
from .test_refusals import RECORD


async def test_what_a_baker_lacks_is_named_with_the_course_that_teaches_it(house: House) -> None:
    lacking, held = BAKER.essential_skills[0], BAKER.essential_skills[1:3]
    bakery, school = await house.caller("vitosha-bakery"), await house.caller("language-house")
    job = {"kind": "job", "title": "Baker", "essential_skills": [lacking, *BAKER.essential_skills[-2:]], "region": "BG411"}
    course = {"kind": "training", "title": "Baking", "teaches": [lacking]}
    for caller, body in ((bakery, job), (school, course)):
        answer = await caller("POST", "/v1/opportunities", "opportunity-management", json=body)
        assert answer.status_code == 201, answer.text
    taught = answer.json()["id"]
    catalogue = await house.parts.rulebook.catalogue()
    known = baker(skills=[*held, BAKER.essential_skills[-1]], work_history=[])
    internal = (await put(house, line(catalogue, "learner", RECORD, **known)))[0]
    agency = await house.caller("employment-agency")
    person = await house.pairwise(internal, "employment-agency", "job-ranking")

    async def gaps() -> Any:
        answer = await agency(
            "GET", f"/v1/persons/{person}/skill-gaps?kind=job", "job-ranking", headers={"Accept-Language": "bg"}
        )
        assert answer.status_code in (200, 503), answer.text
        return answer.json().get("gaps")

    found = {gap["uri"]: gap for gap in await until(gaps)}
    assert [each["id"] for each in found[lacking]["courses"]] == [taught]
    assert found[lacking]["raises"] == 1
    assert not found.keys() & set(held)
    refused = await agency("GET", f"/v1/persons/{person}/skill-gaps?kind=mentoring", "job-ranking")
    assert refused.status_code == 403
    employer = await bakery("GET", f"/v1/persons/{person}/skill-gaps?kind=job", "anonymous-shortlist")
    assert employer.status_code in (403, 404)
