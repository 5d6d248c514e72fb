"""What the source's answers about conditions may be, and what they make of ranked people."""

from typing import Any

import pytest

from gateway.eligibility import answers_of, shortlisted
from gateway.redaction import Surplus


@pytest.mark.parametrize(
    "body",
    [
        {"answers": {"a": "yes"}},  # not everybody who was asked about
        {"answers": {"a": "yes", "b": "no", "c": "no"}},  # somebody else
        {"answers": {"a": "yes", "b": "female"}},  # a value
        {"answers": {"a": "yes", "b": "no"}, "values": {}},
        {},
        [],
    ],
)
def test_whatever_is_more_than_an_answer_is_an_incident(body: Any) -> None:
    with pytest.raises(Surplus):
        answers_of(body, {"a", "b"})


def pair(*gates: tuple[str, str | None]) -> dict[str, Any]:
    made = [
        {"gate": "eligibility", "outcome": outcome, "code": "c", "parameters": {"approval": approval} if approval else {}}
        for outcome, approval in gates
    ]
    return {"person": "psn", "score": 0.5, "eligible": "to-be-verified", "explanation": {"gates": made, "model": "m"}}


def ranked(**pairs: Any) -> list[tuple[Any, Any]]:
    return [({"id": name}, each) for name, each in pairs.items()]


def test_a_no_is_left_out_a_yes_is_met_and_unknown_changes_nothing() -> None:
    asked = pair(("unknown", "eli_1"))
    found = shortlisted(ranked(a=asked, b=asked, c=asked, d=asked), {"a": "yes", "b": "no", "c": "unknown"}, {"eli_1"})
    assert [view["id"] for view, _ in found] == ["a", "c", "d"]
    (_, yes), (_, unknown), (_, unsaid) = found
    assert (yes["eligible"], yes["explanation"]["gates"][0]["outcome"]) == ("yes", "met")
    assert unknown == unsaid == asked


def test_a_yes_meets_what_was_asked_about_and_nothing_else() -> None:
    """An expired condition beside it, and a gate of another kind, stay to be verified."""
    mixed = pair(("unknown", "eli_1"), ("unknown", "eli_expired"), ("unknown", None))
    ((_, said),) = shortlisted(ranked(a=mixed), {"a": "yes"}, {"eli_1"})
    assert [gate["outcome"] for gate in said["explanation"]["gates"]] == ["met", "unknown", "unknown"]
    assert said["eligible"] == "to-be-verified"
