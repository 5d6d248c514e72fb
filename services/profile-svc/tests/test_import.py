"""Importing: valid lines in, bad ones told, twice is once, and no decision undone."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from profile_svc.attributes import Attributes
from profile_svc.importing import Outcome, import_people, reference
from profile_svc.store import records

from .people import IN_VARNA, OLENA
from .source import Service

CANARY = "canary-4711"


def person(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "external_id": f"X-{number}",
        "created_by": "import-lab",
        "assigned": ["employment-agency"],
        "consents": [{"purpose": "mentoring", "text_version": "1", "language": "uk", "method": "paper"}],
        "attributes": {**OLENA, "national_number": f"{CANARY}-{number}"},
        "verified": {"date_of_birth": "reception-agency"},
        **changes,
    }


async def run(service: Service, attributes: Attributes, lines: Sequence[Any]) -> Outcome:
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines]
    return await import_people(service.vault, attributes, raw)


async def imported(service: Service, number: int) -> str:
    async with service.vault.transaction() as connection:
        found = await records.id_by_reference(connection, reference(service.vault, "import-lab", f"X-{number}"))
    assert found
    return found


async def test_one_bad_line_of_a_thousand_costs_only_itself(service: Service, attributes: Attributes) -> None:
    lines: list[Any] = [person(number) for number in range(1000)]
    lines[500]["attributes"]["gender"] = CANARY
    outcome = await run(service, attributes, lines)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (999, 0, 0)
    [(number, reason)] = outcome.bad
    assert number == 501
    assert reason.startswith("attributes/gender: ")
    assert CANARY not in reason
    again = await run(service, attributes, lines)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 999)


async def test_an_imported_person_is_as_the_line_says(service: Service, attributes: Attributes) -> None:
    await run(service, attributes, [person(2001, restricted=True)])
    seen = await service.read(await imported(service, 2001), provenance="full")
    assert seen["attributes"].items() >= OLENA.items()
    assert seen["provenance"]["date_of_birth"].items() >= {"by": "reception-agency", "verified": True}.items()
    assert seen["provenance"]["gender"].items() >= {"by": "import-lab", "verified": False}.items()
    facts = await service.sql(
        "SELECT region_path, assigned, consents, restricted, minor, created_by FROM persons WHERE person_id = :id",
        id=UUID(seen["id"]),
    )
    assert facts == [(["BG", "BG4", "BG41", "BG411"], ["employment-agency"], ["mentoring"], True, False, "import-lab")]


async def test_a_later_import_corrects_and_undoes_no_decision(service: Service, attributes: Attributes) -> None:
    await run(service, attributes, [person(2002, restricted=True)])
    who = await imported(service, 2002)
    grant = service.grant("withdraw", who, resource="consent")
    assert (await service.call("DELETE", f"/persons/{who}/consents/mentoring", grant)).status_code == 200
    corrected = person(2002, attributes={"residence": IN_VARNA}, verified={}, restricted=False, assigned=["bread-and-bridges"])
    outcome = await run(service, attributes, [corrected])
    assert (outcome.created, outcome.updated) == (0, 1)
    seen = await service.read(who)
    assert seen["attributes"]["municipality"] == "Varna"
    assert seen["attributes"]["gender"] == "female"
    [facts] = await service.sql("SELECT restricted, assigned, consents FROM persons WHERE person_id = :id", id=UUID(who))
    assert facts == (True, ["employment-agency"], [])


async def test_no_import_gives_one_recipient_what_was_withdrawn_for_all(service: Service, attributes: Attributes) -> None:
    await run(service, attributes, [person(2007)])
    who = await imported(service, 2007)
    grant = service.grant("withdraw", who, resource="consent")
    assert (await service.call("DELETE", f"/persons/{who}/consents/mentoring", grant)).status_code == 200
    single = {"purpose": "mentoring", "recipient": "vitosha-bakery", "text_version": "1", "language": "uk", "method": "paper"}
    outcome = await run(service, attributes, [person(2007, consents=[single])])
    assert (outcome.updated, outcome.unchanged) == (0, 1)
    assert await service.sql("SELECT consents FROM persons WHERE person_id = :id", id=UUID(who)) == [([],)]


async def test_a_later_import_may_restrict_and_bring_new_consents(service: Service, attributes: Attributes) -> None:
    await run(service, attributes, [person(2003)])
    who = await imported(service, 2003)
    further = {
        "purpose": "introduction",
        "recipient": "vitosha-bakery",
        "text_version": "1",
        "language": "uk",
        "method": "paper",
    }
    outcome = await run(service, attributes, [person(2003, restricted=True, consents=[further])])
    assert outcome.updated == 1
    [facts] = await service.sql("SELECT restricted, consents FROM persons WHERE person_id = :id", id=UUID(who))
    assert facts == (True, ["introduction@vitosha-bakery", "mentoring"])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{not json", "not JSON"),
        (b"[]", ": "),
        (b'{"external_id": "X"}', "created_by: "),
        (b" " * (1 << 20) + b"{}", "longer than 1048576 bytes"),
        (person(3000, created_by="nobody"), "names an organisation"),
        (person(3000, assigned=["nobody"]), "names an organisation"),
        (person(3000, verified={"gender": "nobody"}), "names an organisation"),
        (person(3000, verified={"religion": "import-lab"}), "verified: "),
        (person(3000, attributes={"shoe_size": 42}, verified={}), "The rulebook has no attribute shoe_size"),
        (person(3000, attributes={"adult": True}, verified={}), "attributes/adult: "),
        (person(3000, surplus=1), "surplus: "),
    ],
)
async def test_bad_lines_say_why(service: Service, attributes: Attributes, line: Any, reason: str) -> None:
    outcome = await run(service, attributes, [line])
    assert outcome.created == 0
    assert reason in outcome.bad[0][1]


async def test_the_order_of_people_is_not_that_of_their_registration(service: Service, attributes: Attributes) -> None:
    """Lists are in the order of ids. Whoever came in the spring of 2022 came from one country: order would tell it."""
    for number in range(8001, 8013):
        await run(service, attributes, [person(number)])
    ids = [await imported(service, number) for number in range(8001, 8013)]
    assert ids != sorted(ids)


async def test_an_external_id_stands_in_a_file_once(service: Service, attributes: Attributes) -> None:
    outcome = await run(service, attributes, [person(2004), person(2005), person(2004)])
    assert outcome.created == 2
    assert outcome.bad == [(3, "external_id: stands on line 1 already")]


async def test_nothing_that_is_not_ordinary_can_be_read_from_the_database(service: Service, attributes: Attributes) -> None:
    """Every table, as its owner sees it: the values that are sealed appear in none."""
    await run(service, attributes, [person(2006)])
    await run(
        service, attributes, [person(2006, attributes={"national_number": f"{CANARY}-new", "given_name": None}, verified={})]
    )
    secrets = (CANARY, "Olena", "Олена", "Kovalenko", "1990-03-01", "X-2006", "female")
    for table in ("persons", "person_history", "consents", "notes", "changes", "idempotency"):
        text = str(await service.sql(f"TABLE {table}"))
        assert not [secret for secret in secrets if secret in text], table
    # The search itself works: an ordinary value is found.
    assert "Varna" in str(await service.sql("TABLE persons"))
