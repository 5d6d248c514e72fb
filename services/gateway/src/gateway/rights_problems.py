"""The kinds of problem that corrections, restrictions and objections can meet. Data."""

from collections.abc import Mapping
from typing import Final

from gateway.problem_type import ProblemType

ABOUT_RIGHTS: Final[Mapping[str, ProblemType]] = {
    "nothing-to-object-to": ProblemType(
        400,
        "Malformed request",
        "Nobody who is meant processes for the purpose on GDPR Art 6(1)(e) or (f) alone; `legal_bases` are those that they "
        "process on. What rests on consent is ended by withdrawing it; what the law commands goes on.",
        "Look at who processes and on which basis: `recipients` in what is held about the person.",
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
