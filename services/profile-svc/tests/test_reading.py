"""One person as a grant lets it be seen."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import event

from profile_svc.attributes import Attributes
from profile_svc.disclosure import select
from profile_svc.store import people
from stena.contracts.access import Disclosure
from stena.contracts.condition import Not, Overlaps
from stena.statements import Statements

from .people import IN_SOFIA, OLENA, amend
from .source import Service


async def test_who_was_registered_can_be_read_with_all_that_follows(service: Service) -> None:
    person = await service.register(OLENA)
    seen = await service.read(person["id"])
    assert seen["attributes"].items() >= OLENA.items()
    assert (
        seen["attributes"].items() >= {"adult": True, "initials": "O. K.", "municipality": "Sofia", "region": "BG411"}.items()
    )
    assert seen["attributes"]["eu_citizen"] is False
    assert seen["attributes"]["right_to_work"] is None
    assert seen["withheld"] == {}
    assert seen["provenance"]["skills"] == {"verified": False}
    assert seen == person


async def test_who_is_outside_the_rows_is_as_little_there_as_nobody(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    nobody = "0191d0a4-0000-7000-8000-000000000000"
    elsewhere = Overlaps(fact="region_path", values=("BG33",))
    answers = [
        await service.call("GET", f"/persons/{who}", service.grant("read", who, rows=rows))
        for who, rows in ((person, elsewhere), (person, Not(of=IN_SOFIA)), (person, False), (nobody, True), ("nobody", True))
    ]
    bodies = [{**answer.json(), "instance": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert all(body == bodies[0] for body in bodies)
    assert len({tuple(sorted(set(answer.headers) - {"traceresponse"})) for answer in answers}) == 1


async def test_conditions_decide_what_is_disclosed_and_what_the_reason_is(service: Service) -> None:
    person = await service.register(OLENA)
    lasting = Disclosure(when=Overlaps(fact="assigned", values=("employment-agency",)), otherwise="not-assigned")
    holding = Disclosure(when=IN_SOFIA, otherwise="consent-missing")
    seen = await service.read(person["id"], disclose={"skills": True, "gender": lasting, "adult": holding, "religion": holding})
    assert seen["attributes"] == {"skills": OLENA["skills"], "adult": True, "religion": None}
    assert seen["withheld"]["gender"] == "not-assigned"
    assert seen["withheld"]["date_of_birth"] == "not-necessary"
    assert "adult" not in seen["withheld"]
    assert seen["provenance"].keys() == {"skills", "adult"}


async def test_what_is_disclosed_under_a_condition_that_is_not_true_stays_in_the_database(
    service: Service, attributes: Attributes
) -> None:
    person = await service.register(OLENA)
    closed = Not(of=IN_SOFIA)
    for when, found in ((IN_SOFIA, True), (closed, False)):
        disclose = {"skills": when, "religion": when, "adult": when}
        selection = select(service.plain_grant("read", "person", disclose=disclose), attributes)
        (selected,) = await people.find_some(service.vault.named, selection, [UUID(person["id"])])
        said = dict(zip(selection.disclosed, orjson.loads(selected.said), strict=True))
        assert (_known(selected.plain), _known(selected.sealed), _known(said)) == (
            {"skills"} if found else set(),
            {"date_of_birth"} if found else set(),
            {"skills", "adult"} if found else set(),
        )
        assert (selected.at is not None) is found


def _known(values: Mapping[str, Any]) -> set[str]:
    return {name for name, value in values.items() if value is not None}


async def test_nothing_is_selected_that_is_not_disclosed(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    person = await service.register(OLENA)
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FOR UPDATE" not in statement:  # the sweep of ended consents may run at the same time
            statements.append(f"{statement} {parameters}")

    async def fetch(self: Statements, text: str, *arguments: Any) -> Any:
        statements.append(f"{text} {arguments}")
        return await asked(self, text, *arguments)

    asked = Statements.fetch
    monkeypatch.setattr(Statements, "fetch", fetch)
    engine = service.vault.people.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await service.read(person["id"], disclose={"skills": True, "adult": IN_SOFIA})
        query = {"filters": [{"attribute": "skills", "operator": "has", "value": OLENA["skills"][0]}]}
        await service.call("POST", "/persons/search", service.grant("list", disclose={"skills": True, "adult": True}), query)
        await service.call("POST", "/persons/search", service.grant("list", disclose={"adult": True}), {})
    finally:
        event.remove(engine, "before_cursor_execute", note)
    selected = {name for statement in statements for name in re.findall(r"'([a-z_]{2,})'", statement)}
    assert selected == {"skills", "adult", "date_of_birth", "verified", "at"}
    assert sum("SELECT persons.person_id" in statement for statement in statements) == 3
    # The documents are never selected whole.
    opened = r" \|\| '\{\}'::jsonb AS document OFFSET 0\) AS opened"
    assert not re.search(rf"persons\.(attributes|sealed|provenance)(?! ->| @>|{opened})", " ".join(statements))
    assert not re.search(r"\bdocument\b(?! -> '| OFFSET)", " ".join(statements))


async def test_fields_narrow_and_never_widen(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    grant = service.grant("read", person, disclose={"skills": True, "adult": True})
    narrowed = await service.call("GET", f"/persons/{person}?fields=adult", grant)
    assert narrowed.json()["attributes"] == {"adult": True}
    withheld = await service.call("GET", f"/persons/{person}?fields=adult&fields=gender", grant)
    assert (withheld.status_code, withheld.json()["type"]) == (403, "/problems/attribute-not-disclosed")
    assert withheld.json()["attributes"] == ["gender"]
    unknown = await service.call("GET", f"/persons/{person}?fields=*", grant)
    assert (unknown.status_code, unknown.json()["type"]) == (400, "/problems/unknown-attribute")


async def test_what_is_withheld_leaves_no_trace_in_etag_and_updated_at(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    before = await service.read(person, disclose=["skills", "adult", "municipality"])
    # Another day of birth of the same adult, another settlement of the same municipality: what is derived stays the same.
    changes = {
        "date_of_birth": "1990-03-02",
        "residence": {**OLENA["residence"], "settlement": "Bankya"},
        "gender": "undisclosed",
    }
    await amend(service, person, changes)
    assert await service.read(person, disclose=["skills", "adult", "municipality"]) == before
    await amend(service, person, {"skills": []})
    after = await service.read(person, disclose=["skills", "adult", "municipality"])
    assert after["etag"] != before["etag"]
    assert after["updated_at"] > before["updated_at"]


async def test_etags_tell_nothing_across_organisations_and_purposes(service: Service) -> None:
    person = (await service.register(OLENA))["id"]
    scopes: tuple[dict[str, str], ...] = ({}, {"purpose": "mentoring"}, {"organisation": "bread-and-bridges"})
    assert len({(await service.read(person, **scope))["etag"] for scope in scopes}) == 3
