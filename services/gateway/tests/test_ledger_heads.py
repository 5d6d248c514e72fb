"""Heads of the tree on a real PostgreSQL: when they are made, that they are kept outside, each going on from the one before."""

import asyncio
import json
import uuid
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from uuid_utils.compat import uuid7

from gateway.calls import Seen
from gateway.record import head_keeping, heads, heads_file, merkle, proofs
from gateway.record import leaves as ledger_leaves
from gateway.record.head_keeping import HeadKeeper, HeadsDiffer
from gateway.record.ledger import Ledger
from gateway.record.subjects import Subjects
from gateway.store import entries, tree
from gateway.store import heads as store
from stena import keys
from stena.database import transaction
from stena_local.testing import Database

from .running import head_keeper
from .test_ledger import ANNA, BORYS, ENTRY, rows

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keeper(engine: AsyncEngine, key_files: Path, tmp_path: Path, clock: Clock) -> HeadKeeper:
    return head_keeper(engine, key_files, tmp_path, clock)


async def write(engine: AsyncEngine, count: int) -> None:
    """All at once, however busy the machine is."""
    subjects = await Subjects(engine).of(seen.person for seen in ENTRY.people)
    made = [ledger_leaves.made(ENTRY, uuid7(), datetime.now(UTC), "trace", subjects) for _ in range(count)]
    async with transaction(engine) as connection:
        await entries.append(connection, made)


def kept(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in heads_file.files(folder) for line in file.read_text().splitlines()]


async def leaves(engine: AsyncEngine) -> Sequence[bytes]:
    async with transaction(engine) as connection:
        return await tree.leaves(connection, 0, 100_000)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head of every ten entries instead of every thousand."""
    monkeypatch.setattr(head_keeping, "ENTRIES", 10)


async def test_heads_are_made_of_every_so_many_entries_and_of_the_rest_in_time(
    engine: AsyncEngine, keeper: HeadKeeper, clock: Clock, tmp_path: Path, small: None
) -> None:
    await keeper.look()
    await write(engine, 25)
    await keeper.look()
    assert [each["size"] for each in kept(tmp_path)] == [0, 10, 20]
    for seconds, count in ((9, 3), (1, 4), (49, 4), (1, 5)):
        clock.now += timedelta(seconds=seconds)
        await keeper.look()
        assert len(kept(tmp_path)) == count
    assert [each["size"] for each in kept(tmp_path)] == [0, 10, 20, 25, 25], "that nothing came is said too"
    of_all = await leaves(engine)
    assert [bytes.fromhex(each["root"]) for each in kept(tmp_path)] == [
        merkle.root_of(of_all[: each["size"]]) for each in kept(tmp_path)
    ]


async def test_a_clock_that_was_set_back_keeps_no_head_from_being_made(
    engine: AsyncEngine, keeper: HeadKeeper, clock: Clock, tmp_path: Path
) -> None:
    await keeper.look()
    await write(engine, 3)
    clock.now -= timedelta(minutes=10)
    await keeper.look()
    await keeper.look()
    assert [each["size"] for each in kept(tmp_path)] == [0, 3]
    clock.now += timedelta(minutes=10)
    await write(engine, 1)
    await keeper.look()
    assert [each["size"] for each in kept(tmp_path)] == [0, 3, 4]


async def test_the_last_entry_of_so_many_is_waited_for_no_longer(
    engine: AsyncEngine, keeper: HeadKeeper, tmp_path: Path, small: None
) -> None:
    await keeper.look()
    for count, sizes in ((9, [0]), (1, [0, 10])):
        await write(engine, count)
        await keeper.look()
        assert [each["size"] for each in kept(tmp_path)] == sizes


async def test_a_single_entry_is_in_a_head_soon(engine: AsyncEngine, keeper: HeadKeeper, clock: Clock, tmp_path: Path) -> None:
    await keeper.look()
    await write(engine, 1)
    for seconds, sizes in ((9, [0]), (1, [0, 1])):
        clock.now += timedelta(seconds=seconds)
        await keeper.look()
        assert [each["size"] for each in kept(tmp_path)] == sizes


async def test_what_another_gateway_has_made_is_kept_before_any_is_due(
    engine: AsyncEngine, key_files: Path, tmp_path: Path, clock: Clock
) -> None:
    places = [tmp_path / name for name in ("one", "two")]
    for place in places:
        place.mkdir()
    one, two = (head_keeper(engine, key_files, place, clock) for place in places)
    await one.look()
    await two.look()
    clock.now += head_keeping.OFTEN
    await one.look()
    await two.look()
    assert [[each["number"] for each in kept(place)] for place in places] == [[1, 2]] * 2


async def test_a_leaf_that_is_missing_is_told_at_each_look_from_the_next_one_on(
    engine: AsyncEngine, owner: AsyncEngine, keeper: HeadKeeper
) -> None:
    """Long before a head is due."""
    await keeper.look()
    await write(engine, 5)
    await keeper.look()
    async with owner.begin() as connection:
        await connection.execute(text("DELETE FROM ledger_leaves WHERE position = 2"))
    for _ in range(2):
        with pytest.raises(ValueError, match="missing"):
            await keeper.look()
        with pytest.raises(HeadsDiffer):
            await keeper.is_well()


async def test_a_head_that_is_no_longer_there_is_made_anew(
    engine: AsyncEngine, owner: AsyncEngine, keeper: HeadKeeper, clock: Clock
) -> None:
    await keeper.look()
    await keeper.look()
    async with owner.begin() as connection:
        await connection.execute(text("DELETE FROM ledger_heads"))
    await keeper.look()
    assert await store.newest(engine) is not None


async def test_a_head_is_signed_by_a_key_that_is_kept(
    engine: AsyncEngine, keeper: HeadKeeper, tmp_path: Path, key_files: Path
) -> None:
    await write(engine, 3)
    await keeper.look()
    (line,) = kept(tmp_path)
    known = heads.key_set({"keys": await store.keys(engine)})
    head = heads.read(line["jws"], known)
    assert head.shown() == {name: line[name] for name in ("size", "root", "at", "jws")}
    header, payload, signature = line["jws"].split(".")
    for forged in (f"{header}.{payload}.{signature[::-1]}", f"{header}.{payload[:-4]}AAAA.{signature}", "", "a.b.c"):
        with pytest.raises(heads.HeadInvalid):
            heads.read(forged, known)
    key = keys.signing_key(key_files / "ledger" / "1")
    other = jws.serialize_compact(
        {"alg": "Ed25519", "kid": key.kid}, b64decode(payload + "==", altchars=b"-_"), key, algorithms=["Ed25519"]
    )
    with pytest.raises(heads.HeadInvalid):
        heads.read(other, known)  # signed by the same key, and not said to be a head


async def test_two_gateways_make_each_head_once(engine: AsyncEngine, key_files: Path, tmp_path: Path, small: None) -> None:
    await write(engine, 95)
    places = [tmp_path / name for name in ("one", "two")]
    for place in places:
        place.mkdir()
    both = [head_keeper(engine, key_files, place) for place in places]
    for _ in range(3):
        await asyncio.gather(*(each.look() for each in both))
    sizes = [each["size"] for each in kept(places[0])]
    assert sizes == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert kept(places[0]) == kept(places[1])


async def test_gateways_that_share_a_folder_keep_each_head_once(
    engine: AsyncEngine, key_files: Path, tmp_path: Path, small: None
) -> None:
    await write(engine, 35)
    both = [head_keeper(engine, key_files, tmp_path) for _ in range(2)]
    for _ in range(3):
        await asyncio.gather(*(each.look() for each in both))
    assert [each["number"] for each in kept(tmp_path)] == [1, 2, 3]


async def test_half_a_line_of_who_was_killed_is_written_anew(
    engine: AsyncEngine, keeper: HeadKeeper, key_files: Path, tmp_path: Path, small: None
) -> None:
    await write(engine, 20)
    await keeper.look()
    (file,) = heads_file.files(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-30])
    await head_keeper(engine, key_files, tmp_path, Clock()).look()
    assert file.read_bytes() == whole


async def test_a_month_has_a_file_of_its_own_and_only_the_newest_grows(
    engine: AsyncEngine, keeper: HeadKeeper, clock: Clock, key_files: Path, tmp_path: Path, small: None
) -> None:
    for days in (0, 30, -45, 46):  # once the clock goes back
        clock.now += timedelta(days=days)
        await write(engine, 10)
        await keeper.look()
    assert [file.name for file in heads_file.files(tmp_path)] == [f"heads-2026-{month}.ndjson" for month in ("06", "07")]
    assert [each["number"] for each in kept(tmp_path)] == [1, 2, 3, 4]
    (tmp_path / "heads-2026-08.ndjson").touch()  # of whoever was killed before the first line of it
    older = {file: file.read_bytes() for file in heads_file.files(tmp_path)[:-1]}
    clock.now += timedelta(days=40)
    await head_keeper(engine, key_files, tmp_path, clock).look()
    assert [each["number"] for each in kept(tmp_path)] == [1, 2, 3, 4, 5]
    assert older == {file: file.read_bytes() for file in older}


async def test_the_one_file_of_before_is_gone_on_from(
    engine: AsyncEngine, keeper: HeadKeeper, key_files: Path, tmp_path: Path, small: None
) -> None:
    await write(engine, 20)
    await keeper.look()
    heads_file.files(tmp_path)[0].rename(tmp_path / "heads.ndjson")
    await write(engine, 20)
    await head_keeper(engine, key_files, tmp_path).look()
    assert heads_file.files(tmp_path)[0].name == "heads.ndjson"
    assert [each["number"] for each in kept(tmp_path)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_leaves SET leaf = sha256('x') WHERE position = 3",
        "UPDATE ledger_heads SET root = sha256('x'), jws = 'x.y.z' WHERE number = 2",
        "DELETE FROM ledger_heads WHERE number = 2",
        "DELETE FROM ledger_leaves WHERE position = 12",
    ],
)
async def test_what_does_not_go_on_from_what_is_kept_is_not_kept(
    engine: AsyncEngine, owner: AsyncEngine, key_files: Path, tmp_path: Path, small: None, change: str
) -> None:
    async def look() -> None:
        await head_keeper(engine, key_files, tmp_path).look()

    await write(engine, 20)
    await look()
    before = kept(tmp_path)
    async with owner.begin() as connection:
        await connection.execute(text(change))
    await write(engine, 20)
    with pytest.raises((HeadsDiffer, ValueError)):
        await look()
    assert kept(tmp_path) == before


async def test_the_role_that_serves_changes_no_leaf_and_no_head(engine: AsyncEngine) -> None:
    for table in ("ledger_leaves", "ledger_nodes", "ledger_heads", "ledger_keys", "ledger_subjects"):
        for right in ("UPDATE", "TRUNCATE") if table == "ledger_subjects" else ("UPDATE", "DELETE", "TRUNCATE"):
            async with engine.begin() as connection:
                allowed = await connection.scalar(text(f"SELECT has_table_privilege('{table}', '{right}')"))
            assert not allowed, f"{right} on {table}"


async def test_every_person_of_an_entry_can_check_theirs_and_sees_nobody_elses(engine: AsyncEngine, keeper: HeadKeeper) -> None:
    others = tuple(Seen(str(uuid.UUID(int=number)), frozenset({"skills"})) for number in range(7))
    ledger = Ledger(engine)
    await ledger.record(replace(ENTRY, people=(*ENTRY.people, *others)))
    await write(engine, 5)
    await keeper.look()
    known = heads.key_set({"keys": await store.keys(engine)})
    for person in (ANNA, BORYS):
        for told in await ledger.of_person(uuid.UUID(person), 10, None):
            proof = await proofs.of_entry(engine, told.entry_id, told.subject)
            assert proof is not None
            assert proofs.holds(proof, known) is not None
            assert proof["told"]["entry_id"] == str(told.entry_id)
            assert proof["person"]["subject"] == str(told.subject)
            assert "why" not in json.dumps(proof), "the justification is the organisation's"
            for part, name, lie in (
                ("told", "organisation", "another"),
                ("told", "attributes", []),
                ("person", "besides", ["gender"]),
            ):
                assert proofs.holds({**proof, part: {**proof[part], name: lie}}, known) is None
            assert proofs.holds({**proof, "position": proof["position"] + 1}, known) is None


async def test_an_entry_has_a_proof_once_a_head_covers_it(engine: AsyncEngine, keeper: HeadKeeper) -> None:
    await keeper.look()
    await write(engine, 1)
    (told,) = await Ledger(engine).of_person(uuid.UUID(ANNA), 1, None)
    assert await proofs.of_entry(engine, told.entry_id, told.subject) is None


async def test_proofs_in_a_tree_of_several_kept_levels(engine: AsyncEngine, keeper: HeadKeeper) -> None:
    await write(engine, 700)
    await keeper.look()
    of_all = await leaves(engine)
    head = await store.newest(engine)
    assert head is not None
    assert (head.size, head.root) == (700, merkle.root_of(of_all))
    async for placed in entries.in_order(engine, 700):
        assert placed.leaf is not None
        assert placed.leaf.hash() == placed.hash == of_all[placed.position]
        if placed.position % 97 == 0:
            found = await proofs.included(engine, uuid.UUID(placed.leaf.told["entry_id"]), head)
            assert found is not None
            assert merkle.includes(head.root, 700, placed.position, placed.hash, found.path)
    for first in (1, 2, 255, 256, 257, 511, 512, 699, 700):
        path = await proofs.consistent(engine, first, 700)
        assert merkle.extends(first, merkle.root_of(of_all[:first]), 700, head.root, path)


async def test_gateways_that_write_at_once_lose_and_double_nothing(engine: AsyncEngine, database: Database) -> None:
    several = [create_async_engine(database.app_url) for _ in range(4)]
    await asyncio.gather(*(write(each, 5) for each in several for _ in range(10)))
    numbers = "SELECT count(*), count(DISTINCT entry_id), min(position), max(position) FROM ledger_leaves"
    assert await rows(engine, numbers) == [(200, 200, 0, 199)]
    assert await rows(engine, "SELECT count(*) FROM ledger JOIN ledger_leaves USING (entry_id, at)") == [(200,)]
    for each in several:
        await each.dispose()


@pytest.mark.parametrize("ends", ["commit", "rollback"])
async def test_a_commit_that_comes_late_skips_no_place_and_gets_no_place_of_another(
    engine: AsyncEngine, keeper: HeadKeeper, clock: Clock, ends: str
) -> None:
    """Whoever has numbered its leaves and not committed yet is waited for: nothing is signed that could still move."""
    await write(engine, 2)
    known = await Subjects(engine).of(seen.person for seen in ENTRY.people)
    late = [ledger_leaves.made(ENTRY, uuid7(), datetime.now(UTC), "late", known) for _ in range(3)]
    async with engine.connect() as connection:
        await connection.begin()
        await entries.append(connection, late)
        following = asyncio.create_task(write(engine, 4))
        await asyncio.sleep(0.1)
        assert not following.done()
        await keeper.look()
        signed = await store.newest(engine)
        assert signed is not None
        assert signed.size == 2
        await (connection.commit() if ends == "commit" else connection.rollback())
    await following
    clock.now += timedelta(minutes=1)
    await keeper.look()
    of_all, newest = await leaves(engine), await store.newest(engine)
    assert newest is not None
    assert newest.size == len(of_all) == (9 if ends == "commit" else 6)
    assert (of_all[2:5] == [leaf.hash() for leaf in late]) == (ends == "commit")
    path = await proofs.consistent(engine, 2, newest.size)
    assert merkle.extends(2, signed.root, newest.size, newest.root, path)
