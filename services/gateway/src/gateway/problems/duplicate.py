"""Problems of merging records. Data."""

from collections.abc import Mapping
from typing import Final

from gateway.problems.problem_type import ProblemType

ABOUT_DUPLICATES: Final[Mapping[str, ProblemType]] = {
    "merge-conflict": ProblemType(
        409,
        "The records differ",
        "The two records differ in what you see, and it was not said whose value stands.",
        "Look at `attributes`, ask the person, and say for each in `take`: `this`, `other`, or for lists `both`.",
    ),
    "merge-widens": ProblemType(
        409,
        "Somebody would see more",
        "By the merge somebody sees more of the person than of either record: whoever has a case of one of them (`assigned`), "
        "sees what the person consented to in one of them (`consents`), or looks after the region of one of them (`region`).",
        "If both are certainly one person, that is right: send it again with `widen`. It is written down that you knew.",
    ),
    "merge-restricted": ProblemType(
        409,
        "Hidden from somebody",
        "One of the records is restricted, and others have a case of the other one: merging would show it to them.",
        "Those cases have to be closed first, by whoever has them or by the person.",
    ),
    "merge-final": ProblemType(
        409,
        "Cannot be taken back",
        "The merge is more than a year ago, or another record was merged into the same one since.",
        "Take the later merge back first. After a year the records stay one; who is somebody else is registered anew.",
    ),
}
