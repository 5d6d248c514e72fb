"""The worked example of docs/matching.md, computed by the code that serves: one vacancy, three people, one audit.

    python -m tests.matching.example

prints it as the page has it; a test holds the page to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from matching_svc.allocation import flow, prices
from matching_svc.allocation.explaining import reasons
from matching_svc.allocation.problem import NOWHERE, UNIT, Problem
from matching_svc.esco.shipped import shipped
from matching_svc.features import ATTRIBUTES, MatchFeatures, view
from matching_svc.knowledge import Knowledge, knowledge
from matching_svc.model import shipped as model
from matching_svc.ranking import Pair, explanation, rank
from matching_svc.vocabulary import of_edition
from profile_svc.audit.report import Course, report
from stena.contracts.fairness import AuditReport
from stena.contracts.matching import Explanation, NewOpportunity

BAKER: Final = "baker"
TODAY: Final = date(2026, 3, 2)
PLACES: Final = ("bakery", "canteen")


def known() -> Knowledge:
    """Of the small set that ships."""
    return knowledge(of_edition(shipped()), model())


def vacancy(vocabulary: Knowledge) -> NewOpportunity:
    """A baker's work in Sofia as the small set describes it, for who speaks Bulgarian at B1."""
    at = _baker(vocabulary)
    concepts = vocabulary.vocabulary
    essential = concepts.essential.indices[concepts.essential.indptr[at] : concepts.essential.indptr[at + 1]]
    return NewOpportunity.model_validate(
        {
            "kind": "job",
            "title": "Baker",
            "occupation": concepts.uris[at],
            "essential_skills": [concepts.skill_uri(int(column)) for column in essential],
            "languages": [{"language": "bul", "level": "B1", "essential": False}],
            "education_level": 3,
            "region": "BG411",
            "starts_on": "2026-04-01",
            "ends_on": "2027-03-31",
        }
    )


def person(vocabulary: Knowledge) -> MatchFeatures:
    """Who has done half of it for a year, speaks A2, and may work until the end of the year."""
    asked = vacancy(vocabulary)
    return MatchFeatures.model_validate(
        {
            "skills": list(asked.essential_skills[::2]),
            "work_history": [{"occupation": asked.occupation, "months": 12}],
            "languages": [{"language": "bul", "listening": "A2", "interaction": "A2"}],
            "education_level": 2,
            "region": "BG421",
            "of_working_age": True,
            "right_to_work": [
                {"from": "2025-06-01", "until": "2026-12-31", "answer": "yes", "rule": "bgr.temporary-protection"}
            ],
        }
    )


def _baker(vocabulary: Knowledge) -> int:
    concepts = vocabulary.vocabulary
    return next(at for at in range(concepts.occupations) if concepts.label(concepts.uris[at]).startswith(BAKER))


def explained(vocabulary: Knowledge) -> tuple[float, Explanation]:
    pair = Pair("example", view(person(vocabulary), ATTRIBUTES), vacancy(vocabulary))
    (found,) = rank([pair], vocabulary, TODAY)
    return found.score.units / UNIT, explanation(found, vocabulary)


def scored() -> Iterator[str]:
    score, found = explained(known())
    yield "| component | value | weight | contribution |"
    yield "|---|---|---|---|"
    for each in found.components:
        yield f"| {each.component} | {each.value:.2f} | {each.weight:.4f} | {each.contribution:.4f} |"
    yield f"| score | | | **{score:.4f}** |"
    yield ""
    yield "| gate | outcome | code | rule | on |"
    yield "|---|---|---|---|---|"
    yield from (f"| {gate.gate} | {gate.outcome} | `{gate.code}` | `{gate.rule}` | {gate.on} |" for gate in found.gates)


SCORES: Final = {"ann": (9_000, 8_000), "ben": (8_500, 3_000), "cid": (4_000, 2_000)}


def allocated() -> Iterator[str]:
    """Three people and two places of one seat: ann fits both, and is sent to where she is worth most to all."""
    problem = Problem.of(np.array(list(SCORES.values()), np.int32), np.ones(2, np.int64))
    found = flow.solve(problem)
    yield "| person | fits the bakery | fits the canteen | proposed | why | price at the place wanted |"
    yield "|---|---|---|---|---|---|"
    for (name, fits), place, reason in zip(SCORES.items(), found.chosen.tolist(), reasons(problem, found), strict=True):
        proposed = "no place" if place == NOWHERE else PLACES[place]
        told = f"{reason.price / UNIT:.2f}"
        yield f"| {name} | {fits[0] / UNIT:.2f} | {fits[1] / UNIT:.2f} | {proposed} | `{reason.why}` | {told} |"
    seats = " + ".join(f"{price / UNIT:.2f}" for price in found.prices)
    gains = " + ".join(f"{gain / UNIT:.2f}" for gain in prices.best_gains(problem, found.prices))
    bound = prices.upper_bound(problem, found.prices) / UNIT
    yield ""
    yield f"Seats at their prices {seats}, and what each would still gain {gains}: none is worth more than {bound:.2f}."
    yield f"This one is worth {found.value / UNIT:.2f}, so there is no better one."


GROUPS: Final[Mapping[str, tuple[int, int, int]]] = {"male": (300, 150, 60), "female": (200, 100, 20), "non-binary": (4, 2, 1)}
"""Considered, shown, selected."""


def audit() -> AuditReport:
    group_of = {f"{group}-{at}": group for group, (size, _, _) in GROUPS.items() for at in range(size)}

    def first(stage: int) -> Sequence[str]:
        return [f"{group}-{at}" for group, counts in GROUPS.items() for at in range(counts[stage])]

    at = {"considered": first(0), "shown": first(1), "selected": first(2), "rejected": ()}
    return report("gender", Course(at, dict.fromkeys(at["shown"], 0.5)), group_of)


def audited() -> Iterator[str]:
    stages = {each.stage: each for each in audit().stages}
    yield "| stage | group | of | count | rate | ratio | 95 % | p (Holm) | finding |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name in ("shown", "selected"):
        compared = {each.group: each for each in stages[name].comparisons}
        for cell in stages[name].cells:
            beside = compared.get(cell.group)
            told = ("", "", "", "beside whom") if beside is None else _told(beside)
            row: tuple[Any, ...] = (name, cell.group, cell.base, cell.count, cell.rate, *told)
            yield "| " + " | ".join(map(str, row)) + " |"


def _told(beside: Any) -> tuple[str, str, str, str]:
    low, high = beside.ratio_interval
    return f"{beside.ratio[0]:.2f}", f"{low:.2f} to {high:.2f}", str(beside.p), beside.finding


def main() -> None:
    for part in (scored, allocated, audited):
        print("\n".join(part()), end="\n\n")


if __name__ == "__main__":
    main()
