"""When two are two: by two names, each with a proof of its own."""

import pytest

from gateway.administering.four_eyes import Actor, are_two
from gateway.administering.proposals import named

FIRST = Actor("operator", "cli_a", "Ivanova")
VOUCHED = Actor("operator", "cli_sso", "ivanova", vouched=True)


@pytest.mark.parametrize(
    ("first", "second", "two"),
    [
        (FIRST, Actor("operator", "cli_b", "Petrova"), True),
        (FIRST, Actor("operator", "cli_a", "Petrova"), False),
        (FIRST, Actor("operator", "cli_b", "  IVANOVA "), False),
        (FIRST, Actor("elsewhere", "cli_b", "Ivanova"), False),
        (VOUCHED, Actor("operator", "cli_sso", "petrova", vouched=True), True),
        (VOUCHED, Actor("operator", "cli_sso", "ivanova", vouched=True), False),
        (VOUCHED, Actor("operator", "cli_sso", "petrova"), False),
        (Actor("operator", "cli_sso", "petrova"), VOUCHED, False),
        (VOUCHED, Actor("operator", "cli_b", "petrova"), True),
    ],
    ids=["two", "one secret", "one name", "one name twice", "two tokens", "one token", "a claim", "a claim first", "both ways"],
)
def test_two_are_two_names_with_two_proofs(first: Actor, second: Actor, two: bool) -> None:
    assert are_two(first, second) is two
    assert are_two(second, first) is two


@pytest.mark.parametrize("name", ["", "clp_", "clp_x", "clp_" + "A" * 32, "xxx_" + "a" * 32, "clp_{" + "a" * 32 + "}"])
def test_a_proposal_has_one_spelling(name: str) -> None:
    assert named(name) is None
    assert named("clp_" + "a" * 32) is not None
