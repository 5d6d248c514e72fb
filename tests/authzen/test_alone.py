"""`stena policy` on other rulebooks: one of purposes, a broken one, and what else it refuses to start with."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import HERE, STENA, alone

pytestmark = pytest.mark.processes

STARTER = HERE.parents[1] / "deploy" / "rulebook"


def test_a_rulebook_of_purposes_needs_no_database(tmp_path: Path) -> None:
    with alone(STARTER, tmp_path / "log") as service:
        body = {
            "subject": {"type": "organisation", "id": "employment-agency"},
            "action": {"name": "read"},
            "resource": {"type": "person", "id": "someone"},
        }
        with_purpose = service.post("/access/v1/evaluation", json={**body, "context": {"purpose": "job-ranking"}}).json()
        without = service.post("/access/v1/evaluation", json=body).json()
        found = service.post("/access/v1/search/action", json={**body, "context": {"purpose": "job-ranking"}}).json()
        nothing = service.post("/access/v1/search/action", json=body).json()
        ready = service.get("/readyz", headers={"Authorization": ""})
    assert with_purpose["decision"] is True
    assert with_purpose["context"]["grant"].count(".") == 2
    assert (without["decision"], without["context"]["reason"]) == (False, "purpose-unknown")
    assert {"name": "read"} in found["results"]
    assert {"name": "erase"} not in found["results"]
    assert nothing == {"results": [], "page": {"next_token": "", "count": 0}}
    assert ready.status_code == 200


def test_a_key_of_ones_own_is_shown_nowhere(tmp_path: Path) -> None:
    key, file, log = "a-key-that-somebody-made-elsewhere", tmp_path / "key", tmp_path / "log"
    file.write_text(f"{key}\n")
    with alone(HERE / "rulebook", log, "--key-file", str(file), key=key) as service:
        assert service.post("/access/v1/evaluation", json={}).status_code == 400
        assert service.post("/access/v1/evaluation", headers={"Authorization": f"Bearer {key}x"}).status_code == 401
    assert "somebody" not in log.read_text()


def _refused(*options: str) -> str:
    ended = subprocess.run([*STENA, "policy", "--port", "1", *options], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert not ended.stdout, "no key is shown for a service that does not start"
    return ended.stderr


def test_what_it_does_not_start_with_is_said_in_words(tmp_path: Path) -> None:
    good = ("--rulebook", str(HERE / "rulebook"))
    assert "no such folder" in _refused("--rulebook", str(tmp_path / "nowhere"))
    (tmp_path / "rulebook.yaml").write_text("title: x\nlicence: CC0-1.0\n")
    assert "purposes.yaml:0: the file is missing" in _refused("--rulebook", str(tmp_path))
    assert "no readable key" in _refused(*good, "--key-file", str(tmp_path / "none"))
    (tmp_path / "short").write_text("short")
    assert "at least 20" in _refused(*good, "--key-file", str(tmp_path / "short"))
    assert "without query" in _refused(*good, "--public-url", "https://pdp.example/?tenant=1")


def test_a_plain_rulebook_is_checked_like_any_other(tmp_path: Path) -> None:
    good = subprocess.run([*STENA, "rulebook", "check", str(HERE / "rulebook"), "--json"], capture_output=True, check=True)
    assert json.loads(good.stdout)["actions"] == 3
    shutil.copytree(HERE / "rulebook", tmp_path / "rulebook")
    rules = tmp_path / "rulebook" / "rules" / "records.yaml"
    rules.write_text(rules.read_text().replace("values: [write, delete]", "values: [delete]"))
    for command in ("check", "test"):
        bad = subprocess.run(
            [*STENA, "rulebook", command, str(tmp_path / "rulebook"), "--json"], capture_output=True, check=False
        )
        assert bad.returncode == 1
        assert [fault["line"] for fault in json.loads(bad.stdout)["faults"]] == [8]
