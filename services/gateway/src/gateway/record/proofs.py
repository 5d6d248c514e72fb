"""Proofs from the ledger's tree: that an entry stands in it, and that it only ever grew.

A person's proof holds what they are told of an entry, and of everything else in it hashes: they can check it by themselves,
and learn of nobody else by it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from joserfc.jwk import KeySet

from gateway.record import heads, merkle
from gateway.record.heads import Head, HeadInvalid
from gateway.record.leaves import Leaf, Part, canonical, hash_of
from gateway.record.merkle import leaf_hash
from gateway.store import Engine, entries, tree
from gateway.store import heads as head_store

Proof = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Inclusion:
    """``leaf`` stands at ``position`` in the tree of ``head``, which ``path`` proves."""

    position: int
    leaf: bytes
    path: Sequence[bytes]
    head: Head


async def consistent(engine: Engine, first: int, second: int) -> list[bytes]:
    """That the tree of ``second`` entries begins with that of ``first``, both signed. Raises ``ValueError``."""
    wanted = merkle.consistency(first, second)
    found = await tree.hashes(engine, wanted)
    return [found[each] for each in wanted]


async def included(engine: Engine, entry: UUID | int, head: Head) -> Inclusion | None:
    """That the entry, by its id or its place, is in the tree of ``head``; ``None`` if it is in none, or in a later one."""
    position = entry if isinstance(entry, int) else (await tree.positions(engine, [entry])).get(entry)
    return None if position is None else (await _included(engine, [position], head)).get(position)


async def of_entry(engine: Engine, entry_id: UUID, subject: UUID) -> Proof | None:
    """What ``of_entries`` says of one entry."""
    return (await of_entries(engine, [(entry_id, subject)])).get(entry_id)


async def of_entries(engine: Engine, wanted: Collection[tuple[UUID, UUID]]) -> Mapping[UUID, Proof]:
    """Entry → proof that it stands in the tree as the person with that pseudonym is told of it. An entry that no head covers
    yet has none: within a minute it has one."""
    head = await head_store.newest(engine)
    if head is None or not wanted:
        return {}
    places = await tree.positions(engine, [entry for entry, _ in wanted])
    found = await _included(engine, places.values(), head)
    leaves = await entries.leaves_of(engine, list(places))
    return {
        entry: _shown(found[places[entry]], leaves[entry], str(subject))
        for entry, subject in wanted
        if entry in leaves and places[entry] in found
    }


def holds(proof: Proof, keys: KeySet) -> Head | None:
    """The head below which ``proof`` proves what it tells, if it does and one of ``keys`` has signed that head. Pure."""
    try:
        head = heads.read(proof["head"]["jws"], keys)
        own = proof["person"]
        listed = leaf_hash(canonical({name: own[name] for name in ("subject", "besides", "access_id")}))
        people = _root(listed, own["index"], own["of"], _bytes(own["path"]))
        leaf = hash_of(proof["told"], bytes.fromhex(proof["kept"]), people)
        held = merkle.includes(head.root, head.size, proof["position"], leaf, _bytes(proof["path"]))
    except (HeadInvalid, KeyError, TypeError, ValueError):
        return None
    return head if held else None


async def _included(engine: Engine, positions: Iterable[int], head: Head) -> dict[int, Inclusion]:
    """For those of ``positions`` that are below ``head``."""
    paths = {at: merkle.inclusion(at, head.size) for at in positions if at < head.size}
    subtrees = {each for path in paths.values() for each in path} | {(at, at + 1) for at in paths}
    found = await tree.hashes(engine, list(subtrees))
    return {at: Inclusion(at, found[at, at + 1], [found[each] for each in path], head) for at, path in paths.items()}


def _shown(found: Inclusion, leaf: Leaf, subject: str) -> Proof:
    index = next(number for number, each in enumerate(leaf.people) if each["subject"] == subject)
    return {
        "position": found.position,
        "told": leaf.told,
        "kept": sha256(canonical(leaf.kept)).hexdigest(),
        "person": {**leaf.people[index], "index": index, "of": len(leaf.people), "path": _hex(_path(leaf.people, index))},
        "path": _hex(found.path),
        "head": found.head.shown(),
    }


def _path(people: Sequence[Part], index: int) -> list[bytes]:
    hashes = [leaf_hash(canonical(each)) for each in people]
    return [merkle.root_of(hashes[start:end]) for start, end in merkle.inclusion(index, len(hashes))]


def _root(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that ``path`` leads to from a leaf."""
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    hashed = leaf
    for (start, _), step in zip(merkle.inclusion(index, size), path, strict=True):
        hashed = merkle.node_hash(step, hashed) if start < index else merkle.node_hash(hashed, step)
    return hashed


def _hex(hashes: Sequence[bytes]) -> list[str]:
    return [each.hex() for each in hashes]


def _bytes(hashes: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in hashes]
