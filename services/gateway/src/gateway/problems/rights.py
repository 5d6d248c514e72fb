"""The kinds of problem that corrections, restrictions and objections can meet. Data."""

from collections.abc import Mapping
from typing import Final

from gateway.problems.problem_type import ProblemType

ABOUT_RIGHTS: Final[Mapping[str, ProblemType]] = {
    "nothing-to-object-to": ProblemType(
        400,
        "Malformed request",
        "Nobody who is meant processes for the purpose on GDPR Art 6(1)(e) or (f) alone; `legal_bases` are those that they "
        "process on. What rests on consent is ended by withdrawing it; what the law commands goes on.",
        "Look at who processes and on which basis: `recipients` in what is held about the person.",
    ),
    "code-invalid": ProblemType(
        400,
        "Malformed request",
        "No sign-in can be linked with this code: it is none, was used before, or its day is over; or the account stands for "
        "somebody already. Which of these is never told.",
        "Ask the organisation that verified you for another code.",
    ),
    "erasure-refused": ProblemType(
        409,
        "Conflict",
        "The law wants the record kept for now (GDPR Art 17(3)): `duties` say why, under which law and until when. Nothing was "
        "erased.",
        "Ask again when it is over. The person's `retention` tells it in your language.",
    ),
    "already-decided": ProblemType(
        409,
        "Conflict",
        "The correction was accepted, rejected or taken back, and that never changes: `state` says which.",
        "Propose it anew, with what speaks for it today.",
    ),
    "too-many-open": ProblemType(
        409,
        "Conflict",
        "So many corrections of the person wait for a decision that no more are taken.",
        "Take back what is no longer wanted, or wait for a decision.",
    ),
}
