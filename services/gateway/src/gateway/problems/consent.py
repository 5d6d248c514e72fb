"""The kinds of problem that recording a consent can meet. Data."""

from collections.abc import Mapping
from typing import Final

from gateway.problems.problem_type import ProblemType

ABOUT_CONSENT: Final[Mapping[str, ProblemType]] = {
    "consent-not-a-basis": ProblemType(
        400,
        "Malformed request",
        "Nothing of the purpose rests on consent: it rests on law (`legal_bases`) and goes on without it. To ask for consent "
        "would promise that a withdrawal ends something (GDPR Art 7, Recital 43).",
        "Ask for no consent here. `GET /v1/purposes` tells what is disclosed only with consent: `consent-missing`.",
    ),
    "guardian-needed": ProblemType(
        409,
        "Conflict",
        "The person is under age: what they say for themselves can be a no, and not a yes.",
        "Record the guardian's decision, `given_by: guardian`, and the child's own view beside it in `child_view`.",
    ),
    "guardian-not-entitled": ProblemType(
        409, "Conflict", "The person is of age: nobody decides about consent for them.", "Ask the person."
    ),
    "child-disagrees": ProblemType(
        409,
        "Conflict",
        "The guardian consents and the child disagrees. The child's view has to be given weight (CRC Art 12).",
        "Record a refusal; or say in `child_view_reason` how the view was weighed, if the consent is to stand nonetheless.",
    ),
}
