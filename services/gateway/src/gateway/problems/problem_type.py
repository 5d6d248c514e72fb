"""What is said of one kind of problem."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemType:
    """``status`` and ``title`` as they stand in the problem document; ``meaning`` and ``mend`` are sentences for people."""

    status: int
    title: str
    meaning: str
    mend: str
