"""Keys of ids as files: staged, read by everybody, only then making ids; and nothing half-done is ever taken up."""

import asyncio
import os
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import id_keys
from gateway.id_commands import ids as commands
from gateway.identity import PairwiseIds
from stena import keys
from stena.keys import KeyFileError

from .running import operator_environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys.make_secret(tmp_path / "1", 64)
    return tmp_path


def versions(folder: Path) -> tuple[list[int], int, int | None]:
    found = id_keys.read(folder)
    return sorted(found.by_version), found.making, found.staged


def age(path: Path) -> None:
    """Let a staged key have rested."""
    os.utime(path, (0, 0))


def test_a_version_is_read_before_it_makes_ids(folder: Path) -> None:
    assert versions(folder) == ([1], 1, None)
    assert id_keys.stage(folder) == 2
    assert versions(folder) == ([1, 2], 1, 2)
    assert id_keys.stage(folder) == 2, "the one that waits is the next one"
    age(folder / "2.staged")
    key = id_keys.read(folder).by_version[2]
    assert id_keys.activate(folder) == 2
    assert versions(folder) == ([1, 2], 2, None)
    assert id_keys.read(folder).by_version[2] == key
    assert id_keys.stage(folder) == 3


def test_a_version_that_nobody_can_have_read_yet_is_not_activated(folder: Path) -> None:
    with pytest.raises(KeyFileError, match="no version waits"):
        id_keys.activate(folder)
    id_keys.stage(folder)
    with pytest.raises(KeyFileError, match="younger"):
        id_keys.activate(folder)
    assert versions(folder) == ([1, 2], 1, 2)


def test_a_new_key_is_as_readable_as_the_one_in_use_and_leaves_nothing_beside_it(folder: Path) -> None:
    (folder / "1").chmod(0o440)
    id_keys.stage(folder)
    assert stat.S_IMODE((folder / "2.staged").stat().st_mode) == 0o440
    assert sorted(file.name for file in folder.iterdir()) == ["1", "2.staged"]


def test_the_last_version_is_the_last(folder: Path) -> None:
    (folder / "1").rename(folder / "255")
    with pytest.raises(KeyFileError, match="no versions after 255"):
        id_keys.stage(folder)


def test_a_folder_looked_at_in_the_moment_of_activation(folder: Path) -> None:
    id_keys.stage(folder)
    (folder / "2").write_text((folder / "2.staged").read_text())
    assert versions(folder) == ([1, 2], 2, None)


def test_what_is_no_key_file_is_none(folder: Path) -> None:
    for name in (".2.77", "2.staged~", "x.staged", "README"):
        (folder / name).write_text("half")
    assert versions(folder) == ([1], 1, None)


@pytest.mark.parametrize("spoil", ["300", "0", "2", "2.staged"])
def test_a_folder_with_a_wrong_key_is_not_read_at_all(folder: Path, spoil: str) -> None:
    (folder / spoil).write_text("ab" * (32 if spoil[0] == "2" else 64))
    with pytest.raises(KeyFileError):
        id_keys.read(folder)


async def test_a_running_gateway_learns_and_never_forgets(folder: Path) -> None:
    ids = PairwiseIds(id_keys.read(folder).by_version)
    async with id_keys.followed(folder, ids, look=0.01):
        id_keys.stage(folder)
        await until(lambda: (ids.making, ids.versions) == (1, (1, 2)))
        (folder / "3").write_text("half of a key")
        age(folder / "2.staged")
        (folder / "2.staged").rename(folder / "2")
        await asyncio.sleep(0.1)
        assert ids.making == 1, "a folder that is not whole is not taken up in part"
        (folder / "3").unlink()
        await until(lambda: ids.making == 2)
        (folder / "2").unlink()
        await asyncio.sleep(0.1)
        assert (ids.making, ids.versions) == (2, (1, 2))


async def until(condition: object) -> None:
    assert callable(condition)
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come to pass")


def test_an_operator_renews_the_key_and_sees_where_it_stands(
    folder: Path, key_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in operator_environment(key_files, ID_KEYS_DIR=folder).items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke
    assert run(commands, ["activate"]).exit_code == 1
    assert "Version 2 is staged" in run(commands, ["stage"]).output
    assert run(commands, ["list"]).output.split() == ["1", "makes", "ids", "2", "staged"]
    monkeypatch.setattr("time.sleep", lambda seconds: age(folder / "2.staged") if seconds == id_keys.SETTLE else None)
    done = run(commands, ["rotate"])
    assert (done.exit_code, "Version 2 makes new ids" in done.output) == (0, True)
    assert run(commands, ["list"]).output.split() == ["1", "reads", "2", "makes", "ids"]
    assert id_keys.read(folder).by_version[2].hex() not in done.output
