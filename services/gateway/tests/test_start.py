"""What the gateway cannot start with, it says in plain words before it listens."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.main import app_from_environment
from stena_local.testing import Database

from .running import settings


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, database: Database, key_files: Path) -> pytest.MonkeyPatch:
    for name, value in settings(database.app_url, key_files).model_dump(exclude_none=True).items():
        monkeypatch.setenv(f"GATEWAY_{name.upper()}", str(value))
    return monkeypatch


def no_database(environment: pytest.MonkeyPatch, folder: Path) -> None:
    environment.delenv("GATEWAY_DATABASE_URL")


def no_token_key(environment: pytest.MonkeyPatch, folder: Path) -> None:
    environment.setenv("GATEWAY_TOKEN_KEY_FILE", str(folder / "absent"))


def no_id_keys(environment: pytest.MonkeyPatch, folder: Path) -> None:
    environment.setenv("GATEWAY_ID_KEYS_DIR", str(folder))


def short_id_key(environment: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "1").write_text("00" * 32)
    environment.setenv("GATEWAY_ID_KEYS_DIR", str(folder))


def no_policy_key(environment: pytest.MonkeyPatch, folder: Path) -> None:
    environment.setenv("GATEWAY_POLICY_KEY_FILE", str(folder / "absent"))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (no_database, "GATEWAY_DATABASE_URL"),
        (no_token_key, "absent"),
        (no_id_keys, "1 to 255"),
        (short_id_key, "64"),
        (no_policy_key, "policy-svc"),
    ],
)
def test_it_does_not_start(
    environment: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: Callable[[pytest.MonkeyPatch, Path], None],
    told: str,
) -> None:
    spoil(environment, tmp_path)
    with pytest.raises(SystemExit) as ended:
        app_from_environment()
    assert ended.value.code == 1
    assert told in capsys.readouterr().err
