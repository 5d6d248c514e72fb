"""Every dated case of the truth table, and that the table is as large and as wide as it has to be."""

from collections import Counter

import pytest

from .truth import Case, cases, fault, rules

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_law_and_the_calendar_hold(case: Case) -> None:
    assert fault(case) is None


def test_the_table_is_wide() -> None:
    assert len(CASES) == len({(case.name, str(case.values), case.today) for case in CASES}) >= 120
    assert min(Counter(case.answer for case in CASES).values()) >= 2
    assert sum(case.warning is not None for case in CASES) >= 10


@pytest.mark.parametrize("country", ["BGR", "EU", "ZZZ"])
def test_every_rule_decides_a_case(country: str) -> None:
    """A rule that no case rests on could be changed without a test that goes red. A baseline's may rest on either."""
    decided = {case.rule for case in CASES}
    assert {rule.id for rule in rules(country)} <= decided
