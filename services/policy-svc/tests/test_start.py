"""Commands and start: exit codes for CI, plain words for people, and no service on a broken rulebook or a wrong key file."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policy_svc.commands import rulebook as command
from policy_svc.main import app_from_environment
from policy_svc.settings import PolicySettings

GOOD = Path(__file__).parent / "rulebook"


@pytest.fixture
def broken(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace("values: [identity, skills]", "values: [identity, skils]"))
    return tmp_path


def test_check_tells_machines_what_it_found(broken: Path) -> None:
    good = CliRunner().invoke(command, ["check", str(GOOD), "--json"])
    assert good.exit_code == 0
    assert json.loads(good.stdout)["revision"].startswith("sha256:")
    bad = CliRunner().invoke(command, ["check", str(broken), "--json"])
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["faults"] == [
        {
            "file": "rules/counselling.yaml",
            "line": 25,
            "rule": "counselling.write",
            "what": "unknown category 'skils'",
            "mend": "Write one of: skills",
        }
    ]


def test_check_and_test_tell_people(broken: Path) -> None:
    assert "The rulebook holds" in CliRunner().invoke(command, ["check", str(GOOD)]).stdout
    assert "2 of 2 golden cases hold" in CliRunner().invoke(command, ["test", str(GOOD)]).stdout
    refused = CliRunner().invoke(command, ["check", str(broken)], env={"COLUMNS": "200"})
    assert refused.exit_code == 1
    assert "rules/counselling.yaml:25" in refused.stdout


def test_test_fails_where_a_case_does_not_hold(broken: Path, files: dict[str, str]) -> None:
    (broken / "rules/counselling.yaml").write_text(files["rules/counselling.yaml"])
    (broken / "tests/counselling.yaml").write_text(files["tests/counselling.yaml"].replace("[skills, town,", "[town,"))
    result = CliRunner().invoke(command, ["test", str(broken), "--json"])
    assert result.exit_code == 1
    assert [case["differences"] for case in json.loads(result.stdout)["cases"]] == [["also discloses skills"], []]


def _environment(monkeypatch: pytest.MonkeyPatch, settings: PolicySettings, **changed: str) -> None:
    told = {
        "POLICY_DATABASE_URL": settings.database_url,
        "POLICY_RULEBOOK_DIR": str(settings.rulebook_dir),
        "POLICY_GRANT_KEY_FILE": str(settings.grant_key_file),
        "POLICY_ENFORCEMENT_POINTS_FILE": str(settings.enforcement_points_file),
    }
    for name, value in (told | changed).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("setting", "content", "message"),
    [
        ("POLICY_GRANT_KEY_FILE", "{}", "no readable signing key"),
        ("POLICY_ENFORCEMENT_POINTS_FILE", "[]", "wants a JSON object"),
        ("POLICY_ENFORCEMENT_POINTS_FILE", '{"gateway": "short"}', "wants a JSON object"),
        ("POLICY_ENFORCEMENT_POINTS_FILE", "", "no readable list of enforcement points"),
    ],
)
def test_it_does_not_start_on_a_wrong_file(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    settings: PolicySettings,
    setting: str,
    content: str,
    message: str,
) -> None:
    (tmp_path / "file").write_text(content)
    _environment(monkeypatch, settings, **{setting: str(tmp_path / "file")})
    with pytest.raises(SystemExit) as ended:
        app_from_environment()
    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert message in said
    assert "Traceback" not in said


def test_it_does_not_start_on_a_broken_rulebook(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], broken: Path, settings: PolicySettings
) -> None:
    _environment(monkeypatch, settings, POLICY_RULEBOOK_DIR=str(broken))
    with pytest.raises(SystemExit) as ended:
        app_from_environment()
    assert ended.value.code == 1
    assert capsys.readouterr().err == (
        "policy-svc does not start:\n"
        "rules/counselling.yaml:25: rule counselling.write: unknown category 'skils'. Write one of: skills.\n"
    )


def test_a_setting_that_is_missing_is_named_and_none_is_quoted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: PolicySettings
) -> None:
    _environment(monkeypatch, settings, POLICY_METRICS_PORT="secret")
    monkeypatch.delenv("POLICY_GRANT_KEY_FILE")
    with pytest.raises(SystemExit):
        app_from_environment()
    said = capsys.readouterr().err
    assert "POLICY_GRANT_KEY_FILE: Field required." in said
    assert "POLICY_METRICS_PORT: Input should be a valid integer" in said
    assert "secret" not in said
