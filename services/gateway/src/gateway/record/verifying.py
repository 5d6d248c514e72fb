"""Checks an export of the ledger against heads that were kept outside, with nothing but the public key. Pure.

A root says whether everything below it is as it was. Which entry it is that is not, the marks beside the heads tell: they prove
nothing, and nothing is found to be well because of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from joserfc.jwk import KeySet

from gateway import retention
from gateway.locating import Finding, located
from gateway.record import heads
from gateway.record.heads import Head, HeadInvalid
from gateway.record.heads_file import MARK, unmarked
from gateway.record.leaves import Leaf
from gateway.record.merkle import Growing

RETENTION: Final = (retention.OPERATION, retention.RESOURCE, "done")


class NotAnExport(Exception):
    """The file does not hold what was expected; the text says where."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The heads that were kept, oldest first, and the marks of the leaves from ``since`` on; of none where one has no marks."""

    heads: Sequence[Head]
    marks: Sequence[bytes]
    since: int = 0

    @property
    def last(self) -> Head:
        return self.heads[-1]


@dataclass(slots=True)
class Verified:
    """What came of it. ``covered`` entries stand below the last head; ``hashes`` of them are there by their hash alone."""

    entries: int = 0
    covered: int = 0
    hashes: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of an export. ``told`` is ``None`` where retention has left nothing but the hash."""

    number: int
    position: int
    hash: bytes
    told: Mapping[str, Any] | None
    reason: str | None = None


def read_heads(lines: Iterable[bytes], keys: KeySet) -> Kept:
    """The heads in files that were kept outside, or in answers of the API, line by line. Raises ``NotAnExport``.

    They may lack the oldest: the last one covers everything. Where an entry stands is told from the first that is there on."""
    found, marks = dict[Head, list[bytes]](), list[bytes]()
    for number, line in enumerate(filter(bytes.strip, lines), start=1):
        try:
            said = orjson.loads(line)
            head = heads.read(said["jws"], keys)
            mine = unmarked(said["marks"]) if "marks" in said else []
        except (HeadInvalid, ValueError, KeyError, TypeError):
            raise NotAnExport(f"heads, line {number}: no head that this key has signed") from None
        if len(mine) >= len(found.get(head, [])):
            found[head] = mine
    if not found:
        raise NotAnExport("There is no head to check against.")
    ordered = sorted(found, key=lambda head: (head.size, head.at))
    since = size = ordered[0].size - len(found[ordered[0]])
    for head in ordered:
        if len(found[head]) != head.size - size:
            return Kept(ordered, [])
        marks += found[head]
        size = head.size
    return Kept(ordered, marks, since)


def verify(export: Iterable[bytes], kept: Kept) -> Verified:
    """Raises ``NotAnExport`` for what is none at all; all else that is wrong is in the findings."""
    found, tree, marks, bad = Verified(), Growing(), list[bytes](), None
    roots = iter([head for head in kept.heads if head.size])
    due, good = next(roots, None), 0
    removed = Retention()
    for line in read_export(export):
        tree.add(line.hash)
        marks.append(line.hash[:MARK])
        removed.add(line)
        found.findings += _misplaced(line)
        while due is not None and due.size == tree.size:
            if bad is None and due.root == tree.root():
                good = due.size
            elif bad is None:
                bad = due
            due = next(roots, None)
    found.entries, found.covered = tree.size, min(tree.size, kept.last.size)
    found.hashes = removed.hashes
    found.findings = _forked(kept) + _told_apart(kept, marks, good, bad or due, found.findings) + removed.findings()
    return found


def read_export(lines: Iterable[bytes]) -> Iterator[Line]:
    """Every entry of an export, its hash made anew of what it says."""
    for number, text in enumerate(lines):
        if not text.strip():
            continue
        try:
            said = orjson.loads(text)
            if "leaf" in said:
                yield Line(number, int(said["position"]), bytes.fromhex(said["leaf"]), None)
                continue
            leaf = Leaf(said["told"], said["kept"], said["people"])
            yield Line(number, int(said["position"]), leaf.hash(), leaf.told, leaf.kept.get("reason"))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NotAnExport(f"line {number + 1}: no entry of the ledger") from None


class Retention:
    """Entries may be there by their hash alone, if one that is there says so: so many in all, and all of them below a place."""

    def __init__(self) -> None:
        self.hashes = 0
        self._last = -1
        self._said = self._below = 0

    def add(self, line: Line) -> None:
        if line.told is None:
            self.hashes, self._last = self.hashes + 1, line.number
        elif tuple(line.told.get(name) for name in ("operation", "resource", "outcome")) == RETENTION:
            self._said, self._below = retention.read(line.reason)

    def findings(self) -> list[Finding]:
        if (self.hashes, self._said) == (0, 0) or (self.hashes == self._said and self._last < self._below):
            return []
        what = f"there by their hash alone are {self.hashes} entries; the ledger tells of {self._said}, below {self._below}"
        return [Finding("withheld", 0, max(self._last, 0), what)]


def _misplaced(line: Line) -> list[Finding]:
    if line.position == line.number:
        return []
    return [Finding("misnumbered", line.number, line.number, f"it says that it is entry {line.position}")]


def _forked(kept: Kept) -> list[Finding]:
    """Two heads of one size with two roots: somebody with the key has signed two histories."""
    pairs = zip(kept.heads, kept.heads[1:], strict=False)
    return [
        Finding("forked", 0, one.size - 1, f"two histories of {one.size} entries are signed")
        for one, other in pairs
        if one.size == other.size and one.root != other.root
    ]


def _told_apart(
    kept: Kept, marks: Sequence[bytes], good: int, bad: Head | None, misnumbered: Sequence[Finding]
) -> list[Finding]:
    """What is wrong, given that the first ``good`` entries are well and the root of ``bad`` is not what they give, or is not
    reached. Numbers that do not fit are told where everything else is well: otherwise they say what is told already."""
    if bad is None:
        return list(misnumbered)
    if kept.marks and good >= kept.since:
        found = located(kept.marks[good - kept.since :], marks[good:], good)
        if found:
            return found
    what = f"one or more of them are not what was signed on {bad.at:%Y-%m-%d %H:%M:%S} UTC"
    if len(marks) < kept.last.size:
        what += f", and {kept.last.size - len(marks)} are missing"
    return [Finding("differs", good, bad.size - 1, what), *misnumbered]
