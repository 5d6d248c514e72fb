"""The laws of a ranking: what it may know, how it orders, whom it never removes, and that its explanation adds up."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching_svc import model
from matching_svc.concepts import small_set
from matching_svc.esco.shipped import shipped
from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.gates import check
from matching_svc.knowledge import knowledge
from matching_svc.ranking import Pair, explanation, rank
from matching_svc.vocabulary import of_edition
from stena.contracts.matching import KIND_PURPOSE, NewOpportunity

TODAY = date(2027, 3, 1)
KNOWLEDGE = knowledge(of_edition(shipped()), model.shipped())
OCCUPATIONS = sorted(small_set().occupations)[:8]
SKILLS = [*sorted(small_set().skills)[:10], "http://data.europa.eu/esco/skill/not-known-here"]
PLACES = ["Sofia", "Plovdiv", "Varna"]
REGIONS = ["BG411", "BG412", "BG421", "BG331"]
LEVELS = ["A1", "A2", "B1", "B2", "C1", "C2"]

days = st.dates(date(2026, 1, 1), date(2028, 12, 31))
activities = ("listening", "reading", "interaction", "production", "writing")
spoken = st.fixed_dictionaries(
    {"language": st.sampled_from(["bul", "eng", "ukr"])}, optional=dict.fromkeys(activities, st.sampled_from(LEVELS))
)
rights = st.fixed_dictionaries(
    {"answer": st.sampled_from(["yes", "no", "limited", "unknown"]), "rule": st.just("r")},
    optional={"from": days, "until": days},
)
jobs = st.fixed_dictionaries({"occupation": st.sampled_from(OCCUPATIONS), "months": st.integers(0, 100)})
stated: dict[str, st.SearchStrategy[Any]] = {
    "skills": st.frozensets(st.sampled_from(SKILLS)),
    "work_history": st.lists(jobs, max_size=3),
    "education_level": st.integers(0, 8),
    "languages": st.lists(spoken, max_size=3),
    "municipality": st.sampled_from(PLACES),
    "region": st.sampled_from(REGIONS),
    "remote": st.booleans(),
    "wanted_occupations": st.lists(st.sampled_from(OCCUPATIONS), max_size=2),
    "availability": st.fixed_dictionaries({}, optional={"from": days}),
    "of_working_age": st.booleans(),
    "right_to_work": st.lists(rights, max_size=2),
}
people = st.fixed_dictionaries({}, optional=stated).map(MatchFeatures.model_validate)
needs = st.fixed_dictionaries(
    {"language": st.sampled_from(["bul", "eng"]), "level": st.sampled_from(LEVELS), "essential": st.booleans()}
)
opportunities = st.fixed_dictionaries(
    {"kind": st.sampled_from(sorted(KIND_PURPOSE)), "title": st.just("t")},
    optional={
        "occupation": st.sampled_from(OCCUPATIONS),
        "essential_skills": st.lists(st.sampled_from(SKILLS), max_size=4),
        "optional_skills": st.lists(st.sampled_from(SKILLS), max_size=4),
        "languages": st.lists(needs, max_size=2),
        "education_level": st.integers(0, 8),
        "municipality": st.sampled_from(PLACES),
        "region": st.sampled_from(REGIONS),
        "remote": st.booleans(),
        "starts_on": days,
        "ends_on": days,
        "apply_until": days,
    },
).map(NewOpportunity.model_validate)
attributes = st.frozensets(st.sampled_from(sorted(ATTRIBUTES)))


def answers(
    known: dict[str, MatchFeatures], opportunity: NewOpportunity, allowed: frozenset[str]
) -> list[tuple[str, float, str, str]]:
    """Everything that leaves the service about a ranking, as it would be written."""
    ranked = rank((Pair(id_, view(person, allowed), opportunity) for id_, person in known.items()), KNOWLEDGE, TODAY)
    return [(r.pair.id, r.score.value, r.eligible, explanation(r, KNOWLEDGE).model_dump_json()) for r in ranked]


@given(st.lists(st.tuples(people, people), min_size=1, max_size=6), opportunities, attributes)
@settings(max_examples=300, deadline=None)
def test_what_is_not_allowed_changes_nothing_byte_for_byte(
    twins: list[tuple[MatchFeatures, MatchFeatures]], opportunity: NewOpportunity, allowed: frozenset[str]
) -> None:
    """Two worlds that agree in what the caller may know and differ in everything else."""
    one = {f"psn_{n}": first for n, (first, _) in enumerate(twins)}
    other = {
        f"psn_{n}": second.model_copy(update={name: getattr(first, name) for name in allowed})
        for n, (first, second) in enumerate(twins)
    }
    assert answers(one, opportunity, allowed) == answers(other, opportunity, allowed)


@given(people, opportunities, attributes)
@settings(max_examples=300, deadline=None)
def test_an_item_names_only_what_the_caller_may_know(
    person: MatchFeatures, opportunity: NewOpportunity, allowed: frozenset[str]
) -> None:
    for ranked in rank([Pair("psn", view(person, allowed), opportunity)], KNOWLEDGE, TODAY):
        found = explanation(ranked, KNOWLEDGE)
        for uses in (*(part.uses for part in found.components), *(gate.uses for gate in found.gates)):
            assert set(uses) <= allowed
        assert "skills" in allowed or not (found.matched or found.missing)


@given(people, opportunities, attributes)
@settings(max_examples=500, deadline=None)
def test_the_explanation_adds_up(person: MatchFeatures, opportunity: NewOpportunity, allowed: frozenset[str]) -> None:
    for ranked in rank([Pair("psn", view(person, allowed), opportunity)], KNOWLEDGE, TODAY):
        parts = explanation(ranked, KNOWLEDGE).components
        assert 0 <= ranked.score.value <= 1
        assert round(sum(part.contribution for part in parts), 4) == ranked.score.value
        assert all(part.contribution >= 0 and 0 <= part.value <= 1 for part in parts)
        assert not parts or round(sum(part.weight for part in parts), 4) == 1


@given(st.dictionaries(st.text("abc", min_size=1), people, max_size=8), opportunities, attributes, st.randoms())
@settings(max_examples=200, deadline=None)
def test_the_order_is_total_and_does_not_depend_on_the_order_of_asking(
    known: dict[str, MatchFeatures], opportunity: NewOpportunity, allowed: frozenset[str], random: Any
) -> None:
    shuffled = list(known.items())
    random.shuffle(shuffled)
    found = answers(known, opportunity, allowed)
    assert found == answers(dict(shuffled), opportunity, allowed)
    assert [(id_, score) for id_, score, *_ in found] == sorted(
        ((id_, score) for id_, score, *_ in found), key=lambda pair: (-pair[1], pair[0])
    )


@given(people, opportunities, attributes)
@settings(max_examples=300, deadline=None)
def test_only_a_gate_that_is_not_met_removes_somebody(
    person: MatchFeatures, opportunity: NewOpportunity, allowed: frozenset[str]
) -> None:
    """Somebody of whom nothing is known stays wherever the opportunity itself is not over."""
    over = any(day is not None and day < TODAY for day in (opportunity.apply_until, opportunity.ends_on))
    nobody = rank([Pair("psn", view(MatchFeatures(), ATTRIBUTES), opportunity)], KNOWLEDGE, TODAY)
    assert bool(nobody) is not over
    assert over is False or not rank([Pair("psn", view(person, allowed), opportunity)], KNOWLEDGE, TODAY)


@given(people, opportunities, st.sampled_from(SKILLS))
@settings(max_examples=300, deadline=None)
def test_one_more_skill_never_harms(person: MatchFeatures, opportunity: NewOpportunity, skill: str) -> None:
    if person.skills is not None:
        more = person.model_copy(update={"skills": person.skills | {skill}})
        assert score_of(more, opportunity) >= score_of(person, opportunity)


BAKER = next(o for o in small_set().occupations.values() if o.labels["en"] == "baker")
PASTRY = next(o for o in small_set().occupations.values() if o.labels["en"] == "pastry maker")
WELDER = next(o for o in small_set().occupations.values() if o.labels["en"] == "welder")
BAKERY = NewOpportunity(
    kind="training",
    title="Baker",
    occupation=BAKER.uri,
    essential_skills=BAKER.essential_skills,
    municipality="Sofia",
    region="BG411",
)
AT_HOME = {"skills": BAKER.essential_skills, "work_history": [{"occupation": BAKER.uri, "months": 60}], "municipality": "Sofia"}


def score_of(person: MatchFeatures | dict[str, Any], opportunity: NewOpportunity) -> float:
    person = person if isinstance(person, MatchFeatures) else MatchFeatures.model_validate(person)
    found = rank([Pair("psn", view(person, ATTRIBUTES), opportunity)], KNOWLEDGE, TODAY)
    return found[0].score.value if found else 0.0


def test_people_are_ordered_as_a_placement_officer_would() -> None:
    """From the best to the least; each differs from the one before in one thing."""
    row: list[dict[str, Any]] = [
        {**AT_HOME, "wanted_occupations": [BAKER.uri]},
        {**AT_HOME},
        {**AT_HOME, "work_history": [{"occupation": BAKER.uri, "months": 6}]},
        {**AT_HOME, "work_history": [{"occupation": BAKER.uri, "months": 6}], "municipality": "Varna"},
        {**AT_HOME, "work_history": [{"occupation": WELDER.uri, "months": 60}], "municipality": "Varna"},
        {**AT_HOME, "work_history": [], "municipality": "Varna", "skills": BAKER.essential_skills[:10]},
        {**AT_HOME, "work_history": [], "municipality": "Varna", "skills": []},
    ]
    scores = [score_of(person, BAKERY) for person in row]
    assert scores == sorted(scores, reverse=True)
    assert len({*scores[:4], *scores[5:]}) == len(row) - 1
    assert score_of({**AT_HOME, "work_history": [{"occupation": PASTRY.uri, "months": 60}]}, BAKERY) > scores[4]


def test_an_empty_profile_does_not_outrank_an_honest_one() -> None:
    assert score_of({}, BAKERY) < score_of({**AT_HOME, "skills": BAKER.essential_skills[:20]}, BAKERY)


def test_one_zero_does_not_wipe_out_the_rest() -> None:
    assert score_of({**AT_HOME, "work_history": []}, BAKERY) > 0.35


def test_a_job_that_does_not_say_what_it_asks_for_does_not_stand_above_one_that_fits() -> None:
    silent = NewOpportunity(kind="job", title="Work in Sofia", municipality="Sofia", region="BG411")
    assert score_of(AT_HOME, silent) < score_of(AT_HOME, BAKERY)
    (ranked,) = rank([Pair("psn", view(MatchFeatures.model_validate(AT_HOME), ATTRIBUTES), silent)], KNOWLEDGE, TODAY)
    told = {part.component: (part.assumed, part.uses) for part in explanation(ranked, KNOWLEDGE).components}
    assert told == {"skills": ("opportunity", ()), "place": (None, ("municipality", "region", "max_distance_km"))}
    # A service asks for nothing by its nature.
    assert score_of(AT_HOME, silent.model_copy(update={"kind": "service"})) == 1.0


def test_what_a_person_has_not_stated_is_called_assumed() -> None:
    (ranked,) = rank([Pair("psn", view(MatchFeatures(), ATTRIBUTES), BAKERY)], KNOWLEDGE, TODAY)
    assert {part.assumed for part in explanation(ranked, KNOWLEDGE).components} == {"person"}


def test_few_common_skills_do_not_count_as_much_as_many() -> None:
    known = {"skills": BAKER.essential_skills}
    few, many = (NewOpportunity(kind="training", title="t", essential_skills=BAKER.essential_skills[:n]) for n in (1, 15))
    assert score_of(known, few) < score_of(known, many)


def test_two_years_in_two_places_are_two_years() -> None:
    year = {"occupation": BAKER.uri, "months": 12}
    assert score_of({**AT_HOME, "work_history": [year, year]}, BAKERY) == score_of(AT_HOME, BAKERY)


def test_a_rare_skill_counts_more_than_a_common_one() -> None:
    by_rarity = sorted(BAKER.essential_skills, key=small_set().rarity)
    common, rare = by_rarity[0], by_rarity[-1]
    job = NewOpportunity(kind="training", title="t", essential_skills=(common, rare))
    assert score_of({"skills": [rare]}, job) > score_of({"skills": [common]}, job)


@pytest.mark.parametrize(
    ("rights", "starts_on", "ends_on", "outcome", "code", "about"),
    [
        (None, None, None, "unknown", "check-right-to-work", {}),
        ([], None, None, "unknown", "check-right-to-work", {}),
        ([("yes", "2026-01-01", None)], None, None, "met", "right-to-work", {}),
        ([("yes", None, None)], "2027-09-01", None, "met", "right-to-work", {"start": "2027-09-01"}),
        ([("yes", "2026-01-01", "2027-03-01")], None, None, "met", "right-to-work-ends", {"until": "2027-03-01"}),
        ([("yes", "2026-01-01", "2027-02-28")], None, None, "unknown", "check-right-to-work", {}),
        ([("yes", "2026-01-01", "2027-06-30")], "2027-03-10", "2027-05-01", "met", "right-to-work", {}),
        (
            [("yes", "2026-01-01", "2027-06-30")],
            "2027-03-10",
            "2027-07-01",
            "met",
            "right-to-work-ends",
            {"until": "2027-06-30"},
        ),
        ([("yes", None, "2027-06-30"), ("yes", "2027-07-01", None)], "2027-03-10", "2027-09-01", "met", "right-to-work", {}),
        ([("yes", None, "2027-06-30"), ("no", "2027-07-01", None)], None, "2027-09-01", "met", "right-to-work-ends", {}),
        ([("limited", "2026-01-01", None)], None, None, "unknown", "limited-right-to-work", {}),
        ([("unknown", "2026-01-01", None)], None, None, "unknown", "check-right-to-work", {}),
        ([("no", "2026-01-01", None)], None, None, "not-met", "no-right-to-work", {"start": "2027-03-01"}),
        ([("no", None, "2027-04-30"), ("yes", "2027-05-01", None)], None, None, "unknown", "right-to-work-later", {}),
        ([("no", None, "2027-04-30"), ("unknown", "2027-05-01", None)], None, None, "unknown", "right-to-work-later", {}),
        ([("no", None, "2027-04-30"), ("yes", "2027-05-01", None)], None, "2027-04-30", "not-met", "no-right-to-work", {}),
        ([("no", None, "2027-04-30"), ("yes", "2027-05-01", None)], "2027-04-30", None, "not-met", "no-right-to-work", {}),
        ([("no", None, "2027-04-30"), ("yes", "2027-05-01", None)], "2027-05-01", None, "met", "right-to-work", {}),
        ([("no", "2026-01-01", None)], "2026-06-01", None, "not-met", "no-right-to-work", {"start": "2027-03-01"}),
    ],
)
def test_the_right_to_work_is_a_comparison_of_dates(
    rights: Any, starts_on: str | None, ends_on: str | None, outcome: str, code: str, about: dict[str, str]
) -> None:
    """What began already is judged today."""
    intervals = rights and [{"answer": answer, "from": first, "until": last, "rule": "r"} for answer, first, last in rights]
    gate = gate_of({"right_to_work": intervals}, {"starts_on": starts_on, "ends_on": ends_on}, "right-to-work")
    assert (gate.outcome, gate.code) == (outcome, code)
    assert about.items() <= gate.parameters.items()
    assert gate.rule == ("none.nothing-on-record" if gate.code == "check-right-to-work" and not covers(intervals) else "r")
    assert str(gate.on) == gate.parameters["start"]


def covers(intervals: Any) -> bool:
    return any((each["until"] or "9999") >= "2027-03-01" for each in intervals or ())


@pytest.mark.parametrize(
    ("held", "outcome"),
    [
        (None, "unknown"),
        ([], "not-met"),
        ([{"language": "ukr", "listening": "C2"}], "not-met"),
        ([{"language": "bul", "listening": "B1", "reading": "A2"}], "not-met"),
        ([{"language": "bul", "listening": "B1", "reading": "B1", "writing": None}], "met"),
        ([{"language": "bul", "listening": "C2", "reading": "A1", "writing": "A2"}], "met"),
    ],
)
def test_an_essential_language_is_a_gate(held: Any, outcome: str) -> None:
    need = {"languages": [{"language": "bul", "level": "B1"}, {"language": "eng", "level": "C2", "essential": False}]}
    assert gate_of({"languages": held}, need, "language").outcome == outcome


@pytest.mark.parametrize(("value", "outcome"), [(True, "met"), (False, "not-met"), (None, "unknown")])
def test_working_age_is_a_gate_for_jobs_alone(value: bool | None, outcome: str) -> None:
    assert gate_of({"of_working_age": value}, {}, "working-age").outcome == outcome
    for kind in sorted(KIND_PURPOSE.keys() - {"job"}):
        person = view(MatchFeatures(of_working_age=False), ATTRIBUTES)
        assert rank([Pair("psn", person, NewOpportunity(kind=kind, title="t"))], KNOWLEDGE, TODAY)


@pytest.mark.parametrize(
    ("free", "dates", "outcomes"),
    [
        (None, {}, []),
        (None, {"apply_until": "2027-03-01"}, ["met"]),
        (None, {"apply_until": "2027-02-28"}, ["not-met"]),
        (None, {"starts_on": "2027-04-01"}, ["met"]),
        ("2027-04-02", {"starts_on": "2027-04-01"}, ["unknown"]),
        ("2027-06-01", {"starts_on": "2027-04-01", "ends_on": "2027-05-01"}, ["met", "not-met"]),
    ],
)
def test_dates_are_gates(free: str | None, dates: dict[str, str], outcomes: list[str]) -> None:
    person = {"availability": {"from": free, "hours": "any"}} if free else {}
    assert [gate.outcome for gate in gates_of(person, dates) if gate.gate == "dates"] == outcomes


@pytest.mark.parametrize(
    ("state", "outcome", "code"),
    [
        (None, "unknown", "check-recognition"),
        ("recognised", "met", "recognised"),
        ("partially-recognised", "unknown", "recognition-pending"),
        ("in-progress", "unknown", "recognition-pending"),
        ("requested", "unknown", "recognition-pending"),
        ("refused", "not-met", "recognition-refused"),
    ],
)
def test_a_regulated_profession_wants_recognition(state: str | None, outcome: str, code: str) -> None:
    other = {"qualification": "Welder", "state": "recognised"}
    held = [other] + ([{"qualification": " nurse", "state": state}] if state else [])
    found = gate_of({"recognition": held}, {"regulated": "Nurse"}, "recognition")
    assert (found.outcome, found.code) == (outcome, code)
    assert gate_of({}, {"regulated": "Nurse"}, "recognition").outcome == "unknown"


def test_a_refusal_that_was_followed_by_recognition_keeps_nobody_out() -> None:
    held = [{"qualification": "Nurse", "state": state} for state in ("refused", "recognised")]
    assert gate_of({"recognition": held}, {"regulated": "Nurse"}, "recognition").outcome == "met"


@pytest.mark.parametrize(
    ("held", "wanted", "outcome"),
    [
        (None, ["B"], "unknown"),
        ([], ["B"], "not-met"),
        (["B"], ["B"], "met"),
        (["C"], ["B"], "met"),  # Directive 2006/126/EC, Article 6(1)(a)
        (["D"], ["B"], "met"),
        (["C1"], ["B"], "met"),
        (["CE"], ["BE", "C1"], "met"),  # Article 6(2)(a)
        (["B"], ["BE"], "not-met"),
        (["B"], ["AM"], "met"),
        (["B"], ["A1"], "not-met"),
        (["CE"], ["DE"], "not-met"),
        (["CE", "D"], ["DE"], "met"),  # Article 6(2)(b)
        (["B"], ["T"], "not-met"),
        (["A", "B"], ["A2", "C"], "not-met"),
    ],
)
def test_a_licence_is_a_gate(held: Any, wanted: list[str], outcome: str) -> None:
    assert gate_of({"driving_licences": held}, {"licences": wanted}, "licence").outcome == outcome


@pytest.mark.parametrize(("filled", "outcomes"), [(0, []), (1, ["met"]), (2, ["not-met"])])
def test_who_comes_to_a_full_offer_is_told(filled: int, outcomes: list[str]) -> None:
    found = gates_of({}, {"capacity": 2, "filled": filled})
    assert [gate.outcome for gate in found if gate.gate == "capacity"] == outcomes


@pytest.mark.parametrize(
    ("person", "condition", "outcome"),
    [
        ({"region": "BG411"}, ("region", "in", ["BG42", "BG41"]), "met"),
        ({"region": "BG421"}, ("region", "eq", "BG41"), "not-met"),
        ({}, ("region", "eq", "BG41"), "unknown"),
        ({"education_level": 3}, ("education_level", "le", 3), "met"),
        ({"education_level": 4}, ("education_level", "le", 3), "not-met"),
        ({"of_working_age": False}, ("of_working_age", "eq", True), "not-met"),
        ({"right_to_work": [{"answer": "yes", "rule": "r"}]}, ("right_to_work", "eq", "yes"), "met"),
        ({"right_to_work": [{"answer": "no", "rule": "r"}]}, ("right_to_work", "eq", "yes"), "not-met"),
        ({"right_to_work": [{"answer": "limited", "rule": "r"}]}, ("right_to_work", "eq", "yes"), "unknown"),
        ({"region": "BG411"}, ("gender", "eq", "female"), "unknown"),
    ],
)
def test_a_condition_is_a_gate(person: dict[str, Any], condition: tuple[str, str, Any], outcome: str) -> None:
    attribute, operator, value = condition
    conditions = [{"attribute": attribute, "operator": operator, "value": value}]
    gate = gate_of(person, {"kind": "training", "eligibility": conditions}, "eligibility")
    assert (gate.outcome, gate.uses) == (outcome, () if attribute == "gender" else (attribute,))


def gates_of(person: dict[str, Any], opportunity: dict[str, Any]) -> Any:
    whole = NewOpportunity.model_validate({"kind": "job", "title": "t", **opportunity})
    return check(view(MatchFeatures.model_validate(person), ATTRIBUTES), whole, TODAY)


def gate_of(person: dict[str, Any], opportunity: dict[str, Any], name: str) -> Any:
    (gate,) = (gate for gate in gates_of(person, opportunity) if gate.gate == name)
    return gate
