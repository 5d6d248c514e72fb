"""Second chapter: what the wall refuses, and that a refusal gives nothing away."""

from rich.table import Table

from stena_local.demo.story.stage import Stage
from stena_local.demo.upstreams import Answer

_FAMILIES = "languages:has:ukr"
_GENDER = "gender:eq:female"


def tell(stage: Stage) -> None:
    stage.chapter(
        "2  What the wall refuses",
        "A purpose has to be approved, and some never are. Whoever is not visible does not exist. And what is withheld cannot\n"
        "be asked about sideways, by a filter.",
    )
    table = Table("Who", "asks", "Answer", padding=(0, 1))
    for title, asks, answer, status, reason in _attempts(stage):
        table.add_row(title, asks, f"[bold]{answer.status}[/bold] {answer.reason or _summary(answer)}")
        holds = answer.status == status and (reason is None or answer.reason == reason)
        stage.findings.check(holds, f"{title}: {asks} → {status}", f"{answer.status} {answer.reason}")
    stage.console.print()
    stage.console.print(table)


def _attempts(stage: Stage) -> list[tuple[str, str, Answer, int, str | None]]:
    """Who, what, the answer, and which status and problem it should have."""
    agency = "employment-agency"
    return [
        (
            "return-desk",
            "Olena, for return-enforcement",
            _without_id(stage, "return-desk", "return-enforcement"),
            403,
            None,
        ),
        (agency, "Olena, for health-access (not approved)", _without_id(stage, agency, "health-access"), 403, None),
        (
            "guardians-office",
            "Olena (an adult), for guardianship",
            stage.get_person(stage.olena, "guardians-office", "guardianship"),
            404,
            "not-found",
        ),
        (
            "guardians-office",
            "Omid (15, alone), for guardianship",
            stage.get_person(stage.omid, "guardians-office", "guardianship"),
            200,
            None,
        ),
        (agency, f"all with {_FAMILIES}, for job-ranking", _list(stage, _FAMILIES), 200, None),
        (agency, f"all with {_GENDER}, for job-ranking", _list(stage, _GENDER), 403, "attribute-not-disclosed"),
    ]


def _without_id(stage: Stage, organisation: str, purpose: str) -> Answer:
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
