"""Why a pair fits, in items that each name the attributes they used. Pure; says nothing that the view does not hold."""

from collections.abc import Iterator

from matching_svc.concepts import Concepts
from matching_svc.features import View
from matching_svc.model import Model
from matching_svc.scoring import Score, components
from stena.contracts.matching import Explanation, Gate, NewOpportunity, SkillFinding


def explain(
    view: View, opportunity: NewOpportunity, score: Score, gates: tuple[Gate, ...], model: Model, concepts: Concepts
) -> Explanation:
    """The explanation of one ranked pair."""
    found = tuple(_findings(opportunity, concepts)) if view.allows("skills") else ()
    held = view.features.skills or frozenset()
    return Explanation(
        matched=tuple(finding for finding in found if finding.uri in held),
        missing=tuple(finding for finding in found if finding.uri not in held),
        components=components(score, model),
        gates=gates,
        model=model.model,
    )


def _findings(opportunity: NewOpportunity, concepts: Concepts) -> Iterator[SkillFinding]:
    wanted = dict.fromkeys(opportunity.optional_skills, False) | dict.fromkeys(opportunity.essential_skills, True)
    for uri, essential in sorted(wanted.items(), key=lambda item: (not item[1], concepts.label(item[0]), item[0])):
        yield SkillFinding(uri=uri, label=concepts.label(uri), essential=essential)
