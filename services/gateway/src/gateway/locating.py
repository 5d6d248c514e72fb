"""Which entries differ between the marks that were kept and those that are there, and in what way. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Final, Literal

Kind = Literal[
    "changed", "removed", "inserted", "reordered", "truncated", "rewritten", "differs", "withheld", "misnumbered", "forked"
]

WORDS: Final = {
    "changed": "is not what was signed",
    "removed": "is missing",
    "inserted": "has entries before it that were not there",
    "reordered": "stands in another place",
    "truncated": "is missing, and all after it",
    "rewritten": "and all after it are not what was signed",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with the entries ``first`` to ``last`` (both included), counted as they were when they were signed."""

    kind: Kind
    first: int
    last: int
    what: str


def located(kept: Sequence[bytes], there: Sequence[bytes], offset: int = 0) -> list[Finding]:
    """What happened to ``kept`` that made ``there`` of it. What follows ``kept`` at the end of ``there`` was never signed, and
    is left out. Places are counted from ``offset``; an inserted entry stands before the one that is named.
    """
    pairs = zip_longest(kept, there[: len(kept)])
    start = next((at for at, (one, other) in enumerate(pairs) if one != other), len(kept))
    differences = list(_differences(kept[start:], there[start:]))
    moved = Counter(one for _, one, _ in differences if one) & Counter(other for _, _, other in differences if other)
    events = sorted({event for each in differences for event in _events(*each, moved)})
    return [_named(*each, len(kept), len(there), offset + start, start) for each in _runs(events)]


def _differences(kept: Sequence[bytes], there: Sequence[bytes]) -> Iterator[tuple[int, bytes | None, bytes | None]]:
    """Place in ``kept``, what was there, and what came instead."""
    for what, first, last, since, until in SequenceMatcher(None, kept, there, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        beyond = since + last - first if last == len(kept) else until
        for at, (one, other) in enumerate(zip_longest(kept[first:last], there[since : min(until, beyond)]), start=first):
            yield min(at, last), one, other


def _events(at: int, one: bytes | None, other: bytes | None, moved: Counter[bytes]) -> Iterator[tuple[Kind, int]]:
    lost, came = one is not None and one not in moved, other is not None and other not in moved
    if (one is not None and not lost) or (other is not None and not came):
        yield "reordered", at
    if lost and came:
        yield "changed", at
    elif lost:
        yield "removed", at
    elif came:
        yield "inserted", at


def _runs(events: Sequence[tuple[Kind, int]]) -> Iterator[tuple[Kind, int, int]]:
    """Neighbours to which the same happened, together."""
    for number, (kind, first) in enumerate(events):
        if number and events[number - 1] == (kind, first - 1):
            continue
        last = first
        while number + last - first + 1 < len(events) and events[number + last - first + 1] == (kind, last + 1):
            last += 1
        yield kind, first, last


def _named(kind: Kind, first: int, last: int, kept: int, there: int, offset: int, start: int) -> Finding:
    """What is removed, or changed, up to the end has a name of its own."""
    if start + last == kept - 1:
        if kind == "removed" and start + first >= there:
            kind = "truncated"
        if kind == "changed" and last > first:
            kind = "rewritten"
    return Finding(kind, offset + first, offset + last, WORDS[kind])
