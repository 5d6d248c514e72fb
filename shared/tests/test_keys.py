import json
import stat
from pathlib import Path

import pytest

from stena import keys


def test_keys_are_made_once_and_only_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "grant.jwk"
    keys.make_signing_key(path)
    first = keys.signing_key(path)
    keys.make_signing_key(path)
    assert keys.signing_key(path).kid == first.kid
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_secret_of_the_wrong_size_is_named(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    keys.make_secret(path, 16)
    with pytest.raises(keys.KeyFileError, match=r"master\.key: holds 16 bytes where 32 are needed"):
        keys.secret(path, 32)


def test_a_public_key_is_no_signing_key(tmp_path: Path) -> None:
    path = tmp_path / "grant.jwk"
    keys.make_signing_key(path)
    path.write_text(json.dumps(keys.signing_key(path).as_dict(private=False)))
    with pytest.raises(keys.KeyFileError):
        keys.signing_key(path)
