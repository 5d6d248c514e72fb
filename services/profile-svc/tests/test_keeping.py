"""What keeps a record and until when, and what the law forbids to erase."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profile_svc.durations import after
from profile_svc.keeping import CaseOf, Held, Keeping, Lasting, ends_at
from stena.contracts.catalogue import Catalogue

NOW = datetime(2030, 3, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 2, 29, tzinfo=UTC)
RETENTION: dict[str, Any] = {
    "record": "registration",
    "case": "case-continuity",
    "periods": [
        {"purpose": "registration", "status": ["rejected"], "keep": "P5Y"},
        {"purpose": "registration", "status": ["none"], "keep": "P1Y"},
    ],
    "duties": {
        "open-procedure": {
            "titles": {},
            "law": "x",
            "attribute": "procedure_stage",
            "member": "stage",
            "values": ["appeal"],
        },
        "case": {"titles": {}, "law": "y", "cases": ["authority"], "keep": "P3Y"},
    },
}


@pytest.fixture
def keeping(catalogue: Catalogue) -> Keeping:
    return Keeping(with_retention(catalogue, RETENTION))


def with_retention(catalogue: Catalogue, retention: dict[str, Any]) -> Catalogue:
    purposes = [{**purpose.model_dump(), "retention": "P10Y"} for purpose in catalogue.purposes]
    purposes.append({**purposes[0], "id": "case-continuity", "retention": "P2Y"})
    return Catalogue.model_validate({**catalogue.model_dump(), "purposes": purposes, "retention": retention})


def status(name: str, until: str | None = None) -> dict[str, Any]:
    return {"legal_status": [{"status": name, "from": "2019-01-01", "until": until}]}


def end(keeping: Keeping, held: Held) -> datetime | None:
    return ends_at(keeping.kept(held, NOW), keeping.owed(held, NOW))


@pytest.mark.parametrize(
    ("values", "years"),
    [
        ({}, 1),
        (status("refugee"), 10),
        (status("rejected"), 5),
        (status("rejected", until="2029-12-31"), 1),
        ({"legal_status": None}, 1),
    ],
    ids=["none", "another", "rejected", "was rejected once", "removed"],
)
def test_a_record_is_kept_from_its_last_change_for_as_long_as_the_status_says(
    keeping: Keeping, values: dict[str, Any], years: int
) -> None:
    assert end(keeping, Held(LONG_AGO, [], [], values)) == after(LONG_AGO, f"P{years}Y")


def test_what_lasts_longest_keeps_the_record_and_what_goes_on_keeps_it_without_an_end(keeping: Keeping) -> None:
    closed = CaseOf("bread-and-bridges", NOW - timedelta(days=10))
    consent = Lasting("consent", "mentoring", NOW)
    assert end(keeping, Held(LONG_AGO, [closed], [])) == after(NOW - timedelta(days=10), "P3Y"), "the law's three years"
    assert end(keeping, Held(LONG_AGO, [closed], [consent])) == after(NOW, "P10Y")
    going_on = Held(LONG_AGO, [closed, CaseOf("import-lab", None)], [consent])
    assert end(keeping, going_on) is None
    assert keeping.kept(going_on, NOW)[0].until is None


def test_what_is_done_for_a_purpose_that_nobody_knows_keeps_the_record(keeping: Keeping) -> None:
    assert end(keeping, Held(LONG_AGO, [], [Lasting("referral", "a-purpose-of-before", LONG_AGO)])) is None


@pytest.mark.parametrize(
    ("held", "owed"),
    [
        (Held(LONG_AGO, [], []), []),
        (Held(LONG_AGO, [], [], {"procedure_stage": {"stage": "appeal"}}), [("open-procedure", None)]),
        (Held(LONG_AGO, [], [], {"procedure_stage": {"stage": "closed"}}), []),
        (Held(LONG_AGO, [CaseOf("facts-lab", None)], []), [("case", None)]),
        (Held(LONG_AGO, [CaseOf("facts-lab", NOW)], []), [("case", after(NOW, "P3Y"))]),
        (Held(LONG_AGO, [CaseOf("facts-lab", LONG_AGO)], []), []),
        (Held(LONG_AGO, [CaseOf("facts-lab", LONG_AGO), CaseOf("import-lab", None)], []), [("case", None)]),
        (Held(LONG_AGO, [CaseOf("not-in-the-rulebook", None)], []), []),
    ],
    ids=["nothing", "an appeal", "closed", "open case", "closed just now", "closed long ago", "one of two", "unknown"],
)
def test_duties_forbid_for_as_long_as_what_they_speak_of_goes_on(keeping: Keeping, held: Held, owed: list[Any]) -> None:
    assert [(each.duty, each.until) for each in keeping.owed(held, NOW)] == owed


def test_without_a_purpose_that_records_are_kept_for_nobody_is_at_an_end(catalogue: Catalogue) -> None:
    keeping = Keeping(with_retention(catalogue, {}))
    assert not keeping.is_in_force
    assert keeping.earliest_change(NOW) is None
    assert end(keeping, Held(LONG_AGO, [], [])) is None


@given(days=st.integers(0, 6000), kind=st.sampled_from(["rejected", "refugee", None]))
def test_whoever_is_at_an_end_is_among_those_who_are_looked_at(catalogue: Catalogue, days: int, kind: str | None) -> None:
    keeping = Keeping(with_retention(catalogue, RETENTION))
    changed = NOW - timedelta(days=days)
    over = end(keeping, Held(changed, [], [], status(kind) if kind else {}))
    until = keeping.earliest_change(NOW)
    assert until is not None
    assert over is None or over > NOW or changed <= until


@pytest.mark.parametrize(
    ("moment", "duration", "then"),
    [
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-01-31", "P1M", "2024-02-29"),
        ("2024-12-31", "P2M1D", "2025-03-01"),
        ("2024-01-01", "P1Y6M2W3D", "2025-07-18"),
        ("9999-01-01", "P9Y", "9999-12-31"),
    ],
)
def test_durations_follow_the_calendar(moment: str, duration: str, then: str) -> None:
    assert after(datetime.fromisoformat(moment), duration).date().isoformat() == then


@pytest.mark.parametrize("text", ["P", "", "1Y", "PT1H", "P1.5Y"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        after(NOW, text)
