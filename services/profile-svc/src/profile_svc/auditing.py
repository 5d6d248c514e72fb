"""Audits at the source: the groups of those who were counted are looked up here, and only the report leaves.

INVARIANT: people are counted only in the rows of the grant; what a person's group is goes into no answer and no log.
"""

import asyncio
from typing import Final
from uuid import UUID

from profile_svc import reading
from profile_svc.attributes import Attributes
from profile_svc.audit.groups import group
from profile_svc.audit.report import STAGES, Course, report
from profile_svc.store.vault import Vault
from stena.contracts.access import Disclosure, Grant
from stena.contracts.fairness import AuditReport, GroupQuestion

AT_ONCE: Final = 1_000


async def audit(vault: Vault, grant: Grant, attributes: Attributes, question: GroupQuestion) -> AuditReport:
    """Raises ``TooFew`` where there are no two groups that may be told apart, and ``ValueError`` for what is no id."""
    # The grant discloses no attribute to anybody: this view of people is counted and dropped.
    counting = grant.model_copy(update={"disclose": {question.attribute: Disclosure(when=True)}, "withhold": {}})
    seen_by = reading.viewer(vault, counting, attributes, [question.attribute])
    ids = [UUID(person) for person in dict.fromkeys(question.considered)]
    group_of: dict[str, str] = {}
    for start in range(0, len(ids), AT_ONCE):
        views = await reading.resolve(vault, seen_by, ids[start : start + AT_ONCE])
        group_of |= {view["id"]: group(question.attribute, view["attributes"][question.attribute]) for view in views}
    at = {stage: frozenset(getattr(question, stage)) for stage in ("considered", *(stage for stage, _ in STAGES))}
    return await asyncio.to_thread(report, question.attribute, Course(at, question.exposure), group_of)
