"""The secrets of a deployment are made once, closed to others, and fit what the services expect of them."""

import hashlib
import json
import os
import stat
from pathlib import Path

from stena import keys
from stena_local.secret_files import SecretFiles, write


def made(folder: Path) -> SecretFiles:
    files = SecretFiles(folder / "secrets")
    before = os.umask(0)  # the modes must not depend on the operator's umask
    try:
        files.make()
    finally:
        os.umask(before)
    return files


def test_every_file_is_closed_to_others_from_the_start(tmp_path: Path) -> None:
    files = made(tmp_path)
    opened = [path for path in (files.folder, *files.folder.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    assert opened == []


def test_making_them_again_changes_nothing(tmp_path: Path) -> None:
    files = made(tmp_path)
    files.keep_client("cli_1", "secret")
    before = {path: path.read_bytes() for path in files.folder.rglob("*") if path.is_file()}
    files.make()
    assert {path: path.read_bytes() for path in files.folder.rglob("*") if path.is_file()} == before


def test_a_rotated_id_key_is_not_joined_by_a_new_first_one(tmp_path: Path) -> None:
    files = made(tmp_path)
    (files.id_keys / "1").rename(files.id_keys / "2")
    files.make()
    assert [path.name for path in files.id_keys.iterdir()] == ["2"]


def test_the_only_master_key_of_before_becomes_the_first_version(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o700)
    keys.make_secret(tmp_path / "secrets" / "master-key")
    before = (tmp_path / "secrets" / "master-key").read_text()
    files = made(tmp_path)
    assert (files.master_keys / "1").read_text() == before
    assert not files.path("master-key").exists()


def test_the_only_key_of_the_ledger_stays_for_gateways_of_before_until_it_is_renewed(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir(mode=0o700)
    keys.make_signing_key(tmp_path / "secrets" / "ledger-key")
    before = (tmp_path / "secrets" / "ledger-key").read_text()
    files = made(tmp_path)
    assert (files.ledger_keys / "1").read_text() == files.path("ledger-key").read_text() == before
    keys.make_signing_key(files.ledger_keys / "2")
    files.make()
    assert not files.path("ledger-key").exists()
    assert (files.ledger_keys / "1").exists()


def test_the_services_can_read_what_was_made(tmp_path: Path) -> None:
    files = made(tmp_path)
    for name in ("token-key", "grant-key"):
        assert keys.signing_key(files.path(name)).is_private
    for name in ("cursor-key", "master-keys/1", "index-key", "journal-key"):
        assert len(keys.secret(files.path(name))) == 32
    assert len(keys.secret(files.id_keys / "1", 64)) == 64


def test_policy_svc_learns_only_the_hash_of_the_gateways_key(tmp_path: Path) -> None:
    files = made(tmp_path)
    key = files.path("policy-key").read_text().strip()
    assert json.loads(files.enforcement_points.read_text()) == {"gateway": hashlib.sha256(key.encode()).hexdigest()}


def test_passwords_differ_from_role_to_role(tmp_path: Path) -> None:
    passwords = made(tmp_path).passwords()
    assert len(set(passwords.values())) == len(passwords) == 11


def test_a_file_is_replaced_as_a_whole_and_never_open(tmp_path: Path) -> None:
    target = tmp_path / "secret"
    target.write_text("old")
    target.chmod(0o644)
    write(target, "new")
    assert target.read_text() == "new\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]


def test_whom_an_operator_has_added_stays(tmp_path: Path) -> None:
    files = made(tmp_path)
    known = json.loads(files.administrators.read_text())
    assert known == {"operator": hashlib.sha256(files.path("administrator-key").read_text().strip().encode()).hexdigest()}
    write(files.administrators, json.dumps(known | {"privacy officer": "0" * 64}))
    files.make()
    assert json.loads(files.administrators.read_text()) == known | {"privacy officer": "0" * 64}
