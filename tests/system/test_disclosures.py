"""Who saw my data, through the wall: by whom, why in the person's own language, what kinds, when; and a proof of it."""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from gateway.record import proofs

from .house import House
from .test_casework import person
from .test_rights import AGENCY, OWN, ask

LANGUAGES = {"bg", "en", "uk", "ar"}
RULEBOOK = Path(__file__).parents[2] / "deploy" / "rulebook"


@pytest.fixture
async def seen(house: House, request: pytest.FixtureRequest) -> str:
    """Somebody whom three organisations have looked at, one of them twice."""
    internal = await person(house, request.node.name)
    for who in (AGENCY, ("open-door-legal", "legal-aid"), ("danube-health", "health-access"), AGENCY):
        await ask(house, who, "GET", "", internal, 200)
    return internal


async def told(house: House, internal: str, query: str = "", language: str = "en") -> dict[str, Any]:
    headers = {"Accept-Language": language}
    return dict(await ask(house, OWN, "GET", f"/disclosures{query}", internal, 200, headers=headers))


def test_every_purpose_says_why_in_four_languages() -> None:
    for name, purpose in yaml.safe_load((RULEBOOK / "purposes.yaml").read_text()).items():
        assert purpose["why"].keys() == LANGUAGES, name
        assert len(set(purpose["why"].values())) == len(LANGUAGES), name
    categories = yaml.safe_load((RULEBOOK / "attributes.yaml").read_text())["categories"]
    assert {name for name, each in categories.items() if not each["titles"].keys() >= LANGUAGES} == set()


@pytest.mark.parametrize(
    ("language", "why", "category"),
    [
        ("en", "Somebody advised or represented you.", "Identity"),
        ("bg", "Някой Ви е съветвал или представлявал.", "Самоличност"),
        ("uk-UA, en;q=0.5", "Хтось консультував або представляв Вас.", "Особа"),
        ("ar", "كان أحدهم يقدم لك المشورة أو يمثلك.", "الهوية"),
        ("tlh", "Somebody advised or represented you.", "Identity"),
    ],
)
async def test_who_and_why_is_told_in_the_persons_language(house: House, language: str, why: str, category: str) -> None:
    internal = await person(house, f"disclosures-{language}")
    await ask(house, ("open-door-legal", "legal-aid"), "GET", "", internal, 200)
    entry = next(
        each for each in (await told(house, internal, language=language))["disclosures"] if each["purpose"] == "legal-aid"
    )
    assert (entry["organisation_name"], entry["why"]) == ("Open Door Legal (demo)", why)
    assert category in {each["title"] for each in entry["categories"]}
    assert "given_name" in entry["attributes"]


async def test_pages_go_newest_first_with_a_total_that_counts_the_filtered(house: House, seen: str) -> None:
    whole = await told(house, seen)
    moments = [each["at"] for each in whole["disclosures"]]
    assert moments == sorted(moments, reverse=True)
    assert whole["total"] == len(moments) >= 4, "the matcher follows too"
    first = await told(house, seen, "?limit=2&organisation=employment-agency")
    assert ([each["organisation"] for each in first["disclosures"]], first["total"]) == (["employment-agency"] * 2, 2)
    page = await told(house, seen, "?limit=1&organisation=employment-agency")
    rest = await told(house, seen, f"?limit=1&organisation=employment-agency&cursor={page['next']}")
    assert [page["disclosures"][0]["at"], rest["disclosures"][0]["at"]] == [each["at"] for each in first["disclosures"]]
    other = await ask(house, OWN, "GET", f"/disclosures?limit=1&cursor={page['next']}", seen, 400)
    assert other["type"] == "/problems/cursor-invalid", "a cursor belongs to its filters"


async def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(house: House, seen: str) -> None:
    first, last = [each["at"] for each in (await told(house, seen, "?organisation=employment-agency"))["disclosures"]][::-1]
    period = {"from": first, "until": last}
    within = (await ask(house, OWN, "GET", "/disclosures", seen, 200, params=period))["disclosures"]
    people = [each["organisation"] for each in within if each["organisation"] not in ("stena-matching", "self-service")]
    assert people == ["danube-health", "open-door-legal", "employment-agency"]
    none = await ask(house, OWN, "GET", "/disclosures", seen, 200, params={"until": "2026-01-01T00:00:00Z"})
    assert (none["disclosures"], none["total"], none["next"]) == ([], 0, None)
    await ask(house, OWN, "GET", "/disclosures", seen, 400, params={"from": "yesterday"})
    for impossible in ({"from": "0001-01-01T00:00:00+14:00"}, {"until": "9999-12-31T23:59:59-14:00"}):
        await ask(house, OWN, "GET", "/disclosures", seen, 400, params=impossible)


async def test_each_entry_comes_with_a_proof_that_holds_for_it_alone(house: House, seen: str) -> None:
    keeper = house.parts.heads
    keeper._clock = lambda: datetime.now(UTC) + timedelta(minutes=2)
    await keeper.look()
    keys = keeper._keys.known
    people = {"employment-agency", "open-door-legal", "danube-health"}
    entries = [each for each in (await told(house, seen))["disclosures"] if each["organisation"] in people]
    assert len(entries) == 4
    for entry in entries:
        assert proofs.holds(entry["proof"], keys) is not None
        assert (entry["proof"]["told"]["organisation"], entry["proof"]["told"]["purpose"]) == (
            entry["organisation"],
            entry["purpose"],
        )
    forged = copy.deepcopy(entries[0]["proof"])
    forged["told"]["organisation"] = "somebody-else"
    assert proofs.holds(forged, keys) is None
    assert seen not in str(entries), "the ledger knows the person by a pseudonym"


async def test_whoever_claimed_what_no_rulebook_knows_is_told_of_as_the_document_says(house: House) -> None:
    internal = await person(house, "disclosures-claimed")
    await ask(house, ("employment-agency", "curiosity"), "GET", "", internal, 403)
    page = await told(house, internal)
    assert ("curiosity", "denied") in {(each["purpose"], each["outcome"]) for each in page["disclosures"]}
    async with house.http() as http:
        document = (await http.get("/openapi.json")).json()
    jsonschema_rs.validator_for({**document, "$ref": "#/components/schemas/DisclosurePage"}).validate(page)
