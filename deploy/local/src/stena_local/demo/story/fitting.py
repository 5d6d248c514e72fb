"""Fourth chapter: jobs that fit a person and people who fit a job, with reasons, through the same wall."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.box import HORIZONTALS
from rich.table import Table

from stena_local.demo.story.expectations import View, deviations, shortlist, views
from stena_local.demo.story.stage import Stage

_AGENCY: Final = ("employment-agency", "job-ranking")
_ROUNDING: Final = 0.005


def tell(stage: Stage) -> None:
    stage.chapter(
        "4  Matches with reasons",
        "The matcher is a client of the gateway like any other: it never held a name, an age, a gender or a faith. The agency\n"
        "sees which jobs fit Olena; the bakery sees who fits its job, and not who they are.",
    )
    _jobs(stage)
    _gaps(stage)
    _candidates(stage)


def _jobs(stage: Stage) -> None:
    person = stage.person_id(stage.olena, *_AGENCY)
    answer = stage.get(f"/v1/persons/{person}/matches", *_AGENCY, kind="job", limit=3)
    matches = answer.body.get("matches", []) if answer.status == 200 else []
    stage.console.print(_table("Jobs for Olena", "Job", [(match["opportunity"]["title"], match) for match in matches]))
    stage.findings.check(len(matches) == 3, "the agency gets the three best jobs", f"{answer.status}, {len(matches)} jobs")
    seen = next(view for view in views() if (view.organisation, view.purpose) == _AGENCY)
    stage.findings.all_of(unexplained(matches, seen), "every score is explained by what the agency may see")


def _gaps(stage: Stage) -> None:
    person = stage.person_id(stage.olena, *_AGENCY)
    answer = stage.get(f"/v1/persons/{person}/skill-gaps", *_AGENCY, kind="job", limit=3)
    gaps = answer.body.get("gaps", []) if answer.status == 200 else []
    table = Table(title="What would open more jobs to Olena", title_justify="left", title_style="bold", box=HORIZONTALS)
    for heading in ("Skill", "Jobs opened", "Jobs helped", "Taught by"):
        table.add_column(heading, max_width=40)
    for gap in gaps:
        courses = ", ".join(course["title"] for course in gap["courses"])
        table.add_row(gap["label"], str(gap["opens"]), str(gap["raises"]), courses or "–")
    stage.console.print(table)
    stage.findings.check(bool(gaps), "the agency sees what Olena could learn", f"{answer.status} {answer.reason}")
    seen = next(view for view in views() if (view.organisation, view.purpose) == _AGENCY)
    hidden = {name for gap in gaps for name in gap["uses"]} - seen.sees
    stage.findings.all_of(sorted(hidden), "what she could learn rests on what the agency may see")


def _candidates(stage: Stage) -> None:
    view = shortlist()
    job = _own_job(stage, view.organisation)
    if job is None:
        return stage.findings.check(False, f"{view.organisation} has a job on offer")
    answer = stage.get(f"/v1/opportunities/{job['id']}/candidates", view.organisation, view.purpose, limit=3)
    candidates = answer.body.get("candidates", []) if answer.status == 200 else []
    rows = [(_anonymous(candidate["person"]), candidate) for candidate in candidates]
    stage.console.print(_table(f"Who fits “{job['title']}”", "Somebody", rows))
    stage.findings.check(bool(candidates), "the bakery gets candidates for its own job", f"{answer.status} {answer.reason}")
    wrong = [text for found in candidates for text in deviations(view, stage.categories, found["person"])]
    stage.findings.all_of(wrong, "no candidate has a name, an age, a gender, an address")
    stage.findings.all_of(unexplained(candidates, view), "every score is explained by what the bakery may see")
    return None


def _own_job(stage: Stage, organisation: str) -> Mapping[str, Any] | None:
    page = stage.get("/v1/opportunities", organisation, "opportunity-management", own="true", kind="job", limit=100)
    jobs = page.body.get("opportunities", []) if page.status == 200 else []
    return next((job for job in jobs if job["title"].startswith("Baker ")), None)


def unexplained(pairs: Sequence[Mapping[str, Any]], view: View) -> Iterator[str]:
    """Scores that do not add up, are out of order, rest on what is withheld, or people that a gate should have removed."""
    scores = [pair["score"] for pair in pairs]
    if scores != sorted(scores, reverse=True):
        yield f"scores are not in order: {scores}"
    for pair in pairs:
        explanation = pair["explanation"]
        total = sum(component["contribution"] for component in explanation["components"])
        if abs(total - pair["score"]) > _ROUNDING:
            yield f"components add up to {total:.3f}, the score is {pair['score']:.3f}"
        used = {name for item in (*explanation["components"], *explanation["gates"]) for name in item["uses"]}
        if used - view.sees:
            yield f"the explanation uses {sorted(used - view.sees)}"
        if any(gate["outcome"] == "not-met" for gate in explanation["gates"]):
            yield "somebody whom a gate keeps out is in the list"


def _table(title: str, first: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=HORIZONTALS, show_lines=True)
    for heading, width in ((first, 26), ("Score", 5), ("Has", 32), ("Lacks", 26), ("Conditions", 24)):
        table.add_column(heading, max_width=width)
    for name, pair in rows:
        explanation = pair["explanation"]
        has, lacks = _labels(explanation["matched"]), _labels(explanation["missing"])
        table.add_row(name, f"{pair['score']:.2f}", has, lacks, _gates(explanation["gates"]))
    return table


def _gates(gates: Sequence[Mapping[str, Any]]) -> str:
    """The lawful conditions by their outcome; an unknown one says what a person has to check."""
    by_outcome: dict[str, list[str]] = {}
    for gate in gates:
        names = by_outcome.setdefault(gate["outcome"], [])
        if gate["gate"] not in names:
            names.append(gate["gate"])
    words = {"unknown": "to be verified"}
    return "\n".join(f"{words.get(outcome, outcome)}: {', '.join(names)}" for outcome, names in by_outcome.items())


def _labels(findings: Sequence[Mapping[str, Any]]) -> str:
    essential = [finding["label"] for finding in findings if finding["essential"]]
    others = len(findings) - len(essential)
    more = [f"and {others} optional"] if others else []
    return ", ".join(essential[:5] + ([f"{len(essential) - 5} more"] if len(essential) > 5 else []) + more) or "–"


def _anonymous(person: Mapping[str, Any]) -> str:
    attributes = person["attributes"]
    languages = ", ".join(sorted(language["language"] for language in attributes.get("languages") or ()))
    return f"{person['id'][:12]}…\n{attributes.get('region') or '–'}\n{languages}"
