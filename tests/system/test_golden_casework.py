"""The golden cases of notes and referrals once more, through the door: what the case says is read is read, and nothing else."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import yaml

from profile_svc import noting, referring, sharing
from profile_svc.store import cases
from stena.contracts.access import Grant
from stena.contracts.casework import NewNote, NewReferral, NewShare

from .house import PROFILE, RULEBOOK, House, put
from .people import line
from .test_casework import call

TOMORROW = datetime.now(UTC) + timedelta(days=1)


def golden(resource: str) -> list[Any]:
    return [
        pytest.param(case, f"{file.stem}-{number}", id=f"{file.stem}: {case['name']}")
        for file in sorted((RULEBOOK / "tests").glob("*.yaml"))
        for number, case in enumerate(yaml.safe_load(file.read_text()))
        if case.get("resource") == resource and case["action"] == "read" and "record" in case and not case.get("person")
    ]


def trusted(organisation: str, rulebook: str) -> Grant:
    """What stores anything for a test, whoever may do so."""
    bound = {"iss": "test", "aud": "test", "iat": 0, "exp": 0, "jti": "test", "operation": "create", "resource": "note"}
    return Grant(**bound, organisation=organisation, purpose="registration", rulebook=rulebook, rows=True)


async def stored(house: House, name: str, record: Mapping[str, Any]) -> UUID:
    facts = {key: value for key, value in record.items() if key != "shared"}
    return UUID((await put(house, line(await house.parts.rulebook.catalogue(), f"golden-{name}", facts)))[0])


@pytest.mark.parametrize(("case", "name"), golden("note"))
async def test_notes_are_read_as_the_case_says(house: House, case: dict[str, Any], name: str) -> None:
    record, profile = case["record"], house.apps[PROFILE].state
    attributes, person = await profile.policy.attributes(), await stored(house, name, case["record"])
    grant = trusted(record["created_by"], attributes.revision)
    note = UUID((await noting.write(profile.vault, grant, person, NewNote(text="canary"), None)).view["id"])
    for token in record.get("shared", ()):
        purpose, _, recipient = token.partition("@")
        share = NewShare(purpose=purpose, recipient=recipient or None, until=TOMORROW)
        await sharing.share(profile.vault, grant, attributes, person, note, share, None)
    answer = await call(house, case["organisation"], case["purpose"], "GET", "/v1/persons/{id}/notes", str(person))
    assert ("canary" in answer.text) is (case["decision"] == "permit"), answer.text
    assert answer.status_code in ((200,) if case["decision"] == "permit" else (200, 403, 404))


@pytest.mark.parametrize(("case", "name"), golden("referral"))
async def test_referrals_are_read_as_the_case_says(house: House, case: dict[str, Any], name: str) -> None:
    record, profile = case["record"], house.apps[PROFILE].state
    attributes, person = await profile.policy.attributes(), await stored(house, name, case["record"])
    sender = record["created_by"]
    (recipient,) = {*record["assigned"]} - {sender}
    async with profile.vault.transaction() as connection:  # whoever refers has a case of their own
        await cases.add(connection, [cases.opened(person, sender, "registration", sender, datetime.now(UTC))])
    wanted = NewReferral(recipient=recipient, purpose="registration", reason="canary")
    made = await referring.refer(profile.vault, trusted(sender, attributes.revision), attributes, person, wanted, None)
    path = f"/v1/referrals/{made.view['id']}"
    answer = await call(house, case["organisation"], case["purpose"], "GET", path)
    assert answer.status_code == (200 if case["decision"] == "permit" else 404), answer.text
    assert ("canary" in answer.text) is (case["decision"] == "permit")
