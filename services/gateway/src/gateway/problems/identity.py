"""What can go wrong with who calls, and with who lets somebody call: the part of ``problem_types`` that is about them. Data."""

from collections.abc import Mapping
from typing import Final

from gateway.problems.problem_type import ProblemType

ABOUT_IDENTITY: Final[Mapping[str, ProblemType]] = {
    "proposal-settled": ProblemType(
        409,
        "Conflict",
        "The proposal was confirmed or withdrawn, its seven days are over, or its client was revoked meanwhile: see `state`.",
        "Look at `GET /v1/proposals?state=all`, and propose it anew if it is still wanted.",
    ),
    "acting-user-differs": ProblemType(
        400,
        "Malformed request",
        "The token was made for one user by its issuer, who vouches for that, and `Acting-User` names another.",
        "Leave `Acting-User` out: whom the token is of stands in the ledger.",
    ),
}
