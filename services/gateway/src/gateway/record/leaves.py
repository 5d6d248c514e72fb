"""An entry of the ledger as it is hashed: three parts, so that a person can check theirs without seeing the others. Pure.

INVARIANT: the bytes of an entry never change their form. Whoever verifies makes them anew from what is kept.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson

from gateway.calls import Entry, Seen
from gateway.record.merkle import leaf_hash, root_of

Part = Mapping[str, Any]

TOLD: Final = (
    "entry_id", "at", "organisation", "purpose", "operation", "resource", "outcome", "attributes", "decision", "rulebook",
)  # fmt: skip
"""What a person whom the entry is about is told of it."""
KEPT: Final = (
    "client", "acting_user", "case_reference", "justification", "reason", "rules", "withheld", "trace_id", "salt",
)  # fmt: skip
"""What is not told, with a salt, so that nobody finds it out by guessing. To the person it is one hash."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry in its three parts; ``people`` are in the order of their pseudonyms."""

    told: Part
    kept: Part
    people: Sequence[Part]

    def hash(self) -> bytes:
        return hash_of(self.told, sha256(canonical(self.kept)).digest(), root_of(self.people_hashes()))

    def people_hashes(self) -> list[bytes]:
        return [leaf_hash(canonical(each)) for each in self.people]


def hash_of(told: Part, kept: bytes, people: bytes) -> bytes:
    """The hash of the leaf whose other parts are known by their hashes alone."""
    return leaf_hash(canonical({"told": told, "kept": kept.hex(), "people": people.hex()}))


def canonical(part: Part) -> bytes:
    """JSON as RFC 8785 writes it: sorted names, no blanks, UTF-8. Parts hold text, whole numbers, lists, objects and null."""
    return orjson.dumps(part, option=orjson.OPT_SORT_KEYS)


def made(entry: Entry, entry_id: UUID, at: datetime, trace_id: str, subjects: Mapping[str, UUID]) -> Leaf:
    """``entry`` as it is written down now; ``subjects`` are the pseudonyms of its people."""
    shared = entry.attributes
    accesses = {access.person: access.id for access in entry.accesses}

    def listed(seen: Seen) -> Part:
        besides = sorted(seen.attributes - shared) or None
        return {"subject": str(subjects[seen.person]), "besides": besides, "access_id": accesses.get(seen.person)}

    told = {
        "entry_id": str(entry_id),
        "at": moment(at),
        "organisation": entry.caller.organisation,
        "purpose": entry.stated.purpose,
        "operation": entry.operation,
        "resource": entry.resource,
        "outcome": entry.outcome,
        "attributes": sorted(shared),
        "decision": entry.decision,
        "rulebook": entry.rulebook,
    }
    kept = {
        "client": entry.caller.client,
        "acting_user": entry.stated.acting_user,
        "case_reference": entry.stated.case,
        "justification": entry.stated.justification,
        "reason": entry.reason,
        "rules": list(entry.rules),
        "withheld": entry.withheld,
        "trace_id": trace_id,
        "salt": new_salt(),
    }
    return Leaf(told, kept, sorted(map(listed, entry.people), key=_subject))


def read(row: Mapping[str, Any], people: Sequence[Mapping[str, Any]]) -> Leaf:
    """The leaf that was made of a stored entry and the people that it lists."""
    listed = [
        {"subject": _text(each["subject"]), "besides": each["besides"], "access_id": _text(each["access_id"])}
        for each in people
    ]
    plain = {**row, "entry_id": str(row["entry_id"]), "at": moment(row["at"])}
    return Leaf(
        {name: plain[name] for name in TOLD},
        {name: plain[name] for name in KEPT},
        sorted(listed, key=_subject),
    )


def stored(leaves: Sequence[Leaf]) -> str:
    """What the database is given to store: of each entry all parts side by side, as JSON."""
    return orjson.dumps([{**leaf.told, **leaf.kept, "people": leaf.people} for leaf in leaves]).decode()


def new_salt() -> str:
    return secrets.token_hex(16)


def moment(at: datetime) -> str:
    """To the microsecond, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _subject(listed: Part) -> str:
    return str(listed["subject"])


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
