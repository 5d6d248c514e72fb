"""retention.yaml: read whole, refused with file and line, and not needed."""

import pytest

from policy_svc.faults import RulebookError
from policy_svc.loading import parse

RETENTION = """
notice: P14D
record: counselling
periods:
  - {purpose: counselling, status: [none], keep: P1M}
duties:
  open-case:
    titles: {en: An open case, bg: Открит случай}
    law: GDPR Art 17(3)(b)
    cases: [authority]
    keep: P5Y
  open-need:
    titles: {en: A need, bg: Нужда}
    law: GDPR Art 17(3)(c)
    attribute: health_needs
    values: [any]
""".lstrip()


@pytest.fixture
def with_retention(files: dict[str, str]) -> dict[str, str]:
    purposes = files["purposes.yaml"].replace("kinds: [service]", "kinds: [service]\n  retention: P1Y")
    return {**files, "purposes.yaml": purposes, "retention.yaml": RETENTION}


def test_what_the_file_says_is_told_to_the_services(with_retention: dict[str, str], files: dict[str, str]) -> None:
    read = parse(with_retention)[0].catalogue.retention
    assert (read.notice, read.record, read.case, read.periods[0].keep) == ("P14D", "counselling", None, "P1M")
    assert list(read.duties) == ["open-case", "open-need"]
    without = parse(files)[0].catalogue.retention
    assert (without.record, without.duties) == (None, {})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "notice: P14D",
            "notice: a fortnight",
            "retention.yaml:1: 'a fortnight' is no duration. Write ISO 8601, as P2Y or P6M.",
        ),
        (
            "record: counselling",
            "record: counseling",
            "retention.yaml:2: unknown purpose 'counseling'. Write one of: counselling.",
        ),
        (
            "record: counselling",
            "record: welfare",
            "retention.yaml:2: the purpose 'welfare' has no retention of its own. Give it one in purposes.yaml.",
        ),
        ("keep: P1M", "keep: P", "retention.yaml:4: 'P' is no duration."),
        ("keep: P5Y", "keep: 5Y", "retention.yaml:10: '5Y' is no duration."),
        (
            "cases: [authority]",
            "cases: [authorities]",
            "retention.yaml:9: unknown kind of organisation 'authorities'. Write one of: authority.",
        ),
        (
            "    cases: [authority]\n",
            "",
            "retention.yaml:6: a duty speaks either of an attribute or of cases. Write attribute with values, or cases.",
        ),
        ("attribute: health_needs", "attribute: health", "retention.yaml:14: unknown attribute 'health'."),
        ("    values: [any]\n", "", "retention.yaml:11: attribute and values belong together. Write both, or neither."),
        (", bg: Нужда", "", "retention.yaml:12: no title in bg. Add bg: …."),
        ("law: GDPR Art 17(3)(c)", "lawe: x", "retention.yaml:"),
    ],
)
def test_each_fault_is_refused_with_its_place_and_mend(
    with_retention: dict[str, str], old: str, new: str, message: str
) -> None:
    assert old in RETENTION
    with pytest.raises(RulebookError) as error:
        parse({**with_retention, "retention.yaml": RETENTION.replace(old, new, 1)})
    assert message in str(error.value)
