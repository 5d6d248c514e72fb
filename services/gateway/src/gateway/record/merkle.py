"""Merkle trees after RFC 9162, section 2.1: heads of growing trees, and which subtrees prove what. Pure, and without storage.

A subtree is named by the leaves below it, ``(start, end)``; whoever keeps hashes looks them up by that.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final

Subtree = tuple[int, int]
"""From which leaf on, and up to which (exclusive)."""

EMPTY: Final = sha256(b"").digest()
"""The head of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree to which leaves are added. It keeps the hashes of those complete subtrees that nothing stands above, the largest
    first; they are as many as ``size`` has bits."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        if len(peaks) != size.bit_count():
            raise ValueError("as many hashes as the size has bits")
        self.size = size
        self._peaks = list(peaks)

    @property
    def peaks(self) -> tuple[bytes, ...]:
        return tuple(self._peaks)

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf by its hash. Returns the subtrees that it completes: level (0 is the leaf itself), index there, hash."""
        completed, index, level, hashed = [(0, self.size, leaf)], self.size, 0, leaf
        while index & 1:
            hashed = node_hash(self._peaks.pop(), hashed)
            index, level = index >> 1, level + 1
            completed.append((level, index, hashed))
        self._peaks.append(hashed)
        self.size += 1
        return completed

    def root(self) -> bytes:
        return folded(self._peaks)


def folded(peaks: Sequence[bytes]) -> bytes:
    """The head above complete subtrees that stand side by side, the largest first."""
    if not peaks:
        return EMPTY
    head = peaks[-1]
    for peak in reversed(peaks[:-1]):
        head = node_hash(peak, head)
    return head


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The head of a tree with these hashes as leaves."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def complete_parts(subtree: Subtree) -> Iterator[tuple[int, int]]:
    """The complete subtrees side by side that make up ``subtree``, as level and index, the largest first.

    ``subtree`` begins where one of its size may begin, as every subtree of a proof does.
    """
    start, end = subtree
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def inclusion(index: int, size: int) -> list[Subtree]:
    """What proves that leaf ``index`` is in the tree of ``size`` leaves, from the leaf upwards (RFC 9162, section 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    path, start, end = list[Subtree](), 0, size
    while end - start > 1:
        middle = start + _left(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency(first: int, second: int) -> list[Subtree]:
    """What proves that the tree of ``second`` leaves begins with the tree of ``first`` (RFC 9162, section 2.1.4.1)."""
    if not 0 < first <= second:
        raise ValueError("no earlier tree")
    path, start, end, known = list[Subtree](), 0, second, True
    while first < end:
        middle = start + _left(end - start)
        if first <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, known = middle, False
    return (path if known else [*path, (start, end)])[::-1]


def includes(root: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` proves that the hash ``leaf`` is number ``index`` below ``root`` (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, last, hashed = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if node & 1 or node == last:
            hashed = node_hash(step, hashed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        node, last = node >> 1, last >> 1
    return last == 0 and hashed == root


def extends(first: int, first_root: bytes, second: int, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether ``path`` proves that the second tree begins with the first (RFC 9162, section 2.1.4.2)."""
    if first == second:
        return first_root == second_root and not path
    if not 0 < first < second or not path:
        return False
    steps = iter(path if first & (first - 1) else [first_root, *path])
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    older = newer = next(steps)
    for step in steps:
        if last == 0:
            return False
        if node & 1 or node == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        node, last = node >> 1, last >> 1
    return last == 0 and older == first_root and newer == second_root


def _left(size: int) -> int:
    """How many leaves stand on the left: the largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)
