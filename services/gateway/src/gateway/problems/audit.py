"""What can go wrong with decisions about candidates and with audits: the part of ``problem_types`` that is about them. Data."""

from collections.abc import Mapping
from typing import Final

from gateway.problems.problem_type import ProblemType

ABOUT_AUDITS: Final[Mapping[str, ProblemType]] = {
    "not-shown": ProblemType(
        409,
        "Conflict",
        "Your organisation was not shown this person among the candidates of the opportunity: there is nothing to decide on.",
        "Ask for the candidates first, and decide on somebody who is among them.",
    ),
    "acting-user-missing": ProblemType(
        400,
        "Malformed request",
        "A decision about a person is a person's, and the call does not say whose.",
        "Send `Acting-User` with the one who decides.",
    ),
    "audit-too-close": ProblemType(
        409,
        "Conflict",
        "An earlier audit counted almost the same people. The difference between the two would tell of the few.",
        "Choose another period or opportunity, or wait until ten people more are among them.",
    ),
    "audit-too-few": ProblemType(
        409,
        "Conflict",
        "There are no two groups among the people who were considered that are large enough to be told apart.",
        "Choose a longer period, or a kind of opportunity in the place of one.",
    ),
    "audit-too-wide": ProblemType(
        400,
        "Malformed request",
        "More people were considered than one audit counts.",
        "Audit one opportunity.",
    ),
}
