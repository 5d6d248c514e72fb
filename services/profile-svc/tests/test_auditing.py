"""Groups are counted in the rows of the grant, and neither a group nor an id of anybody comes back."""

from typing import Any

import pytest

from stena.contracts.condition import IsIn

from .source import Service

ITS_OWN = IsIn(fact="created_by", values=("import-lab",))


@pytest.fixture(scope="module")
async def people(service: Service) -> dict[str, list[str]]:
    """Who registered them → ids: 20 women and 20 men of one organisation, 20 women of another."""
    made: dict[str, list[str]] = {"import-lab": [], "facts-lab": []}
    for organisation, gender in (("import-lab", "female"), ("import-lab", "male"), ("facts-lab", "female")):
        for _ in range(20):
            made[organisation].append(str((await service.register({"gender": gender}, organisation))["id"]))
    return made


def question(ids: list[str], **changes: Any) -> dict[str, Any]:
    asked = {"attribute": "gender", "considered": ids, "shown": ids[:30], "selected": [], "rejected": [], "exposure": {}}
    return asked | changes


async def ask(service: Service, body: dict[str, Any], **changes: Any) -> Any:
    said = {"resource": "audit", "purpose": "fairness-audit", "organisation": "fairness-lab", "disclose": {}, **changes}
    return await service.call("POST", "/audits", service.grant("run", **said), body)


async def test_only_people_in_the_rows_of_the_grant_are_counted(service: Service, people: dict[str, list[str]]) -> None:
    everybody = [*people["import-lab"], *people["facts-lab"]]
    answer = await ask(service, question(everybody))
    assert {each["group"]: each["considered"] for each in answer.json()["groups"]} == {"female": 40, "male": 20}
    answer = await ask(service, question(everybody), rows=ITS_OWN)
    assert {each["group"]: each["considered"] for each in answer.json()["groups"]} == {"female": 20, "male": 20}
    assert not any(person in answer.text for person in everybody)


async def test_who_was_erased_is_not_counted(service: Service, people: dict[str, list[str]]) -> None:
    gone = [str((await service.register({"gender": "male"}, "import-lab"))["id"]) for _ in range(20)]
    for person in gone:
        await service.call("DELETE", f"/persons/{person}", service.grant("erase", person))
    answer = await ask(service, question([*people["import-lab"], *gone]))
    assert {each["group"]: each["considered"] for each in answer.json()["groups"]} == {"female": 20, "male": 20}


async def test_an_audit_wants_its_own_grant(service: Service, people: dict[str, list[str]]) -> None:
    body = question(people["import-lab"])
    for operation, resource in (("match", "person"), ("read", "person"), ("read", "outcome")):
        answer = await service.call("POST", "/audits", service.grant(operation, resource=resource), body)
        assert answer.status_code == 401
