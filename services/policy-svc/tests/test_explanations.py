"""Explanations say what decisions rest on: every rule that was considered, every condition, and the values it looked at."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from policy_svc import commands
from policy_svc.decisions import decide
from policy_svc.explanations import Condition, Considered, Explanation, Shown, explain
from policy_svc.loading import read_files, revision_of
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation
from stena.migrations import upgrade

Ask = Callable[..., Evaluation]
FOLDER = Path(__file__).parent / "rulebook"
SOFIA: dict[str, Any] = {
    "region_path": ["BG", "BG4", "BG41"],
    "assigned": ["lantern"],
    "consents": [],
    "restricted": False,
    "minor": False,
}


def rule(explanation: Explanation | Shown, uid: str) -> Considered:
    return next(each for each in explanation.rules if each.rule == uid)


def leaf(condition: Condition, path: str) -> Condition:
    """The one condition that looked at ``path``."""
    found = [condition] if path in condition.used else [leaf(part, path) for part in condition.parts if looks_at(part, path)]
    assert len(found) == 1
    return found[0]


def looks_at(condition: Condition, path: str) -> bool:
    return path in condition.used or any(looks_at(part, path) for part in condition.parts)


def test_what_a_record_would_tell_is_open_until_it_is_given(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    left = rule(explain(rulebook, ask(), noon), "common.region")
    assert (left.truth, left.applies) == ("open", None)
    assert leaf(left.condition, "resource.record.region_path").truth == "open"
    known = rule(explain(rulebook, ask(), noon, SOFIA), "common.region")
    assert (known.truth, known.applies) == ("false", False)
    region = leaf(known.condition, "resource.record.region_path")
    assert region.truth == "true"
    assert region.used == {"resource.record.region_path": ["BG", "BG4", "BG41"], "subject.regions": ["BG41"]}


def test_an_unknown_condition_makes_a_deny_rule_apply(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    unknown = explain(rulebook, ask(), noon, {})
    assert (rule(unknown, "common.region").truth, rule(unknown, "common.region").applies) == ("unknown", True)
    assert unknown.decision.permit is False


def test_every_attribute_says_which_rules_spoke_for_and_against_it(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    shown = {each.name: each for each in explain(rulebook, ask(), noon, None, ["town", "health_needs", "initials"]).attributes}
    assert (shown["town"].outcome, rule(shown["town"], "counselling.disclose").truth) == ("conditional", "true")
    assert rule(shown["town"], "common.restricted-town").truth == "open"
    assert (shown["health_needs"].outcome, shown["health_needs"].reason) == ("conditional", "consent-missing")
    assert rule(shown["health_needs"], "counselling.disclose").applies is False
    assert shown["initials"].derived_from == ("given_name", "family_name")


def test_a_call_that_never_reaches_the_rules_says_so(rulebook: Rulebook, ask: Ask, noon: datetime) -> None:
    refused = explain(rulebook, ask(purpose="deportation"), noon, None, ["town"])
    assert (refused.decision.reason, refused.rules, refused.attributes) == ("purpose-forbidden", (), ())


@pytest.mark.parametrize("action", ["read", "amend", "export", "erase"])
@pytest.mark.parametrize("organisation", ["lantern", "nowhere", "harbour"])
@pytest.mark.parametrize("facts", [SOFIA, {**SOFIA, "restricted": True}, {**SOFIA, "assigned": []}, {}])
def test_the_rules_that_apply_are_those_that_decide(
    rulebook: Rulebook, ask: Ask, noon: datetime, action: str, organisation: str, facts: dict[str, Any]
) -> None:
    call = ask(organisation=organisation, action=action)
    explanation = explain(rulebook, call, noon, facts)
    applying = [each.effect for each in explanation.rules if each.applies]
    assert decide(rulebook, call, noon, facts).permit is ("allow" in applying and "deny" not in applying)


async def test_over_http_for_enforcement_points_alone(
    service: httpx.AsyncClient, stranger: httpx.AsyncClient, ask: Ask
) -> None:
    body = {"evaluation": ask().model_dump(), "attributes": ["skills"], "record": SOFIA}
    assert (await stranger.post("/rulebook/explain", json=body)).status_code == 401
    answer = await service.post("/rulebook/explain", json=body)
    assert answer.status_code == 200
    assert answer.json()["decision"] is True
    assert answer.json()["decided_by"] == ["counselling.operate"]
    assert answer.json()["attributes"]["skills"]["outcome"] == "disclosed"


@pytest.mark.parametrize(
    "changed",
    [{"evaluation": {}}, {"surplus": 1}, {"record": {"gender": "x"}}, {"at": "2026-06-01"}, {"at": "soon"}],
)
async def test_a_malformed_question_is_400(service: httpx.AsyncClient, ask: Ask, changed: dict[str, Any]) -> None:
    answer = await service.post("/rulebook/explain", json={"evaluation": ask().model_dump(), **changed})
    assert answer.status_code == 400


async def test_what_the_rulebook_owns_cannot_be_claimed(service: httpx.AsyncClient, ask: Ask) -> None:
    call = ask().model_dump()
    call["subject"]["properties"]["purposes"] = ["rescue"]
    answer = await service.post("/rulebook/explain", json={"evaluation": call})
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/claims-refused")


def command(*words: str, stdin: str | None = None) -> tuple[int, str]:
    result = CliRunner().invoke(commands.rulebook, ["explain", str(FOLDER), *words], input=stdin, env={"COLUMNS": "200"})
    return result.exit_code, result.stdout


def test_the_command_explains_options_and_json_alike(ask: Ask) -> None:
    day = ["--at", "2026-06-01", "--record", json.dumps(SOFIA), "--attribute", "skills", "--json"]
    code, by_options = command("--organisation", "lantern", "--purpose", "counselling", *day)
    assert code == 0
    asked = {"evaluation": ask().model_dump(), "rulebook": json.loads(by_options)["rulebook"]}
    assert command("--evaluation", "-", *day, stdin=json.dumps(asked)) == (0, by_options)
    code, tree = command("--organisation", "lantern", "--purpose", "counselling", *day[:-1])
    assert code == 0
    assert "allow counselling.operate applies rules/counselling.yaml:1" in tree


def test_a_decision_of_the_past_is_explained_under_its_own_revision(
    postgres: Any, tmp_path: Path, files: dict[str, str], ask: Ask
) -> None:
    database = postgres.database("policy")
    upgrade(database.owner_url, commands.migrations())
    environment = {"POLICY_DATABASE_URL": database.app_url.render_as_string(hide_password=False)}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace("values: [skills, town]", "values: [town]"))
    asked = {"evaluation": ask().model_dump(), "at": "2026-06-01T12:00:00Z", "rulebook": revision_of(files)}

    def explained() -> Result:
        words = ["explain", str(tmp_path), "--evaluation", "-", "--attribute", "skills", "--json"]
        return CliRunner().invoke(commands.rulebook, words, input=json.dumps(asked), env=environment)

    assert explained().exit_code == 1, "nobody has kept that revision"
    assert CliRunner().invoke(commands.rulebook, ["load", str(FOLDER)], env=environment).exit_code == 0
    then = json.loads(explained().stdout)
    assert (then["rulebook"], then["attributes"]["skills"]["outcome"]) == (revision_of(files), "disclosed")
    asked["rulebook"] = revision_of(read_files(tmp_path))
    assert json.loads(explained().stdout)["attributes"]["skills"]["outcome"] == "withheld"


def test_without_the_database_of_revisions_it_says_so(ask: Ask) -> None:
    asked = {"evaluation": ask().model_dump(), "rulebook": "sha256:gone"}
    result = CliRunner().invoke(
        commands.rulebook,
        ["explain", str(FOLDER), "--evaluation", "-"],
        input=json.dumps(asked),
        env={"POLICY_DATABASE_URL": "postgresql://policy_app@127.0.0.1:1/policy"},
    )
    assert (result.exit_code, "database of revisions does not answer" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    "words", [(), ("--evaluation", "nowhere.json"), ("--organisation", "x", "--purpose", "y", "--record", "{")]
)
def test_the_command_used_wrongly_ends_with_2(words: tuple[str, ...]) -> None:
    assert command(*words)[0] == 2
