"""The operator's commands about revisions, on a real database: what they change, what they refuse, and their exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from policy_svc import commands
from policy_svc.loading import revision_of
from stena.migrations import upgrade

RULEBOOK = Path(__file__).parent / "rulebook"


@pytest.fixture
def environment(postgres: Any) -> dict[str, str]:
    database = postgres.database("policy")
    upgrade(database.owner_url, commands.migrations())
    url = database.app_url.render_as_string(hide_password=False)
    return {"POLICY_DATABASE_URL": url, "POLICY_RULEBOOK_DIR": str(RULEBOOK), "COLUMNS": "200"}


@pytest.fixture
def narrower(tmp_path: Path, files: dict[str, str]) -> Path:
    """Counsellors no longer see skills."""
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        changed = content.replace("values: [skills, town]", "values: [town]").replace(
            "disclosed: [skills, town", "disclosed: [town"
        )
        (tmp_path / name).write_text(changed)
    return tmp_path


def run(environment: dict[str, str], *words: object) -> Result:
    return CliRunner().invoke(commands.rulebook, [str(word) for word in words], env=environment)


def history(environment: dict[str, str]) -> list[dict[str, Any]]:
    return list(json.loads(run(environment, "history", "--json").stdout)["activations"])


def test_from_the_first_activation_to_the_rollback(environment: dict[str, str], narrower: Path, files: dict[str, str]) -> None:
    first = revision_of(files)
    assert run(environment, "activate").exit_code == 0, "the deployment's own folder"
    loaded = run(environment, "load", narrower)
    assert loaded.exit_code == 0
    assert len(history(environment)) == 1, "what is loaded decides nothing yet"
    short = loaded.stdout.split()[-1]
    assert run(environment, "activate", short, "--comment", "as decided [in June]").exit_code == 0
    refused = run(environment, "rollback")
    assert refused.exit_code == 1
    assert "lantern" in refused.stdout
    assert "--widen" in refused.stdout
    back = run(environment, "rollback", "--widen", "--json")
    assert json.loads(back.stdout)["revision"] == first
    newest, before, oldest = history(environment)
    assert (newest["revision"], newest["widened"], newest["returns_to"]) == (first, True, oldest["number"])
    assert (before["comment"], before["widened"], oldest["revision"]) == ("as decided [in June]", False, first)
    table = run(environment, "history").stdout
    assert "back to 1." in table
    assert "as decided [in June]" in table


def test_machines_learn_what_would_open(environment: dict[str, str], narrower: Path) -> None:
    assert run(environment, "activate", narrower).exit_code == 0
    refused = run(environment, "activate", RULEBOOK, "--json")
    assert refused.exit_code == 1
    assert any("skills" in cell for cell in json.loads(refused.stdout)["opens"])
    assert run(environment, "activate", RULEBOOK, "--widen").exit_code == 0


def test_what_cannot_be_done_is_told_in_words(environment: dict[str, str], tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    for words, told in (
        (("rollback",), "nothing to return to"),
        (("activate", "sha256:0123"), "No revision of this name is kept"),
        (("activate", nothing), "no such folder"),
    ):
        result = run(environment, *words)
        assert (result.exit_code, told in result.output) == (1, True), result.output
    unreachable = environment | {"POLICY_DATABASE_URL": "postgresql://policy_app:secret@127.0.0.1:1/policy"}
    result = run(unreachable, "history")
    assert (result.exit_code, "does not answer" in result.output) == (1, True)
    result = run({"POLICY_DATABASE_URL": ""} | {"POLICY_RULEBOOK_DIR": str(RULEBOOK)}, "history")
    assert result.exit_code == 1
    assert "secret" not in result.output
