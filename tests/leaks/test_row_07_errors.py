"""Row 7: an error speaks of what the caller has sent, and of nothing that is stored."""

import json
import uuid
from typing import Any

import pytest

from tests.system.people import HERE, line
from tests.system.test_refusals import RECORD

from .rows import told
from .target import CATALOGUE, Target

SECRETS = {
    "given_name": {"native": "Тайна-canary", "latin": "Taina-canary"},
    "email": "row7.canary@example.org",
    "phone": "+359888123457",
    "national_number": "7501020019",
    "gender": "non-binary",
    "ethnic_origin": "canary-origin",
    "religion": "canary-religion",
}
WORDS = ["Тайна-canary", "Taina-canary", "row7.canary", "359888123457", "7501020019", "canary-origin", "canary-religion"]


@pytest.fixture(scope="module")
async def person(target: Target) -> str:
    record = RECORD | {"assigned": ["employment-agency", "reception-agency"], "created_by": "reception-agency"}
    (internal,) = await target.put([line(CATALOGUE, "row-7", record, **SECRETS)])
    return internal


def assert_silent(text: str) -> None:
    for word in (*WORDS, "psycopg", "asyncpg", "sqlalchemy", "Traceback", "DETAIL", "constraint", "/work", ".py"):
        assert word not in text, text


@pytest.mark.parametrize(
    ("attributes", "sent"),
    [
        ({"remote": "not-a-bool"}, None),
        ({"education_level": 99}, None),
        ({"languages": [{"language": "xx"}]}, None),
        ({"gender": "mine-is-not-in-the-list"}, None),
        ({"date_of_birth": "2999-13-45"}, None),
        ({"email": 7}, None),
        ({"national_number": ["x"]}, None),
        ({"shoe_size": 42}, "shoe_size"),
        ({"adult": True}, "adult"),
        ({"__proto__": {}}, "__proto__"),
        ({"skills": ["x"] * 5_000}, None),
    ],
)
async def test_a_fault_in_a_value_names_its_place_and_no_other_value(
    target: Target, person: str, attributes: dict[str, Any], sent: str | None
) -> None:
    intake = await target.client("reception-agency")
    path = f"/v1/persons/{await target.pairwise(person, 'reception-agency', 'registration')}"
    tag = (await intake("GET", path, "registration")).headers["etag"]
    for method, where, headers in (("PATCH", path, {"If-Match": tag}), ("POST", "/v1/persons", {})):
        answer = await intake(method, where, "registration", json={"attributes": attributes}, headers=headers)
        assert answer.status_code in (400, 403), answer.text
        assert_silent(answer.text)
        assert sent is None or sent in answer.text
        assert len(answer.content) < 8_192


@pytest.mark.parametrize(
    "guess", ['"x"', 'W/"x"', '"a", "b"', "x" * 200, '""', "null", '"' + "0" * 64 + '"', '"*"', '*, "x"', 'W/"*"']
)
async def test_a_guessed_tag_tells_nothing(target: Target, person: str, guess: str) -> None:
    """One answer to every wrong guess, and the true tag is not in it."""
    agency = await target.client("employment-agency")
    path = f"/v1/persons/{await target.pairwise(person, 'employment-agency', 'job-ranking')}"
    tag = (await agency("GET", path, "job-ranking")).headers["etag"]
    body = {"attributes": {"remote": True}}
    answer = await agency("PATCH", path, "job-ranking", json=body, headers={"If-Match": guess})
    assert (answer.status_code, answer.json()["type"]) == (412, "/problems/precondition-failed")
    assert tag.strip('"') not in answer.text
    assert "etag" not in answer.headers
    assert (await agency("GET", path, "job-ranking")).headers["etag"] == tag


async def test_any_version_is_one_that_may_be_seen(target: Target, person: str) -> None:
    """``*`` matches whatever is there (RFC 9110, 13.1.1): of somebody who may not be seen it says what a read says."""
    agency = await target.client("employment-agency")
    body: dict[str, Any] = {"attributes": {}}
    (hidden,) = await target.put([line(CATALOGUE, "row-7-hidden", RECORD | {"restricted": True}, **SECRETS)])
    answers = []
    for internal in (person, hidden, str(uuid.uuid4())):
        path = f"/v1/persons/{await target.pairwise(internal, 'employment-agency', 'job-ranking')}"
        answers.append(await agency("PATCH", path, "job-ranking", json=body, headers={"If-Match": "*"}))
        read = await agency("GET", path, "job-ranking")
        assert answers[-1].status_code == read.status_code
        assert answers[-1].json().get("attributes") == read.json().get("attributes")
        assert_silent(answers[-1].text)
    assert [answer.status_code for answer in answers] == [200, 404, 404]
    assert told(answers[1]) == told(answers[2])


async def test_the_tag_of_one_purpose_or_organisation_is_none_of_another(target: Target, person: str) -> None:
    """Equal tags would say that two callers see the same; a tag that fits elsewhere would be a guess that is answered."""
    tags = {}
    for organisation, purpose in [("employment-agency", "job-ranking"), ("reception-agency", "registration"),
                                  ("reception-agency", "accommodation"), ("bread-and-bridges", "job-ranking")]:  # fmt: skip
        caller = await target.client(organisation)
        path = f"/v1/persons/{await target.pairwise(person, organisation, purpose)}"
        answer = await caller("GET", path, purpose)
        assert answer.status_code == 200, answer.text
        tags[organisation, purpose] = answer.headers["etag"]
    assert len(set(tags.values())) == len(tags)
    agency = await target.client("employment-agency")
    path = f"/v1/persons/{await target.pairwise(person, 'employment-agency', 'job-ranking')}"
    for (organisation, _), tag in tags.items():
        if organisation != "employment-agency":
            body = {"attributes": {"remote": True}}
            answer = await agency("PATCH", path, "job-ranking", json=body, headers={"If-Match": tag})
            assert answer.status_code == 412


async def test_a_key_of_one_organisation_is_none_of_another(target: Target, person: str) -> None:
    """The same Idempotency-Key: no conflict that would tell of the other's call, no replay of what it was answered."""
    care, legal = await target.client("reception-agency"), await target.client("bread-and-bridges")
    ours = f"/v1/persons/{await target.pairwise(person, 'reception-agency', 'case-continuity')}/notes"
    (assigned,) = await target.put([line(CATALOGUE, "row-7-b", RECORD | {"assigned": ["bread-and-bridges"]})])
    theirs = f"/v1/persons/{await target.pairwise(assigned, 'bread-and-bridges', 'case-continuity')}/notes"
    key = {"Idempotency-Key": "row-7-the-same"}
    first = await care("POST", ours, "case-continuity", json={"text": "canary-origin is ours"}, headers=key)
    other = await legal("POST", theirs, "case-continuity", json={"text": "theirs"}, headers=key)
    assert (first.status_code, other.status_code) == (201, 201), (first.text, other.text)
    assert "ours" not in other.text
    assert "idempotency-replayed" not in other.headers
    again = await care("POST", ours, "case-continuity", json={"text": "another"}, headers=key)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/idempotency-key-reused")
    assert_silent(again.text)


async def test_two_organisations_may_register_the_same_person_and_neither_hears_of_it(target: Target) -> None:
    """A number that is stored already is no conflict: that would tell that somebody is known here."""
    body = {"attributes": {"national_number": SECRETS["national_number"], "email": SECRETS["email"], "residence": HERE}}
    answers = []
    for organisation in ("reception-agency", "bread-and-bridges"):
        caller = await target.client(organisation)
        answers.append(await caller("POST", "/v1/persons", "registration", json=body))
    assert [answer.status_code for answer in answers] == [201, 201], [answer.text for answer in answers]
    assert answers[0].json()["id"] != answers[1].json()["id"]


async def test_long_and_strange_words_come_back_short_or_not_at_all(target: Target) -> None:
    agency = await target.client("employment-agency")
    long = "x" * 3_000
    for query in (f"filter={long}:eq:1", f"sort={long[:90]}", f"fields={long}", f"{long}=1", f"filter=skills:{long}:1"):
        answer = await agency("GET", f"/v1/persons?{query}", "job-ranking")
        assert answer.status_code in (400, 403), answer.text
        assert len(answer.content) < 8_192
    markup = "%3Cscript%3Ealert(1)%3C/script%3E"
    answer = await agency("GET", f"/v1/persons?fields={markup}", "job-ranking")
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.text)["status"] == answer.status_code
