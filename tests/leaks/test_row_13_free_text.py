"""Row 13, free text: a note is read by who wrote it, by whom it was given to, and by nobody who searches."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .asking import answer_text
from .expected import everybody_asking
from .rows import ask, bring, path
from .target import Target

WRITER = ("reception-agency", "case-continuity")
ANSWERS = ("", "/notes")


@pytest.fixture
async def noted(target: Target) -> tuple[str, str, str]:
    """Internal id, the note's text and its id."""
    internal = await bring(target, f"noted {secrets.token_hex(4)}", {"assigned": ["reception-agency", "employment-agency"]})
    text = f"canarynote{secrets.token_hex(6)}"
    where = await path(target, internal, *WRITER, "/notes")
    written = await ask(target, *WRITER, "POST", where, json={"text": text})
    assert written.status_code == 201, written.text
    return internal, text, written.json()["id"]


async def test_no_other_organisation_finds_a_word_of_it(target: Target, noted: tuple[str, str, str]) -> None:
    internal, text, _ = noted
    for asking in everybody_asking():
        if not asking.approved or asking.organisation in ("reception-agency", "self-service"):
            continue
        for rest in ANSWERS:
            where = await path(target, internal, asking.organisation, asking.purpose, rest)
            answer = await ask(target, asking.organisation, asking.purpose, "GET", where)
            assert text not in answer_text(answer), (asking, rest)
        for where in ("/v1/persons?limit=500", "/v1/persons/changes?limit=500"):
            assert text not in answer_text(await ask(target, asking.organisation, asking.purpose, "GET", where))


@pytest.mark.parametrize("attribute", ["notes", "note", "text", "documents", "cv"])
async def test_nobody_searches_in_it(target: Target, noted: tuple[str, str, str], attribute: str) -> None:
    _, text, _ = noted
    for organisation, purpose in (WRITER, ("employment-agency", "job-ranking")):
        for operator in ("eq", "has"):
            asked = {"filters": [{"attribute": attribute, "operator": operator, "value": text}]}
            answer = await ask(target, organisation, purpose, "POST", "/v1/persons/search", json=asked)
            assert answer.status_code in (400, 403)
        for parameter in (f"fields={attribute}", f"sort={attribute}", f"filter={attribute}:eq:x"):
            assert (await ask(target, organisation, purpose, "GET", f"/v1/persons?{parameter}")).status_code in (400, 403)


async def test_it_is_no_part_of_what_a_person_is(target: Target, noted: tuple[str, str, str]) -> None:
    """Not for its own writer under another purpose, either."""
    internal, text, _ = noted
    for purpose in ("registration", "accommodation"):
        where = await path(target, internal, "reception-agency", purpose)
        assert text not in (await ask(target, "reception-agency", purpose, "GET", where)).text


async def test_knowing_a_notes_id_is_no_way_to_it(target: Target, noted: tuple[str, str, str]) -> None:
    internal, text, note = noted
    other = ("employment-agency", "case-continuity")
    shares = await path(target, internal, *other, f"/notes/{note}/shares")
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    share = {"purpose": "case-continuity", "recipient": "open-door-legal", "until": until}
    tried: list[Any] = [await ask(target, *other, "GET", shares), await ask(target, *other, "POST", shares, json=share)]
    unknown = shares.replace(note, "0199d7a4-c0de-7000-a1b2-c3d4e5f60718")
    assert {answer.status_code for answer in tried} == {404}
    assert (await ask(target, *other, "GET", unknown)).status_code == 404
    assert text not in (await ask(target, *other, "GET", await path(target, internal, *other, "/notes"))).text


async def test_logs_and_the_ledger_tell_of_it_without_its_words(target: Target, noted: tuple[str, str, str]) -> None:
    _, text, _ = noted
    for kept in (await target.logs(), await target.metrics(), await target.spans(), await target.ledger()):
        assert text not in kept
