"""Second chapter: what the wall refuses, and that a refusal gives nothing away."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from stena_local.demo.story.stage import Stage
from stena_local.demo.upstreams import Answer, get

_LANGUAGE: Final = "languages:has:ukr"
_GENDER: Final = "gender:eq:female"


def tell(stage: Stage) -> None:
    stage.chapter(
        "2  What the wall refuses",
        "A purpose has to be approved, and some never are. Whoever is not visible does not exist. And what is withheld cannot\n"
        "be asked about sideways, by a filter.",
    )
    table = Table("Who", "asks", "Answer", box=SIMPLE_HEAD)
    attempts = _attempts(stage)
    for attempt in attempts:
        answer = attempt.answer
        table.add_row(attempt.who, attempt.asks, f"[bold]{answer.status}[/bold] {answer.reason or _summary(answer)}")
    stage.console.print(table)
    stage.findings.all_of(_surprises(attempts), "each answer is the one that the rulebook wants")


@dataclass(frozen=True)
class _Attempt:
    """``status`` and ``reason`` are what the answer should be."""

    who: str
    asks: str
    answer: Answer
    status: int
    reason: str = ""


def _surprises(attempts: Sequence[_Attempt]) -> Iterator[str]:
    for attempt in attempts:
        wanted, found = (attempt.status, attempt.reason), (attempt.answer.status, attempt.answer.reason)
        if found != wanted:
            yield f"{attempt.who} asks {attempt.asks}: {wanted} is wanted, it is {found}"


def _attempts(stage: Stage) -> list[_Attempt]:
    agency, desk, office = "employment-agency", "return-desk", "guardians-office"
    not_approved = "purpose-not-approved"
    attempts = [
        _Attempt(desk, "for Olena, for return-enforcement", _any(stage, desk, "return-enforcement"), 403, "purpose-forbidden"),
        _Attempt(agency, "for Olena, for health-access", _any(stage, agency, "health-access"), 403, not_approved),
        _Attempt(office, "for Olena, an adult", stage.get_person(stage.olena, office, "guardianship"), 404, "not-found"),
        _Attempt(office, "for Omid, 15 and alone", stage.get_person(stage.omid, office, "guardianship"), 200),
        _Attempt(agency, f"for all with {_LANGUAGE}", _list(stage, _LANGUAGE), 200),
        _Attempt(agency, f"for all with {_GENDER}", _list(stage, _GENDER), 403, "attribute-not-disclosed"),
    ]
    if stage.inside is not None:
        answer = get(f"{stage.inside}/persons/{stage.olena}")
        attempts.append(_Attempt("somebody inside", "profile-svc itself, without a grant", answer, 401, "grant-refused"))
    return attempts


def _any(stage: Stage, organisation: str, purpose: str) -> Answer:
    """A purpose that is refused has no ids either: any id will do, and the answer is the same for all."""
    known_elsewhere = stage.person_id(stage.olena, "employment-agency", "job-ranking")
    return stage.get(f"/v1/persons/{known_elsewhere}", organisation, purpose)


def _list(stage: Stage, wanted: str) -> Answer:
    return stage.get("/v1/persons", "employment-agency", "job-ranking", filter=wanted, limit=10)


def _summary(answer: Answer) -> str:
    if isinstance(answer.body, dict) and "people" in answer.body:
        more = " and more" if answer.body.get("next") else ""
        return f"{len(answer.body['people'])} people{more}"
    return "one person"
