"""Row 8: what a write answers has passed the same wall as a read, whatever the writer has just sent or others had stored."""

from typing import Any

import httpx
import pytest

from tests.system.people import line, whole
from tests.system.test_refusals import RECORD

from .target import CATALOGUE, Target

CANARY = "row8.canary@example.org"


@pytest.fixture(scope="module")
async def person(target: Target) -> str:
    """Known by the reception agency, which sees all of it, and in a case of the employment agency, which sees little."""
    record = RECORD | {"assigned": ["employment-agency", "reception-agency"], "created_by": "reception-agency"}
    (internal,) = await target.put([line(CATALOGUE, "row-8", record, email=CANARY, gender="non-binary")])
    return internal


def told(answer: httpx.Response) -> tuple[dict[str, Any], dict[str, Any]]:
    body = answer.json()
    assert body["attributes"].keys().isdisjoint(body["withheld"])
    return body["attributes"], body["withheld"]


@pytest.mark.parametrize(
    "attributes", [{"remote": True}, {"remote": False, "digital_skills": "advanced"}, {"skills": []}, {}, {"remote": None}]
)
async def test_an_amendment_answers_what_a_read_would(target: Target, person: str, attributes: dict[str, Any]) -> None:
    agency = await target.client("employment-agency")
    path = f"/v1/persons/{await target.pairwise(person, 'employment-agency', 'job-ranking')}"
    before = await agency("GET", path, "job-ranking")
    body = {"attributes": attributes}
    done = await agency("PATCH", path, "job-ranking", json=body, headers={"If-Match": before.headers["etag"]})
    after = await agency("GET", path, "job-ranking")
    assert done.status_code == 200, done.text
    assert told(done) == told(after)
    assert done.headers["etag"] == after.headers["etag"]
    assert {"gender", "email", "date_of_birth", "given_name"} <= told(done)[1].keys()
    assert CANARY not in done.text
    assert "non-binary" not in done.text


async def test_a_registration_answers_what_a_read_would_also_the_second_time(target: Target) -> None:
    """Ethnic origin may be written only with consent, so it is left out here and nothing stands in its place."""
    intake = await target.client("reception-agency")
    attributes = {
        name: value for name, value in whole(CATALOGUE, email=CANARY).items() if name not in ("ethnic_origin", "religion")
    }
    key = {"Idempotency-Key": "row-8-registration"}
    made = await intake("POST", "/v1/persons", "registration", json={"attributes": attributes}, headers=key)
    assert made.status_code == 201, made.text
    again = await intake("POST", "/v1/persons", "registration", json={"attributes": attributes}, headers=key)
    assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
    read = await intake("GET", made.headers["location"], "registration")
    assert told(made) == told(again) == told(read)
    assert told(made)[0]["ethnic_origin"] is told(made)[0]["religion"] is None


async def test_what_may_be_written_but_not_read_does_not_come_back(target: Target) -> None:
    """An organisation that registers for one purpose asks again, with the same key, for another: that is another wall."""
    intake = await target.client("reception-agency")
    key = {"Idempotency-Key": "row-8-other-purpose"}
    body = {"attributes": {"email": CANARY, "remote": True}}
    made = await intake("POST", "/v1/persons", "registration", json=body, headers=key)
    other = await intake("POST", "/v1/persons", "accommodation", json=body, headers=key)
    assert made.status_code == 201
    assert other.status_code == 403, other.text
    assert CANARY not in other.text


async def test_a_refused_write_says_nothing_of_what_is_stored(target: Target, person: str) -> None:
    agency = await target.client("employment-agency")
    path = f"/v1/persons/{await target.pairwise(person, 'employment-agency', 'job-ranking')}"
    etag = (await agency("GET", path, "job-ranking")).headers["etag"]
    for name, value in [("gender", "female"), ("gender", "non-binary"), ("email", CANARY), ("email", "other@example.org")]:
        body = {"attributes": {name: value}}
        refused = await agency("PATCH", path, "job-ranking", json=body, headers={"If-Match": etag})
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/attribute-not-writable")
        assert refused.json()["attributes"] == [name]
        assert str(value) not in refused.text, "also what is true is not confirmed"


async def test_an_opportunity_and_a_note_come_back_as_they_are_read(target: Target, person: str) -> None:
    bakery = await target.client("vitosha-bakery")
    job = {"kind": "job", "title": "Baker", "region": "BG411"}
    made = await bakery("POST", "/v1/opportunities", "opportunity-management", json=job)
    read = await bakery("GET", made.headers["location"], "opportunity-management")
    assert (made.json(), made.headers["etag"]) == (read.json(), read.headers["etag"])
    care = await target.client("reception-agency")
    path = f"/v1/persons/{await target.pairwise(person, 'reception-agency', 'case-continuity')}/notes"
    note = await care("POST", path, "case-continuity", json={"text": "Came with a friend."})
    assert note.json() in (await care("GET", path, "case-continuity")).json()["notes"]
