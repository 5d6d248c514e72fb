"""Nobody widens the wall by accident: whatever a change of rules might open is named, and narrowing opens nothing."""

# ruff: noqa: E501 - one row of a table is one change, and reads best in one line

from datetime import date
from itertools import product
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from policy_svc import ways
from policy_svc.decisions import decide
from policy_svc.diff import Change, Changes, compare
from policy_svc.loading import parse
from policy_svc.rulebook import Rulebook

from .generated import RECORDS, RULEBOOKS, Raw, question, rules, several_questions
from .reference import NOON, rules_of, visible, with_rules

COUNSELLING, ORGANISATIONS = "rules/counselling.yaml", "organisations.yaml"
some = settings(max_examples=settings().max_examples // 2)
MOST_WAYS = st.sampled_from((1, 4, 16, ways.MOST_WAYS))
"""What is not worked out is compared otherwise, and few generated rules have more ways than are."""

Files = dict[str, str]


def changed(files: Files, file: str, old: str, new: str) -> Changes:
    assert old in files[file]
    return compare(parse(files)[0], parse({**files, file: files[file].replace(old, new, 1)})[0])


def lines(changes: tuple[Change, ...]) -> list[str]:
    return list(map(str, changes))


def test_the_same_rulebook_changes_nothing(rulebook: Rulebook) -> None:
    assert compare(rulebook, rulebook) == Changes((), ())


@pytest.mark.parametrize(
    ("old", "new", "opened", "closed"),
    [
        pytest.param(
            "values: [skills, town]",
            "values: [skills, family_name]",
            ["counselling: harbour, lantern, yesterday sees family_name: for assigned cases → always"],
            ["counselling: harbour, lantern, yesterday sees town: for people without restriction → never"],
            id="an attribute",
        ),
        pytest.param(
            "      $.record.consents: {condition: AnyInAttribute, ace: context, path: $.consent}\n",
            "",
            ["counselling: harbour, lantern, yesterday sees health_needs: with the person's consent → always"],
            [],
            id="a condition is gone",
        ),
        pytest.param(
            "      $.record.consents: {condition: AnyInAttribute, ace: context, path: $.consent}\n",
            "      $.record.minor: {condition: IsIn, values: [false]}\n",
            ["counselling: harbour, lantern, yesterday sees health_needs: with the person's consent → for adults"],
            ["counselling: harbour, lantern, yesterday sees health_needs: with the person's consent → for adults"],
            id="another condition, neither wider nor narrower",
        ),
        pytest.param("[read, list, match]", "[read, list]", [], ["counselling: harbour, yesterday may person:match: in BG → never", "counselling: lantern may person:match: in BG41 → never"], id="an operation"),
        pytest.param("values: [identity, skills]", "values: [identity, location]", ["counselling: harbour, lantern, yesterday may write town: never → always"], ["counselling: harbour, lantern, yesterday may write skills: always → never"], id="what may be written"),
    ],
)  # fmt: skip
def test_what_opens_and_closes_is_said_in_words(files: Files, old: str, new: str, opened: list[str], closed: list[str]) -> None:
    changes = changed(files, COUNSELLING, old, new)
    assert lines(changes.opened) == opened
    assert lines(changes.closed) == closed


def test_a_wider_region_opens_and_a_region_inside_closes(files: Files) -> None:
    wider = changed(files, ORGANISATIONS, "regions: [BG41]", "regions: [BG]")
    assert lines(wider.opened)[-1] == "counselling: lantern may person:list, person:match, person:read: in BG41 → in BG"
    assert wider.closed == ()
    inside = changed(files, ORGANISATIONS, "regions: [BG41]", "regions: [BG411]")
    assert inside.opened == ()
    assert lines(inside.closed)[-1] == "counselling: lantern may person:list, person:match, person:read: in BG41 → in BG411"


def test_a_longer_approval_opens_from_the_day_on_which_the_old_one_ends(files: Files) -> None:
    longer = changed(files, ORGANISATIONS, "until: 2020-12-31", "until: 2021-12-31")
    assert longer.opened != ()
    assert {change.since for change in longer.opened} == {date(2021, 1, 1)}
    assert {change.organisations for change in longer.opened} == {("yesterday",)}
    assert longer.closed == ()


def test_a_rule_for_one_client_opens_though_no_organisation_changes(files: Files) -> None:
    """What a rule asks of the call is not known beforehand: it must not be taken for impossible."""
    rule = """
- uid: late
  description: One client sees health needs.
  effect: allow
  rules:
    subject: {$.client: {condition: Equals, value: cli_1}}
    resource: {$.attribute: {condition: Equals, value: health_needs}}
    action: {$.name: {condition: Equals, value: disclose}}
    context: {$.purpose: {condition: Equals, value: counselling}}
"""
    more = compare(parse(files)[0], parse({**files, COUNSELLING: files[COUNSELLING] + rule})[0])
    assert [(change.names, change.after) for change in more.opened] == [
        (("health_needs",), "subject.client is cli_1 or with the person's consent")
    ]


@pytest.mark.parametrize(
    ("old", "new", "opened"),
    [
        ("ids: purpose", "ids: organisation", "counselling: harbour, lantern, nowhere, yesterday gets ids: of the purpose → of the organisation"),
        ("ids: purpose", "ids: purpose\n  provenance: full", "counselling: harbour, lantern, nowhere, yesterday sees provenance: flag → full"),
        ("kinds: [service]", "kinds: [service, job]", "counselling: harbour, lantern, nowhere, yesterday matches job: never → always"),
    ],
)  # fmt: skip
def test_answers_that_tell_more_as_a_whole_open_too(files: Files, old: str, new: str, opened: str) -> None:
    there = changed(files, "purposes.yaml", old, new)
    assert (lines(there.opened), there.closed) == ([opened], ())
    back = compare(parse({**files, "purposes.yaml": files["purposes.yaml"].replace(old, new)})[0], parse(files)[0])
    assert (back.opened, len(back.closed)) == ((), 1)


@pytest.mark.parametrize(
    ("was", "becomes", "opened", "closed"),
    [
        ("emergency: {lasts: PT1H}", "", ["for 1:00:00 on 20 characters, reviewed → without review"], []),
        ("emergency: {lasts: PT1H}", "emergency: {lasts: PT2H}", ["for 1:00:00 on 20 characters, reviewed → for 2:00:00 on 20 characters, reviewed"], []),
        ("emergency: {lasts: PT1H}", "emergency: {lasts: PT1H, justification: 21}", [], ["for 1:00:00 on 20 characters, reviewed → for 1:00:00 on 21 characters, reviewed"]),
        ("emergency: {lasts: PT1H}", "emergency: {lasts: PT30M, justification: 1}", *2 * [["for 1:00:00 on 20 characters, reviewed → for 0:30:00 on 1 characters, reviewed"]]),
        ("", "emergency: {lasts: PT1H}", [], ["without review → for 1:00:00 on 20 characters, reviewed"]),
    ],
)  # fmt: skip
def test_glass_that_breaks_more_easily_opens(
    files: Files, was: str, becomes: str, opened: list[str], closed: list[str]
) -> None:
    purposes = (files["purposes.yaml"].replace("ids: purpose", f"ids: purpose\n  {key}") for key in (was, becomes))
    found = compare(*(parse({**files, "purposes.yaml": text})[0] for text in purposes))
    for changes, wanted in ((found.opened, opened), (found.closed, closed)):
        head = "counselling: harbour, lantern, nowhere, yesterday breaks the glass emergency: "
        assert lines(changes) == [head + each for each in wanted]


def hierarchical(facts: Any) -> Any:
    """Who lives in BG41 lives in BG: profile-svc computes the path so."""
    path = facts.get("region_path")
    return {**facts, "region_path": [*path, "BG"]} if path and "BG" not in path else facts


@some
@given(RULEBOOKS, RULEBOOKS, several_questions, RECORDS, MOST_WAYS)
def test_whatever_is_shown_newly_is_named(
    rulebook: Rulebook, before: list[Raw], after: list[Raw], asked: list[Raw], records: list[Any], most_ways: int
) -> None:
    old, new = with_rules(rulebook, rules_of(before)), with_rules(rulebook, rules_of(after))
    with patch.object(ways, "MOST_WAYS", most_ways):
        opened = compare(old, new).opened
    for said, facts in product(asked, map(hierarchical, records)):
        one = question(**said)
        seen, attributes = visible(decide(new, one, NOON), facts)
        seen_before, attributes_before = visible(decide(old, one, NOON), facts)
        named = {
            name for each in opened if each.purpose == said["purpose"] and said["organisation"] in each.organisations
            for name in each.names
        }  # fmt: skip
        operation = f"person:{said['action']}"
        if seen and not seen_before:
            event("a call opens")
            assert operation in named
        elif newly := attributes - attributes_before:
            event("an attribute opens")
            assert newly <= named


@some
@given(RULEBOOKS, rules("deny"), MOST_WAYS)
def test_another_deny_rule_opens_nothing_and_its_removal_closes_nothing(
    rulebook: Rulebook, generated: list[Raw], deny: Raw, most_ways: int
) -> None:
    wide = with_rules(rulebook, rules_of(generated))
    narrow = with_rules(rulebook, rules_of([*generated, {**deny, "uid": "one more"}]))
    with patch.object(ways, "MOST_WAYS", most_ways):
        assert compare(wide, narrow).opened == ()
        assert compare(narrow, wide).closed == ()
