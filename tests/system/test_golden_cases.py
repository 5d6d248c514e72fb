"""The rulebook's golden cases once more, through the door: the bytes that leave are what the case says and nothing else.

policy-svc checks the cases against its own decisions when it loads them. Here a person is stored with the case's record facts
and a value for every attribute, and read by the case's organisation over the API.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from sqlalchemy import update

from profile_svc.tables import persons

from .house import PROFILE, RULEBOOK, House, put
from .people import line


def reads_of_people() -> list[Any]:
    cases = []
    for file in sorted((RULEBOOK / "tests").glob("*.yaml")):
        for number, case in enumerate(yaml.safe_load(file.read_text())):
            of_one_person = case.get("resource", "person") == "person" and case.get("id") != "*"
            if of_one_person and case["action"] == "read" and "at" not in case:
                cases.append(pytest.param(case, f"{file.stem}-{number}", id=f"{Path(file).stem}: {case['name']}"))
    return cases


async def object_to(house: House, internal: str, tokens: Collection[str]) -> None:
    """Make the fact ``objections`` what a case says, whatever purposes and bases there are."""
    async with house.apps[PROFILE].state.vault.transaction() as connection:
        wanted = update(persons).where(persons.c.person_id == UUID(internal))
        await connection.execute(wanted.values(objections=list(tokens)))


@pytest.mark.parametrize(("case", "name"), reads_of_people())
async def test_what_leaves_is_what_the_case_says(house: House, case: dict[str, Any], name: str) -> None:
    if "record" not in case:
        pytest.skip("the case speaks of a call about no record")
    catalogue = await house.parts.rulebook.catalogue()
    internal = (await put(house, line(catalogue, f"golden-{name}", case["record"])))[0]
    await object_to(house, internal, case["record"].get("objections", ()))
    own = internal if case.get("person") and case.get("person") == case.get("id") else None
    caller = await house.caller(case["organisation"], own)
    named = await house.pairwise(internal, case["organisation"], case["purpose"])
    said = {"Access-Justification": case.get("justification"), "Acting-User": case.get("acting_user")}
    headers = {name: value for name, value in said.items() if value}
    answer = await caller.patiently(f"/v1/persons/{named}", case["purpose"], headers=headers)
    if case["decision"] == "deny":
        # Refused by the rules alone: 403. Refused because of what stands in the record: as if there were nobody.
        assert answer.status_code in (403, 404), answer.text
        assert "attributes" not in answer.json()
        return
    assert answer.status_code == 200, answer.text
    person = answer.json()
    if "disclosed" in case:
        assert sorted(person["attributes"]) == sorted(case["disclosed"])
    withheld = {each.name for each in catalogue.attributes} - set(person["attributes"])
    assert set(person["withheld"]) == withheld
    for attribute, reason in case.get("withheld", {}).items():
        assert person["withheld"][attribute] == reason
    not_null = {each: value for each, value in person["attributes"].items() if value is None}
    residence_unknown = {"residence", "municipality", "region"} if len(case["record"]["region_path"]) < 4 else set()
    assert set(not_null) <= residence_unknown, "what a purpose needs must arrive"
    assert person["disclosure"]["purpose"] == case["purpose"]
