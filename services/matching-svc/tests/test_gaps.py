"""Skill gaps: exactly what scoring every opportunity anew with each skill would find."""

from hypothesis import given, settings
from hypothesis import strategies as st

from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.gaps import Gap, Gaps, gaps
from matching_svc.scoring import credited

from .fitting import KNOWLEDGE, SKILLS, attributes, people

asked = st.lists(st.lists(st.sampled_from(SKILLS), max_size=6), max_size=8)


def met(person: MatchFeatures, allowed: frozenset[str], wanted: list[str]) -> tuple[int, int]:
    """Of the weight of what is wanted, how much there is to be met, and how much is; both in hundredths."""
    found = credited(view(person, allowed), tuple(wanted), KNOWLEDGE)
    weights = {skill: KNOWLEDGE.weight(skill) for skill in found}
    return 100 * sum(weights.values()), sum(weights[skill] * credit.percent for skill, credit in found.items())


def one_by_one(person: MatchFeatures, allowed: frozenset[str], lists: list[list[str]]) -> Gaps:
    """By the plain form alone: everything as it is, then with each skill that anybody wants and the person lacks."""
    lists, share = [each for each in lists if each], KNOWLEDGE.model.skills.open
    if not lists or "skills" not in allowed:
        return Gaps()
    before = [met(person, allowed, each) for each in lists]
    held, found = person.skills or frozenset[str](), []
    for skill in sorted({skill for each in lists for skill in each} - held):
        learned = person.model_copy(update={"skills": held | {skill}})
        after = [met(learned, allowed, each)[1] for each in lists]
        opens = sum(100 * was < share * all_ <= 100 * now for (all_, was), now in zip(before, after, strict=True))
        if raises := sum(now > was for (_, was), now in zip(before, after, strict=True)):
            found.append(Gap(skill, opens, raises))
    found.sort(key=lambda gap: (-gap.opens, -gap.raises, gap.skill))
    return Gaps(tuple(found[:3]), len(lists), sum(100 * was >= share * all_ for all_, was in before))


@given(people, asked, attributes)
@settings(max_examples=150, deadline=None)
def test_gaps_are_what_scoring_with_each_skill_would_find(
    person: MatchFeatures, lists: list[list[str]], allowed: frozenset[str]
) -> None:
    assert gaps(view(person, allowed), lists, KNOWLEDGE, 3) == one_by_one(person, allowed, lists)


def test_the_skill_that_is_missing_to_half_of_what_is_asked_for_opens() -> None:
    a, b, c, d, e = (KNOWLEDGE.vocabulary.skill_uri(column) for column in (100, 200, 300, 400, 500))
    person = view(MatchFeatures(skills=frozenset({a, e})), ATTRIBUTES)
    found = gaps(person, [[a, b, c], [b, c, d], [b], [a], [a, b, e], []], KNOWLEDGE, 10)
    assert (found.considered, found.open) == (5, 2)
    # [b] and [a, b, c] are open with b; of [b, c, d] more would be met, and still not half; [a, b, e] is open without it.
    assert found.gaps[0] == Gap(b, 2, 4)
    assert {gap.skill for gap in found.gaps} == {b, c, d}
