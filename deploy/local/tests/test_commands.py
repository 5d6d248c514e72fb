"""The command `stena` refuses in words, never with a traceback, and removes only what it made."""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from stena_local import commands, main
from stena_local.commands import describe
from stena_local.trouble import DeploymentError

runner = CliRunner()


@pytest.fixture(autouse=True)
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own; commands put settings into the environment, which is put back afterwards."""
    with patch.dict(os.environ, {"STENA_HOME": str(tmp_path / "home")}):
        yield tmp_path / "home"


@pytest.mark.parametrize(("variable", "value"), [("STENA_PORT", "http"), ("STENA_PORT", "80"), ("STENA_PORT", "99999")])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(DeploymentError, match="port"):
        describe()


def test_an_option_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STENA_PORT", "9000")
    assert describe().settings.port == 9000
    assert describe(port=9100).settings.port == 9100


def test_remove_leaves_what_the_deployment_did_not_make(home: Path) -> None:
    layout = describe()
    layout.make_folders()
    layout.secrets.make()
    (home / "precious").touch()
    commands.remove(yes=True)
    assert [path.name for path in home.iterdir()] == ["precious"]


def test_remove_asks_before_it_removes(home: Path) -> None:
    describe().make_folders()
    refused = runner.invoke(main.app, ["remove"], input="n\n")
    assert refused.exit_code == 1
    assert describe().logs.exists()


def test_a_home_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("STENA_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(DeploymentError, match="--home"):
        commands.up()


def test_unknown_migrations_are_refused_with_those_that_exist() -> None:
    with pytest.raises(DeploymentError, match="gateway, matching, policy, profile"):
        commands.migrate(["prophile"])


@pytest.mark.parametrize("entry", sorted(entry_points(group=main.COMMANDS)), ids=lambda entry: entry.name)
def test_every_command_that_a_service_offers_shows_its_help(entry: EntryPoint) -> None:
    shown = runner.invoke(main.app, [entry.name, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Usage" in shown.output


@pytest.mark.parametrize("command", [["client", "list"], ["rulebook", "history"], ["import", os.devnull], ["migrate"]])
def test_before_anything_was_started_the_next_step_is_named(home: Path, command: list[str]) -> None:
    environment = {**os.environ, "STENA_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-m", "stena_local", *command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Start the deployment first" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
