"""An export that somebody has changed, a thousand times: each is found, and it is said what was done and where."""

import json
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc.jwk import KeySet, OKPKey
from typer.testing import CliRunner

from gateway import retention
from gateway.calls import Caller, Entry, Outcome, Seen, Stated
from gateway.locating import located
from gateway.record import heads, merkle, verifying
from gateway.record import leaves as ledger_leaves
from gateway.record.commands import ledger as command
from gateway.record.heads_file import Line, marks_of
from gateway.record.verifying import Kept

COVERED, BEYOND, EVERY = 60, 7, 20
"""So many entries stand below heads, so many came later, and a head was made of every so many."""
BEGAN = datetime(2026, 6, 1, 12, tzinfo=UTC)
KEY = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
KEYS = KeySet([KEY])
Export = list[dict[str, Any]]


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- the same in every run


def written(number: int, chance: random.Random, outcome: Outcome = "answered") -> ledger_leaves.Leaf:
    people = tuple(Seen(str(uuid.UUID(int=each)), frozenset({"skills"})) for each in range(number % 4))
    entry = Entry(
        Caller("cli_x", f"organisation-{number % 5}"),
        Stated(None, "job-ranking", acting_user="Иван", justification="why"),
        "list",
        "person",
        outcome,
        decision=f"dec_{number}",
        people=people,
    )
    subjects = {seen.person: uuid.UUID(int=chance.getrandbits(128)) for seen in people}
    entry_id, at = uuid.UUID(int=chance.getrandbits(128)), BEGAN + timedelta(seconds=number)
    return ledger_leaves.made(entry, entry_id, at, "trace", subjects)


@dataclass(frozen=True)
class World:
    """A ledger that was exported, and the heads that were kept of it."""

    export: Export
    heads: Sequence[Line]

    def kept(self, *, marks: bool = True) -> Kept:
        lines = [json.loads(line.text()) for line in self.heads]
        for line in () if marks else lines:
            del line["marks"]
        return verifying.read_heads([json.dumps(line).encode() for line in lines], KEYS)


def exported(leaves: Sequence[ledger_leaves.Leaf]) -> Export:
    return [
        {"position": number, "told": dict(leaf.told), "kept": dict(leaf.kept), "people": [dict(each) for each in leaf.people]}
        for number, leaf in enumerate(leaves)
    ]


def signed(hashes: Sequence[bytes], sizes: Sequence[int]) -> list[Line]:
    return [
        Line(
            number,
            heads.signed(KEY, size, merkle.root_of(hashes[:size]), BEGAN + timedelta(minutes=number)),
            marks_of(hashes[since:size]),
        )
        for number, (since, size) in enumerate(zip([0, *sizes], sizes, strict=False), start=1)
    ]


@pytest.fixture(scope="module")
def world() -> World:
    chance = seeded(1)
    leaves = [written(number, chance) for number in range(COVERED + BEYOND)]
    hashes = [leaf.hash() for leaf in leaves]
    return World(exported(leaves), signed(hashes, range(EVERY, COVERED + 1, EVERY)))


def lines(export: Export) -> list[bytes]:
    return [orjson.dumps(line) for line in export]


def change(export: Export, at: int, chance: random.Random) -> None:
    """A word, a name, a number, a list, a pseudonym: any of them is enough."""
    line = export[at]
    part, name, value = chance.choice(
        [
            ("told", "organisation", "another"),
            ("told", "attributes", ["gender"]),
            ("told", "outcome", "denied"),
            ("told", "at", "2026-06-01T00:00:00.000000Z"),
            ("kept", "acting_user", None),
            ("kept", "withheld", 99),
            ("kept", "salt", "00"),
        ]
    )
    line[part][name] = value
    if line["people"] and chance.random() < 0.3:
        line["people"].pop()


def new_line(chance: random.Random) -> dict[str, Any]:
    return exported([written(chance.randrange(1_000, 2_000), chance)])[0]


def changed(export: Export, chance: random.Random) -> tuple[str, int]:
    at = chance.randrange(COVERED)
    change(export, at, chance)
    return "changed", at


def removed(export: Export, chance: random.Random) -> tuple[str, int]:
    at = chance.randrange(COVERED - 1)
    del export[at]
    return "removed", at


def inserted(export: Export, chance: random.Random) -> tuple[str, int]:
    at = chance.randrange(COVERED)
    export.insert(at, new_line(chance))
    return "inserted", at


def reordered(export: Export, chance: random.Random) -> tuple[str, int]:
    one, other = sorted(chance.sample(range(COVERED), 2))
    export[one], export[other] = export[other], export[one]
    return "reordered", one


def truncated(export: Export, chance: random.Random) -> tuple[str, int]:
    at = chance.randrange(COVERED)
    del export[at:]
    return "truncated", at


def rewritten(export: Export, chance: random.Random) -> tuple[str, int]:
    """From some entry on everything is another story, as long or longer than the true one."""
    at = chance.randrange(COVERED - 2)
    export[at:] = [new_line(chance) for _ in range(len(export) - at + chance.randrange(3))]
    return "rewritten", at


Manipulation = Callable[[Export, random.Random], tuple[str, int]]
MANIPULATIONS: Sequence[Manipulation] = (changed, removed, inserted, reordered, truncated, rewritten)


def manipulated(world: World, seed: int) -> tuple[Export, str, int]:
    """What was done, and the first entry that it was done to. Whoever does it numbers the entries anew."""
    chance = seeded(seed)
    export = [orjson.loads(line) for line in lines(world.export)]
    kind, at = MANIPULATIONS[seed % len(MANIPULATIONS)](export, chance)
    for number, line in enumerate(export):
        line["position"] = number
    return export, kind, at


def test_a_ledger_that_nobody_touched_is_well(world: World) -> None:
    for kept in (world.kept(), world.kept(marks=False)):
        found = verifying.verify(lines(world.export), kept)
        assert (found.entries, found.covered, found.findings) == (COVERED + BEYOND, COVERED, [])


def test_what_no_head_covers_is_not_judged(world: World) -> None:
    export = [orjson.loads(line) for line in lines(world.export)]
    change(export, COVERED, seeded(1))
    assert verifying.verify(lines(export), world.kept()).findings == []


def test_a_thousand_manipulations_are_found_with_what_was_done_and_where(world: World) -> None:
    kept = world.kept()
    wrong = []
    for seed in range(1_000):
        export, kind, at = manipulated(world, seed)
        told = verifying.verify(lines(export), kept).findings
        if not any(each.kind == kind and each.first <= at <= each.last for each in told):
            wrong.append((seed, kind, at, [(each.kind, each.first, each.last) for each in told]))
    assert not wrong


def test_with_roots_alone_each_is_found_between_two_heads(world: World) -> None:
    """As from an answer of the API, which has no marks: the place is as exact as heads were made often."""
    kept = world.kept(marks=False)
    wrong = []
    for seed in range(1_000):
        export, kind, at = manipulated(world, seed)
        told = verifying.verify(lines(export), kept).findings
        first = at // EVERY * EVERY
        if [(each.kind, each.first, each.last) for each in told] != [("differs", first, first + EVERY - 1)]:
            wrong.append((seed, kind, at, [(each.kind, each.first, each.last) for each in told]))
    assert not wrong


def test_several_things_at_once_are_told_apart(world: World) -> None:
    export = [orjson.loads(line) for line in lines(world.export)]
    change(export, 50, seeded(1))
    del export[30:33]
    export.insert(5, new_line(seeded(2)))
    told = {(each.kind, each.first, each.last) for each in verifying.verify(lines(export), world.kept()).findings}
    assert {("inserted", 5, 5), ("removed", 30, 32), ("changed", 50, 50)} <= told


def test_marks_that_lie_make_nothing_well(world: World) -> None:
    """Who can write where heads are kept, and has not the key, gains nothing: the root decides."""
    export, _, at = manipulated(world, 0)
    hashes = [line.hash for line in verifying.read_export(lines(export))]
    forged = [Line(line.number, line.head, marks_of(hashes[line.head.size - EVERY : line.head.size])) for line in world.heads]
    (told,) = verifying.verify(lines(export), World(export, forged).kept()).findings
    assert told.first <= at <= told.last


def test_two_histories_that_are_both_signed_are_told(world: World) -> None:
    """Who has the key, too, cannot take back what was kept outside."""
    export, _, _ = manipulated(world, 5)
    hashes = [line.hash for line in verifying.read_export(lines(export))]
    second = signed(hashes, range(EVERY, COVERED + 1, EVERY))
    told = verifying.verify(lines(export), World(export, [*world.heads, *second]).kept(marks=False)).findings
    assert "forked" in {each.kind for each in told}


def test_a_head_of_another_key_is_none(world: World) -> None:
    other = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
    with pytest.raises(verifying.NotAnExport):
        verifying.read_heads([line.text() for line in world.heads], KeySet([other]))


@pytest.mark.parametrize("spoiled", [b"{", b"[]", b'{"position": 1}', b'{"position": "x", "leaf": "00"}'])
def test_what_is_no_entry_is_said_to_be_none(world: World, spoiled: bytes) -> None:
    with pytest.raises(verifying.NotAnExport, match="line 4"):
        verifying.verify([*lines(world.export)[:3], spoiled], world.kept())


def stripped(world: World, count: int, said: str, beyond: int = 0) -> tuple[Export, Kept]:
    """A ledger of which retention took the first entries, and which says so."""
    chance = seeded(3)
    leaves = [written(number, chance) for number in range(COVERED)]
    entry = retention.entry(BEGAN.date(), 0, 0)
    leaf = ledger_leaves.made(entry, uuid.UUID(int=9), BEGAN, "trace", {})
    leaves.append(replace(leaf, kept={**leaf.kept, "reason": said}))
    hashes = [leaf.hash() for leaf in leaves]
    export = exported(leaves)
    for number in (*range(count), *([beyond] if beyond else [])):
        export[number] = {"position": number, "leaf": hashes[number].hex()}
    return export, World(export, signed(hashes, [len(leaves)])).kept()


def test_what_retention_took_is_known_by_its_hash(world: World) -> None:
    export, kept = stripped(world, 10, "before=2026-05 entries=10 below=10")
    found = verifying.verify(lines(export), kept)
    assert (found.hashes, found.findings) == (10, [])


@pytest.mark.parametrize(
    ("said", "beyond"),
    [
        ("before=2026-05 entries=10 below=10", 40),
        ("before=2026-05 entries=11 below=11", 40),
        ("before=2026-05 entries=9 below=10", 0),
        ("nothing of the kind", 0),
    ],
)
def test_an_entry_whose_words_are_withheld_is_told(world: World, said: str, beyond: int) -> None:
    export, kept = stripped(world, 10, said, beyond)
    (told,) = verifying.verify(lines(export), kept).findings
    assert told.kind == "withheld"


def test_the_command_needs_files_and_nothing_else(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATEWAY_DATABASE_URL", "GATEWAY_LEDGER_HEADS_DIR"):
        monkeypatch.delenv(name, raising=False)
    export, kept, key = (tmp_path / name for name in ("export", "heads", "key"))
    kept.write_bytes(b"".join(line.text() for line in world.heads))
    key.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))

    def run(of: Export, *more: str) -> tuple[int, str]:
        export.write_bytes(b"\n".join(lines(of)) + b"\n")
        done = CliRunner().invoke(command, ["verify", str(export), "--heads", str(kept), "--key", str(key), *more])
        return done.exit_code, done.stdout

    code, text = run(world.export)
    assert (code, "is what was signed" in text) == (0, True)
    spoiled, kind, at = manipulated(world, 1)
    code, text = run(spoiled, "--json")
    assert code == 1
    assert [(each["kind"], each["first"]) for each in json.loads(text)["findings"]] == [(kind, at)]
    key.write_text("{}")
    assert run(world.export)[0] == 2


def test_the_newest_heads_cover_what_older_ones_did(world: World) -> None:
    """Files of months that lie elsewhere are missed only where it is told which entry it is."""
    late = World(world.export, world.heads[len(world.heads) // 2 :])
    since = late.heads[0].head.size
    assert verifying.verify(lines(late.export), late.kept()).findings == []
    for at, kind in ((0, "differs"), (since - 1, "differs"), (since, "changed"), (COVERED - 1, "changed")):
        spoiled = [dict(line) for line in world.export]
        spoiled[at]["told"] = {**spoiled[at]["told"], "organisation": "another"}
        (told,) = verifying.verify(lines(spoiled), late.kept()).findings
        assert (told.kind, told.first <= at <= told.last) == (kind, True)


def test_heads_come_from_several_files_in_any_order_and_twice(world: World) -> None:
    of_file = [line.text() for line in world.heads]
    bare = [orjson.dumps({"number": line.number, **line.head.shown()}) for line in world.heads]
    assert verifying.read_heads([*reversed(of_file), *bare, *of_file[:3]], KEYS) == world.kept()


def test_what_follows_the_marks_is_no_finding() -> None:
    kept = [bytes([each]) for each in range(10)]
    for at in range(11):
        assert located(kept, [*kept, *([b"later"] * at)]) == []
