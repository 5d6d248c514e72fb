"""Why a pair fits, in items that each name the attributes they used. Pure; says nothing that the view does not hold."""

from collections.abc import Iterator

from matching_svc.features import View
from matching_svc.knowledge import Credit, Knowledge
from matching_svc.scoring import Score, components, credited
from stena.contracts.matching import Explanation, Gate, NearSkill, NewOpportunity, SkillFinding


def explain(
    view: View, opportunity: NewOpportunity, score: Score, gates: tuple[Gate, ...], knowledge: Knowledge, language: str = "en"
) -> Explanation:
    """The explanation of one ranked pair, with labels in ``language`` where there are any."""
    found = tuple(_found(view, opportunity, knowledge, language)) if view.allows("skills") else ()
    return Explanation(
        matched=tuple(skill for skill, credit in found if credit.because == "held"),
        near=tuple(_near(skill, credit, knowledge, language) for skill, credit in found if 0 < credit.percent < 100),
        missing=tuple(skill for skill, credit in found if credit.percent == 0),
        components=components(score, knowledge.model),
        gates=gates,
        model=knowledge.model.model,
    )


def _found(
    view: View, opportunity: NewOpportunity, knowledge: Knowledge, language: str
) -> Iterator[tuple[SkillFinding, Credit]]:
    """Every wanted skill, the essential ones first, then by label."""
    wanted = dict.fromkeys(opportunity.optional_skills, False) | dict.fromkeys(opportunity.essential_skills, True)
    found = credited(view, tuple(wanted), knowledge)
    labels = {uri: knowledge.label(uri, language) for uri in wanted}
    for uri in sorted(wanted, key=lambda each: (not wanted[each], labels[each], each)):
        yield SkillFinding(uri=uri, label=labels[uri], essential=wanted[uri]), found[uri]


def _near(skill: SkillFinding, credit: Credit, knowledge: Knowledge, language: str) -> NearSkill:
    assert credit.by is not None
    assert credit.because in ("broader", "group", "occupation")
    return NearSkill(
        **skill.model_dump(),
        counts=credit.percent / 100,
        because=credit.because,
        by=credit.by,
        by_label=knowledge.label(credit.by, language),
        uses=("skills", "work_history") if credit.because == "occupation" else ("skills",),
    )
