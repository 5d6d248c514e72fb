"""Plain rulebooks: the same three-valued rules over whatever an enforcement point says, except what the rulebook lists."""

from pathlib import Path
from typing import Any

import pytest

from policy_svc.faults import RulebookError
from policy_svc.loading import load
from policy_svc.plain import decide_plain
from policy_svc.plain_loading import is_plain, load_plain, parse_plain
from stena.contracts.access import Action, Evaluation, Resource, Subject

FILES = {
    "rulebook.yaml": "title: Doors (demo)\nlicence: CC0-1.0\n",
    "entities.yaml": "subjects:\n  guest:\n    ann: {}\n    ben: {badge: {level: 3}, tags: [a, b], old: true}\n",
    "rules/doors.yaml": """
- uid: doors.open
  description: Whoever is badged opens what is not sealed.
  effect: allow
  rules:
    subject: {$.badge.level: {condition: Gte, value: 2}}
    action: {$.name: {condition: IsIn, values: [open, knock]}}
- uid: doors.sealed
  description: Sealed doors stay closed.
  effect: deny
  rules:
    resource: {$.sealed: {condition: IsIn, values: [true]}}
""",
    "tests/doors.yaml": "",
}


def asked(subject: Subject, action: str = "open", **properties: Any) -> Evaluation:
    resource = Resource(type="door", id="front", properties=properties)
    return Evaluation(subject=subject, action=Action(name=action), resource=resource)


BEN = Subject(type="guest", id="ben")


def permitted(evaluation: Evaluation) -> bool:
    return decide_plain(parse_plain(FILES), evaluation).permit


def test_what_a_deny_rule_cannot_know_is_a_deny() -> None:
    assert permitted(asked(BEN, sealed=False))
    for sealed in ({}, {"sealed": True}, {"sealed": "false"}, {"sealed": 0}, {"sealed": None}, {"sealed": [False]}):
        assert not permitted(asked(BEN, **sealed)), sealed


def test_a_listed_property_of_a_type_never_comes_from_the_caller() -> None:
    for name in ("ann", "stranger"):
        claimed = Subject(type="guest", id=name, properties={"badge": {"level": 9}})
        assert not permitted(asked(claimed, sealed=False))
    # A type that is not listed is the enforcement point's own.
    robot = Subject(type="robot", id="r2", properties={"badge": {"level": 9}})
    assert permitted(asked(robot, sealed=False))
    assert not permitted(asked(Subject(type="robot", id="r2"), sealed=False))


@pytest.mark.parametrize(
    ("said", "claimed"),
    [
        ({"badge": {"level": 3}, "tags": ["a", "b"], "old": True}, []),
        ({"badge": {"level": 4}}, ["badge"]),
        ({"old": 1}, ["old"]),
        ({"tags": ["b"]}, ["tags"]),
        ({"id": "ann"}, ["id"]),
        ({"type": "host", "hat": "red"}, ["type"]),
    ],
)
def test_to_repeat_what_is_listed_is_no_claim(said: dict[str, Any], claimed: list[str]) -> None:
    evaluation = asked(Subject(type="guest", id="ben", properties=said))
    assert [path[-1] for path in parse_plain(FILES).entities.claims(evaluation)] == claimed


def test_an_action_that_no_allow_rule_names_is_denied() -> None:
    assert list(parse_plain(FILES).plans) == ["knock", "open"]
    assert not permitted(asked(BEN, "break", sealed=False))


CASE = "- {{name: x, subject: {}, action: {{name: open}}, resource: {{type: door, id: a}}, decision: {}}}\n"
SAYS_OTHERWISE = "{type: guest, id: ben, properties: {old: false}}"
NO_ID, NO_HYPHEN = (
    "Leave it out: every entity has it already",
    "Use Latin letters, digits and underscores: rules name it as $.name",
)
ACTION = "    action: {$.name: {condition: IsIn, values: [open, knock]}}\n"
MESSAGES = {
    ("rulebook.yaml", "title", "country: BGR\ntitle"): "rulebook.yaml:1: unknown key 'country'.",
    ("entities.yaml", "ann: {}", "ann:"): "entities.yaml:3: subjects.guest.ann: input should be a",
    ("entities.yaml", "ann: {}", "ann: {id: x}"): f"entities.yaml:3: the property 'id'. {NO_ID}.",
    ("entities.yaml", "ann: {}", "ann: {a-b: x}"): f"entities.yaml:3: the property 'a-b'. {NO_HYPHEN}.",
    ("entities.yaml", "subjects", "subject"): "entities.yaml:1: unknown key 'subject'. Write one of: subjects.",
    ("rules/doors.yaml", ACTION, ""): "rules/doors.yaml:2: rule doors.open: an allow rule that names no action.",
    ("rules/doors.yaml", "$.sealed", "$.a.b.c"): "rule doors.sealed: the path '$.a.b.c' is not $.name or $.name.name.",
    ("rules/doors.yaml", "Gte", "AllNotIn"): "rule doors.open: the condition AllNotIn is not supported.",
    ("tests/doors.yaml", "", CASE.format("{type: guest, id: ben}", "permit")): "the case 'x' wants permit, and it is deny.",
    ("tests/doors.yaml", "", CASE.format(SAYS_OTHERWISE, "deny")): "contradicts entities.yaml: subject.properties.old.",
    ("purposes.yaml", "", "x: {}"): "purposes.yaml:0: a file that no rulebook has.",
}


@pytest.mark.parametrize(("change", "message"), MESSAGES.items())
def test_each_fault_is_refused_with_its_place_and_mend(change: tuple[str, str, str], message: str) -> None:
    file, old, new = change
    with pytest.raises(RulebookError) as error:
        parse_plain({**FILES, file: FILES.get(file, "").replace(old, new)})
    assert message in str(error.value)


def test_losing_a_file_never_turns_a_rulebook_of_purposes_into_a_plain_one(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "purposes.yaml").unlink()
    assert not is_plain(tmp_path)
    with pytest.raises(RulebookError, match=r"purposes\.yaml:0: the file is missing"):
        load(tmp_path)
    (tmp_path / "entities.yaml").write_text("{}")
    with pytest.raises(RulebookError, match=r"attributes\.yaml:0: a file that no rulebook has"):
        load_plain(tmp_path)
