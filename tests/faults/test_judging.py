"""What callers saw, made up: each thing that must not be is found, and nothing is where all is well."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from math import inf

import httpx
import pytest

from tests.leaks.canaries import Canary, Finder

from .asked import Asked, Asking, _out_of_form
from .faults import Fault
from .judging import Bounds, Span, verdict
from .load import Load
from .place import Place

BOUNDS = Bounds({"read": 2.0}, otherwise=3.0, recovered=5.0)
ENTRIES = {"decision-1": 1}


@asynccontextmanager
async def harmless(place: Place, load: Load) -> AsyncIterator[None]:
    yield


SPAN = Span(Fault("a fault", harmless), begun=10.0, in_force=10.5, ended=13.0, watched=20.0)
FAILED = Asked("read", 11.0, 11.5, 503)
WELL = Asked("read", 14.0, 14.1, 200, "decision-1", 1)


def broken(*calls: Asked, span: Span = SPAN) -> tuple[str, ...]:
    return verdict(span, calls, ENTRIES, BOUNDS).broken


def test_a_fault_that_was_felt_and_passed_is_well() -> None:
    assert broken(FAILED, WELL) == ()


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (replace(WELL, decision="decision-2"), "the ledger does not know"),
        (replace(WELL, decision=None), "the ledger does not know"),
        (replace(WELL, about=2), "the ledger does not know"),
        (replace(WELL, broken=("a withheld value came back",)), "withheld value"),
        (replace(WELL, status=None, about=0), "no answer at all"),
        (replace(WELL, ended=16.1), "an answer after 2.1 s"),
    ],
    ids=["another decision", "no decision", "more people", "withheld", "no answer", "late"],
)
def test_what_must_not_be_is_found(call: Asked, what: str) -> None:
    assert any(what in each for each in broken(FAILED, WELL, call))


def test_an_answer_while_nobody_can_decide_is_found() -> None:
    meanwhile = replace(WELL, begun=11.0, ended=11.1)
    shut = replace(SPAN, fault=Fault("shut", harmless, shut=True))
    assert any("nobody could decide" in each for each in broken(FAILED, meanwhile, WELL, span=shut))
    assert broken(FAILED, meanwhile, WELL) == ()


def test_what_never_succeeds_again_has_not_recovered() -> None:
    assert verdict(SPAN, [FAILED, WELL, Asked("list", 14.0, 14.2, 503)], ENTRIES, BOUNDS).recovered == inf
    late = [FAILED, replace(FAILED, begun=18.5, ended=19.0), replace(WELL, begun=19.1, ended=19.2)]
    assert verdict(SPAN, late, ENTRIES, BOUNDS).recovered == pytest.approx(6.0)
    assert any("not recovered" in each for each in broken(*late))


def test_nobody_is_at_the_door_while_it_is_away() -> None:
    nobody = Asked("read", 11.0, 14.0, None)
    away = replace(SPAN, fault=Fault("away", harmless, away=True))
    assert broken(nobody, WELL, span=away) == ()
    assert any("no answer at all" in each for each in broken(nobody, WELL))


def test_whoever_stands_at_a_door_where_nobody_is_notices_it() -> None:
    waited = replace(WELL, begun=11.0, ended=13.5)
    away = replace(SPAN, fault=Fault("away", harmless, away=True))
    assert broken(waited, WELL, span=away) == ()
    assert any("no fault" in each for each in broken(replace(waited, ended=11.1), WELL, span=away))


def test_a_fault_that_nobody_noticed_is_none() -> None:
    assert any("no fault" in each for each in broken(replace(WELL, begun=11.0, ended=11.1), WELL))


@pytest.mark.parametrize(
    ("answer", "well"),
    [
        (
            httpx.Response(503, json={"status": 503}, headers={"content-type": "application/problem+json", "retry-after": "1"}),
            True,
        ),
        (httpx.Response(503, json={"status": 503}, headers={"content-type": "application/problem+json"}), False),
        (httpx.Response(503, text="Service Unavailable"), False),
        (httpx.Response(500, json={"status": 500}, headers={"content-type": "application/problem+json"}), False),
        (httpx.Response(200, json={}), True),
    ],
    ids=["as it should be", "no Retry-After", "no problem document", "an incident", "an answer"],
)
def test_errors_are_problem_documents(answer: httpx.Response, well: bool) -> None:
    assert (list(_out_of_form(answer, refused=False)) == []) is well


def test_a_withheld_value_is_found() -> None:
    asking = Asking(Finder([Canary("somebody", frozenset({"email"}), "cnry001z@example.org")]))
    answer = httpx.Response(200, text="cnry001z@example.org", request=httpx.Request("GET", "http://gateway.test"))
    assert list(asking._seen(answer, {"somebody": {"email"}})) == []
    assert len(list(asking._seen(answer, {"somebody": {"phone"}}))) == 1
