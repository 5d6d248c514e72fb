"""Heads, keys and proofs by call: they hold for whoever checks them with nothing else, and say nothing of an entry."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc.jwk import KeySet
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.record import heads, merkle
from gateway.record.heads import Head
from gateway.record.ledger import Ledger
from stena.contracts.condition import Overlaps

from .running import Caller, Running, head_keeper
from .test_ledger import ANNA
from .test_ledger_heads import write

AUDIT = "job-ranking"  # the neighbours of this gateway permit everything for any purpose
SIZES = (5, 9, 11)


@pytest.fixture
async def officer(running: Running, engine: AsyncEngine, key_files: Path, tmp_path: Path) -> Caller:
    """When there are entries, of which a head was signed whenever there were as many as ``SIZES`` say."""
    clock = [datetime.now(UTC)]
    keeper = head_keeper(engine, key_files, tmp_path, lambda: clock[0])
    caller, written = await running.caller(), 0
    for size in SIZES:
        await write(engine, size - written)
        written, clock[0] = size, clock[0] + timedelta(hours=1)
        await keeper.look()
    return caller


async def known(caller: Caller) -> KeySet:
    return heads.key_set((await caller.http.get("/.well-known/ledger-keys.json")).json())


async def signed(caller: Caller) -> dict[int, Head]:
    """Every head by its size, as whoever keeps them reads them."""
    answer = await caller.call("GET", "/v1/ledger/heads?limit=100", purpose=None)
    assert answer.status_code == 200, answer.text
    return {each["size"]: heads.read(each["jws"], await known(caller)) for each in answer.json()["heads"]}


async def test_heads_are_for_every_client_and_for_nobody_else(officer: Caller) -> None:
    assert set(SIZES) <= set(await signed(officer))
    assert (await officer.http.get("/v1/ledger/heads")).status_code == 401
    pages, before = [], ""
    while True:
        page = (await officer.call("GET", f"/v1/ledger/heads?limit=1{before}", purpose=None)).json()
        pages += [each["number"] for each in page["heads"]]
        if page["next"] is None:
            break
        before = f"&before={page['next']}"
    assert len(pages) >= len(SIZES)
    assert pages == sorted(set(pages), reverse=True)
    assert pages[-1] == 1


async def test_an_entry_is_proven_below_every_head_that_covers_it(officer: Caller, engine: AsyncEngine) -> None:
    entries = await Ledger(engine).of_person(uuid.UUID(ANNA), 50, None)
    for size in (None, *SIZES):
        wanted = "" if size is None else f"&size={size}"
        for entry in entries:
            answer = await officer.call("GET", f"/v1/ledger/proofs/inclusion?entry={entry.entry_id}{wanted}", purpose=AUDIT)
            if answer.status_code == 404:
                assert size in SIZES[:2], "an entry that came later is not below it"
                continue
            proof = answer.json()
            head = (await signed(officer))[proof["head"]["size"]]  # the newest may be newer than the answer before
            path = [bytes.fromhex(each) for each in proof["path"]]
            assert merkle.includes(head.root, head.size, proof["position"], bytes.fromhex(proof["leaf"]), path)
            assert "why" not in answer.text
            there = f"/v1/ledger/proofs/inclusion?position={proof['position']}{wanted}"
            assert (await officer.call("GET", there, purpose=AUDIT)).json()["leaf"] == proof["leaf"]


async def test_the_ledger_only_grew(officer: Caller) -> None:
    known_heads = await signed(officer)
    for first, second in ((5, 9), (5, 11), (9, 11), (11, 11)):
        answer = await officer.call("GET", f"/v1/ledger/proofs/consistency?first={first}&second={second}", purpose=AUDIT)
        path = [bytes.fromhex(each) for each in answer.json()["path"]]
        assert merkle.extends(first, known_heads[first].root, second, known_heads[second].root, path)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("inclusion?entry=0199d7a4-c0de-7000-a1b2-c3d4e5f60718", 404),
        ("inclusion?entry=nonsense", 400),
        ("inclusion?position=11", 404),
        ("inclusion", 400),
        ("inclusion?position=1&entry=0199d7a4-c0de-7000-a1b2-c3d4e5f60718", 400),
        ("inclusion?entry=0199d7a4-c0de-7000-a1b2-c3d4e5f60718&size=7", 400),
        ("consistency?first=5&second=10", 400),
        ("consistency?first=9&second=5", 400),
        ("consistency?first=0&second=5", 400),
        ("consistency?first=5", 400),
        ("consistency?first=5&second=9&third=1", 400),
    ],
)
async def test_what_cannot_be_proven(officer: Caller, query: str, status: int) -> None:
    answer = await officer.call("GET", f"/v1/ledger/proofs/{query}", purpose=AUDIT)
    assert answer.status_code == status, answer.text


async def test_a_proof_is_asked_for_through_the_wall(officer: Caller, running: Running) -> None:
    path = "/v1/ledger/proofs/consistency?first=5&second=9"
    before = len(await running.ledger())
    assert (await officer.call("GET", path, purpose=AUDIT)).status_code == 200
    assert [(each["operation"], each["resource"]) for each in (await running.ledger())[before:]] == [("read", "ledger")]
    assert (await officer.call("GET", path, purpose=None)).status_code == 400
    condition = Overlaps(fact="consents", values=("job-ranking",))
    running.neighbours.spoil_grant = lambda grant: grant.model_copy(update={"rows": condition})
    assert (await officer.call("GET", path, purpose=AUDIT)).status_code == 403
    running.neighbours.deny = {"reason": "not-necessary"}
    assert (await officer.call("GET", path, purpose=AUDIT)).status_code == 403
