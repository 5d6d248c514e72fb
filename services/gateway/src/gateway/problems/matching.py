"""What can go wrong with conditions of opportunities and with allocations: the part of ``problem_types`` about them. Data."""

from collections.abc import Mapping
from typing import Final

from gateway.problems.problem_type import ProblemType

ABOUT_MATCHING: Final[Mapping[str, ProblemType]] = {
    "conditions-differ": ProblemType(
        400,
        "Malformed request",
        "The opportunities carry different conditions on protected attributes, and one job can ask the source one thing only.",
        "Place people at those that `errors` names in a job of their own.",
    ),
    "required-not-eligible": ProblemType(
        400,
        "Malformed request",
        "Somebody who has to be placed fails a condition of the opportunities.",
        "Look at `errors` for whom, and take them out of `required` or offer them another place.",
    ),
    "method-without-it": ProblemType(
        400,
        "Malformed request",
        "The method of the allocation has no room for something that the body asks for.",
        "Leave out what `errors` names, or choose the other method.",
    ),
    "condition-over": ProblemType(
        409,
        "Conflict",
        "A condition on a protected attribute has changed, or its approval has expired or was withdrawn.",
        "Have it approved anew or take it out of the opportunity, then ask again; an allocation has to be asked for anew.",
    ),
    "opportunity-not-allocatable": ProblemType(
        400,
        "Malformed request",
        "An opportunity of the allocation is closed, of another kind, not visible to you, or not there.",
        "Look at `errors` for which, and leave it out.",
    ),
    "reason-needed": ProblemType(
        400,
        "Malformed request",
        "What was decided is not what was proposed, and no reason was given.",
        "Say the reason: it is kept beside the proposal.",
    ),
    "already-approved": ProblemType(
        409, "Conflict", "The condition has its approval, which never changes.", "Read it at `GET /v1/eligibility-conditions`."
    ),
    "approval-over": ProblemType(
        409,
        "Conflict",
        "The condition's last day is over: nothing can rest on it any more.",
        "Propose it anew, with a reason of today.",
    ),
}
