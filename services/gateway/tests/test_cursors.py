"""Cursors open for the list that they were made for, and tell nothing to whoever holds one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cursors import Bound, CursorInvalid, Cursors

CURSORS = Cursors(bytes(range(32)))
HERE = Bound("employment-agency", "job-ranking", "list", {"filters": [], "sort": None})

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda part: st.lists(part, max_size=3)
)


@given(st.text(max_size=50) | st.dictionaries(st.text(max_size=10), json, max_size=3), json)
def test_a_list_goes_on_where_it_stopped(position: Any, query: Any) -> None:
    bound = Bound("employment-agency", "job-ranking", "list", query)
    assert CURSORS.open(CURSORS.seal(position, bound), bound) == position


@pytest.mark.parametrize(
    "elsewhere",
    [
        Bound("reception-agency", "job-ranking", "list", HERE.query),
        Bound("employment-agency", "registration", "list", HERE.query),
        Bound("employment-agency", "job-ranking", "changes", HERE.query),
        Bound("employment-agency", "job-ranking", "list", {"filters": [], "sort": "skills"}),
    ],
)
def test_a_cursor_of_another_list_is_invalid(elsewhere: Bound) -> None:
    with pytest.raises(CursorInvalid):
        CURSORS.open(CURSORS.seal("x", elsewhere), HERE)


@given(st.text())
def test_any_text_is_either_a_cursor_or_invalid(text: str) -> None:
    with pytest.raises(CursorInvalid):
        CURSORS.open(text, HERE)


def test_a_cursor_of_another_key_is_invalid() -> None:
    with pytest.raises(CursorInvalid):
        CURSORS.open(Cursors(bytes(32)).seal("x", HERE), HERE)


def test_nothing_of_the_position_can_be_read() -> None:
    assert "Plovdiv" not in CURSORS.seal({"municipality": "Plovdiv"}, HERE)
