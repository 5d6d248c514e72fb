"""What a person could learn: the skills that would open most opportunities, and the courses on offer that teach them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from matching_svc.gaps import CONSIDERED, Gap, gaps
from matching_svc.offers_shelf import asked_by_best
from matching_svc.routes.parts import Built, answer, granted
from matching_svc.routes.person import seen
from matching_svc.routes.ranking import shut_out
from matching_svc.store import courses
from matching_svc.vocabulary_answers import shown_in
from stena.contracts.access import Grant
from stena.contracts.matching import Opportunity
from stena.contracts.skill_gaps import SkillGap, SkillGapRequest, SkillGaps
from stena.database import transaction

router = APIRouter()


@router.post("/skill-gaps")
async def skill_gaps(request: SkillGapRequest, parts: Built, grant: Annotated[Grant, Depends(granted("match"))]) -> Response:
    """Of the opportunities that fit this person best today. Courses are not matched with the person: that is their own kind's
    purpose."""
    person = seen(request, parts.index, grant)
    if person is None:
        return answer(SkillGaps())
    offered, knowledge, today = await parts.offers.current(request.kind), parts.knowledge, datetime.now(UTC).date()
    shut = await shut_out(parts, request.kind)
    asked = partial(asked_by_best, offered, person, grant.rows, knowledge, today, CONSIDERED, shut)
    found = await asyncio.to_thread(lambda: gaps(person, asked(), knowledge, request.limit))
    async with transaction(parts.database) as connection:
        taught = await courses.teaching(connection, [gap.skill for gap in found.gaps], grant.rows, today)
    uses, language = person.allows("skills", "work_history"), shown_in(knowledge.vocabulary, request.languages)

    def shown(gap: Gap, lessons: Sequence[Opportunity]) -> SkillGap:
        label = knowledge.label(gap.skill, language)
        return SkillGap(uri=gap.skill, label=label, opens=gap.opens, raises=gap.raises, courses=tuple(lessons), uses=uses)

    shown_gaps = tuple(shown(gap, taught[gap.skill]) for gap in found.gaps)
    return answer(SkillGaps(gaps=shown_gaps, considered=found.considered, open=found.open))
