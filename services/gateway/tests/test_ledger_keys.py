"""The key of the ledger's heads, renewed while heads are made: nothing that was ever signed becomes doubtful, and a key that
nobody has vouched for signs nothing that is believed."""

import asyncio
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from gateway.main import create_app
from gateway.record import head_keeping, heads, verifying
from gateway.record import keys as ledger_keys
from gateway.record.commands import ledger as command
from gateway.record.head_keeping import HeadKeeper, HeadsDiffer
from gateway.record.heads import VOUCHED, HeadInvalid
from gateway.record.heads_file import HeadsFolder
from gateway.record.keys import LedgerKeys
from gateway.store import heads as store
from stena import keys
from stena.keys import KeyFileError
from stena_local.testing import Database

from .neighbours import Neighbours
from .running import operator_environment, serving, settings
from .test_id_keys import age, until
from .test_ledger_heads import Clock, kept, write
from .test_ledger_upkeep import exported


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "keys"
    made.mkdir()
    keys.make_signing_key(made / "1")
    return made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    made = tmp_path / "heads"
    made.mkdir()
    return made


def renew(folder: Path) -> None:
    version = ledger_keys.stage(folder)
    ledger_keys.activate(folder, rest=0)
    ledger_keys.retire(folder, rest=0)
    assert not ledger_keys.read(folder).by_version[version - 1].is_private


def published(folder: Path) -> list[dict[str, Any]]:
    return [dict(each) for each in LedgerKeys(ledger_keys.read(folder)).public]


def stranger(**words: str) -> dict[str, Any]:
    key = OKPKey.generate_key("Ed25519", auto_kid=True)
    return {**key.as_dict(private=False), **words}


def test_a_key_signs_after_it_was_published_and_leaves_what_checks(folder: Path) -> None:
    first = ledger_keys.read(folder).by_version[1]
    assert ledger_keys.stage(folder) == ledger_keys.stage(folder) == 2
    waiting = LedgerKeys(ledger_keys.read(folder))
    assert waiting.signing.kid == first.kid
    assert [each["kid"] for each in waiting.public] == [key.kid for key in waiting.known.keys]
    with pytest.raises(KeyFileError, match="younger"):
        ledger_keys.activate(folder)
    age(folder / "2.staged")
    ledger_keys.activate(folder)
    with pytest.raises(KeyFileError, match="signs for less"):
        ledger_keys.retire(folder)
    assert ledger_keys.read(folder).by_version[1].is_private
    assert ledger_keys.retire(folder, rest=0) == [1]
    assert ledger_keys.retire(folder) == []
    done = LedgerKeys(ledger_keys.read(folder))
    assert done.signing.kid == waiting.public[1]["kid"]
    assert done.public == waiting.public
    assert sorted(file.name for file in folder.iterdir()) == ["1", "2"]
    assert '"d"' not in (folder / "1").read_text(), "the private part"


def test_nothing_is_served_with_keys_that_are_not_of_one_line(folder: Path) -> None:
    renew(folder)
    lone = json.dumps(stranger())
    for spoil in (lambda: (folder / "1").unlink(), lambda: (folder / "1").write_text(lone)):
        spoil()
        with pytest.raises(KeyFileError, match="one line"):
            LedgerKeys(ledger_keys.read(folder))
    (folder / "2").write_text(lone)
    with pytest.raises(KeyFileError, match="no private part"):
        LedgerKeys(ledger_keys.read(folder))


def test_who_holds_the_first_key_believes_what_came_of_it_and_nothing_else(folder: Path) -> None:
    for _ in range(3):
        renew(folder)
    first, *later = published(folder)
    everything = {key["kid"] for key in (first, *later)}
    assert {key.kid for key in heads.key_set({"keys": [*reversed(later), first]}).keys} == everything
    assert {key.kid for key in heads.key_set(first, {"keys": [first, *later]}).keys} == everything
    assert {key.kid for key in heads.key_set(first, {"keys": later}).keys} == everything
    alone = stranger()
    assert {key.kid for key in heads.key_set(first, {"keys": [first, *later]}, alone).keys} == {*everything, alone["kid"]}
    for wrong in (
        [first, *later, stranger()],
        [first, *later, stranger(vouched=later[-1][VOUCHED])],
        [first, *later, stranger(vouched="a.b.c")],
        [first, *later[1:]],
        [stranger(kid=first["kid"]), *later],
        [first, *later, {**stranger(kid=later[0]["kid"]), VOUCHED: later[0][VOUCHED]}],
        later,
        [],
    ):
        with pytest.raises(HeadInvalid):
            heads.key_set({"keys": wrong})
    for other in (stranger(kid=first["kid"]), {"keys": [stranger()]}, {"keys": [stranger(), *later]}):
        for known in (first, {"keys": [first]}):
            with pytest.raises(HeadInvalid):
                heads.key_set(known, other)


async def test_heads_of_several_keys_are_one_history(
    engine: AsyncEngine, folder: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head_keeping, "ENTRIES", 10)
    before = published(folder)[0]
    signing = LedgerKeys(ledger_keys.read(folder))
    keeper = HeadKeeper(engine, signing, HeadsFolder(outside))
    async with ledger_keys.followed(folder, signing, look=0.01):
        for version in (1, 2, 3):
            if version > 1:
                ledger_keys.stage(folder)
                await until(lambda version=version: len(signing.public) == version)
                ledger_keys.activate(folder, rest=0)
                await until(lambda: signing.signing.kid == signing.public[-1]["kid"])
                ledger_keys.retire(folder, rest=0)
            await write(engine, 20)
            await keeper.look()
    after = {"keys": list(await store.keys(engine))}
    lines = [json.dumps(each).encode() for each in kept(outside)]
    assert len({each["jws"].split(".")[0] for each in kept(outside)}) == 3, "each key has signed"
    for known in (heads.key_set(after), heads.key_set(before, after)):
        found = verifying.verify(await exported(engine), verifying.read_heads(lines, known))
        assert (found.entries, found.covered, found.findings) == (60, 60, [])
    with pytest.raises(verifying.NotAnExport):
        verifying.read_heads(lines, heads.key_set(before))


async def test_a_head_that_somebody_else_has_signed_is_not_kept(
    engine: AsyncEngine, owner: AsyncEngine, folder: Path, outside: Path
) -> None:
    keeper = HeadKeeper(engine, LedgerKeys(ledger_keys.read(folder)), HeadsFolder(outside), clock=Clock())
    await write(engine, 3)
    await keeper.look()
    honest = kept(outside)
    forger = OKPKey.generate_key("Ed25519", auto_kid=True)
    await store.add_key(engine, str(forger.kid), forger.as_dict(private=False), datetime.now(UTC))
    forged = heads.signed(forger, 3, bytes.fromhex(honest[0]["root"]), datetime.now(UTC))
    async with engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO ledger_heads SELECT 2, size, root, :at, peaks, :jws FROM ledger_heads"),
            {"at": forged.at, "jws": forged.jws},
        )
    with pytest.raises(HeadsDiffer):
        await keeper.look()
    assert kept(outside) == honest
    with pytest.raises(HeadInvalid, match="nobody has vouched"):
        heads.key_set({"keys": list(await store.keys(engine))})


async def test_an_operator_renews_the_key_while_the_gateway_runs(
    engine: AsyncEngine, database: Database, key_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = shutil.copytree(key_files, tmp_path / "own")
    used = own / "ledger"
    for name, value in operator_environment(own).items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> str:
        done = CliRunner().invoke(command, ["key", *words])
        assert done.exit_code == 0, done.output
        return done.output

    async def known() -> list[dict[str, Any]]:
        return list((await http.get("/.well-known/ledger-keys.json")).json()["keys"])

    async with serving(create_app(settings(database.app_url, own), transport=Neighbours())) as http:
        assert "Version 2 is staged" in run("stage")
        for _ in range(200):
            if len(await known()) == 2:
                break
            await asyncio.sleep(0.05)
        age(used / "2.staged")
        assert "signs heads from now on" in run("activate")
        assert CliRunner().invoke(command, ["key", "retire"]).exit_code == 1
        assert "could still sign" in run("list")
        later = time() + ledger_keys.SETTLE
        monkeypatch.setattr("time.time", lambda: later)
        assert "Version 1 can sign nothing" in run("retire")
        assert [line.split()[2:] for line in run("list").splitlines()] == [["checks", "what", "it", "signed"], ["signs"]]
        assert "nothing to retire" in run("retire")
        told = await known()
    assert {key.kid for key in heads.key_set({"keys": told}).keys} == {each["kid"] for each in published(used)}
    assert all("d" not in each for each in told)
