import pytest
from hypothesis import given
from pydantic import TypeAdapter

from stena.contracts.condition import AllOf, AnyOf, Condition, IsIn, Not, Overlaps, Within, evaluate, facts_used, holds

from .conditions import conditions, records

assigned = Overlaps(fact="assigned", values=("agency",))
unknown = IsIn(fact="minor", values=(True,))


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (AllOf(of=(assigned, unknown)), None),
        (AllOf(of=(Not(of=assigned), unknown)), False),
        (AnyOf(of=(assigned, unknown)), True),
        (AnyOf(of=(Not(of=assigned), unknown)), None),
        (Not(of=unknown), None),
        (AllOf(of=()), True),
        (AnyOf(of=()), False),
    ],
)
def test_kleenes_tables(condition: Condition, wanted: bool | None) -> None:
    assert evaluate(condition, {"assigned": ["agency"]}) is wanted


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        (assigned, {"assigned": "agency"}),  # text is not a set, and "agency" is not one of its letters
        (assigned, {"assigned": ["agency", 1]}),
        (IsIn(fact="minor", values=(True,)), {"minor": 1}),
        (Within(fact="assigned", values=("agency",)), {}),
    ],
)
def test_missing_and_mistyped_facts_are_unknown(condition: Condition, facts: dict[str, object]) -> None:
    assert evaluate(condition, facts) is None  # type: ignore[arg-type]  # mistyped on purpose
    assert not holds(condition, facts)  # type: ignore[arg-type]


def test_a_boolean_is_never_equal_to_text() -> None:
    assert evaluate(IsIn(fact="created_by", values=(True,)), {"created_by": "True"}) is False


@given(conditions, records)
def test_only_the_facts_named_matter(condition: Condition, record: dict[str, object]) -> None:
    named = {fact: value for fact, value in record.items() if fact in facts_used(condition)}
    assert evaluate(condition, record) is evaluate(condition, named)  # type: ignore[arg-type]


@given(conditions)
def test_a_condition_survives_the_wire(condition: Condition) -> None:
    adapter: TypeAdapter[Condition] = TypeAdapter(Condition)
    assert adapter.validate_json(adapter.dump_json(condition)) == condition


@given(conditions, records)
def test_knowing_more_never_turns_a_decided_condition(condition: Condition, record: dict[str, object]) -> None:
    decided = evaluate(condition, {})
    assert decided is None or evaluate(condition, record) is decided  # type: ignore[arg-type]
