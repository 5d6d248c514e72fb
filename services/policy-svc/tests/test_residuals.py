"""Residual conditions stay small, and what is dropped was never needed."""

import pytest

from policy_svc.residuals import all_of, any_of, leaf
from stena.contracts.condition import AllOf, AnyOf, IsIn, Not, Overlaps, Residual, Within

A, B, C = (Overlaps(fact="assigned", values=(name,)) for name in "abc")
EMPTY = Overlaps(fact="assigned", values=())


@pytest.mark.parametrize(
    ("built", "wanted"),
    [
        (all_of([]), True),
        (any_of([]), False),
        (all_of([True, A]), A),
        (all_of([A, False, B]), False),
        (any_of([False, A]), A),
        (any_of([A, True, B]), True),
        (all_of([A, A]), A),
        (any_of([B, B]), B),
        (all_of([A, AllOf(of=(B, C))]), AllOf(of=(A, B, C))),
        (any_of([A, AnyOf(of=(B, C))]), AnyOf(of=(A, B, C))),
        (all_of([A, Not(of=A)]), False),
        (all_of([Not(of=A), B, A]), False),
        # Where the fact is unknown neither is true: this one must stay.
        (any_of([A, Not(of=A)]), AnyOf(of=(A, Not(of=A)))),
        (all_of([A, AnyOf(of=(A, B))]), A),
        (any_of([A, AllOf(of=(A, B))]), A),
        (all_of([AnyOf(of=(A, B)), C]), AllOf(of=(AnyOf(of=(A, B)), C))),
        (leaf(EMPTY), False),
        (leaf(IsIn(fact="created_by", values=())), False),
        (leaf(Within(fact="assigned", values=())), Within(fact="assigned", values=())),
    ],
)
def test_simplification(built: Residual, wanted: Residual) -> None:
    assert built == wanted
