"""Vacancies that are text: proposals that get surer the more speaks for them, and that any text leads to without harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching_svc import concepts_search
from matching_svc.esco.shipped import shipped
from matching_svc.linking import Calibration, Linked, Proposed, link
from matching_svc.vocabulary import of_edition

SMALL = concepts_search.of_vocabulary(of_edition(shipped()))
LABEL = SMALL.vocabulary.label_of


def named(proposed: tuple[Proposed, ...]) -> dict[str, Proposed]:
    return {LABEL(each.number): each for each in proposed}


@pytest.mark.parametrize(
    ("title", "occupation"),
    [
        ("Bricklayer", "bricklayer"),
        ("Bricklayer (m/f), night shift – Sofia", "bricklayer"),
        ("ЗИДАР – гр. София, на смени", "bricklayer"),
        ("Welder | start at once", "welder"),
        ("Experienced plumbers", "plumber"),
        ("Stroy Invest EOOD | Bricklayer | full time | Burgas", "bricklayer"),
        ("URGENT! Welder (m/f) – Sofia, 1800-2200 лв.", "welder"),
        ("Търси се готвач м/ж, гр. Пловдив, заплата до 2500 лв.", "cook"),
        ("Cook | you help our kitchen assistant and waiters", "cook"),
        ("Tailor – sewing machine operators welcome", "tailor"),
    ],
)
def test_titles_of_advertisements_lead_to_their_occupation(title: str, occupation: str) -> None:
    linked = link(SMALL, title)
    assert LABEL(linked.occupations[0].number) == occupation
    assert linked.occupations[0].because == ("title",)


def test_what_title_and_text_both_say_is_surer_than_what_one_says() -> None:
    without, with_text = link(SMALL, "Bricklayer"), link(SMALL, "Bricklayer", "lay bricks; operate a cash register")
    by_occupation, by_both = named(without.essential)["lay bricks"], named(with_text.essential)["lay bricks"]
    assert (by_occupation.because, by_both.because) == (("occupation",), ("text", "occupation"))
    assert by_both.confidence > by_occupation.confidence
    assert named(with_text.essential)["operate cash register"].because == ("text",)


def test_what_a_text_names_chooses_between_occupations_that_the_title_leaves_open() -> None:
    """The same title, with the essential skills of the one and of the other as its text."""
    title, chosen = "driver", []
    for label in ("taxi driver", "bus driver"):
        number = next(number for number in range(SMALL.vocabulary.occupations) if LABEL(number) == label)
        needs = SMALL.vocabulary.occupations + SMALL.vocabulary.essential[[number]].indices
        linked = link(SMALL, title, "\n".join(LABEL(int(need)) for need in needs))
        chosen.append(LABEL(linked.occupations[0].number))
    assert chosen == ["taxi driver", "bus driver"]


@given(st.text(max_size=60), st.text(max_size=300), st.sampled_from([None, "bg", "en", "xx"]))
def test_any_text_gives_proposals_in_order_and_none_twice(title: str, description: str, language: str | None) -> None:
    linked: Linked = link(SMALL, title, description, language=language)
    for proposed in (linked.occupations, linked.essential, linked.optional):
        confidences = [each.confidence for each in proposed]
        assert all(0 <= each <= 1 for each in confidences)
        assert confidences == sorted(confidences, reverse=True)
        assert all(each.because for each in proposed)
    numbers = [each.number for each in (*linked.occupations, *linked.essential, *linked.optional)]
    assert len(numbers) == len(set(numbers))
    assert linked == link(SMALL, title, description, language=language)


@given(st.floats(0, 3), st.floats(-3, 3), st.floats(0, 1))
def test_confidence_grows_with_score_and_lead(score: float, lead: float, more: float) -> None:
    calibration = Calibration(-2.6, 0.9, 4.2)
    assert calibration.confidence(score + more, lead) >= calibration.confidence(score, lead)
    assert calibration.confidence(score, lead + more) >= calibration.confidence(score, lead)
