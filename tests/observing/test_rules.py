"""The files for Prometheus and the page about them say what is there: every metric, every alert, and the other way round."""

import importlib
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, generate_latest

from gateway.limits import rules as limit_rules

from .metrics import known

HOUSE = Path(__file__).parents[2]
FILES = HOUSE / "deploy" / "prometheus"
PAGE = (HOUSE / "docs" / "observing.md").read_text()
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FILES / "alerts.yaml").read_text())["groups"] for rule in group["rules"]
]
OF_OTHERS = {"up", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"}
NEVER = {"person", "person_id", "id", "path", "url", "user", "acting_user", "case", "decision_id", "client", "trace"}

PROMTOOL = shutil.which("promtool") or ""
needs_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed (apt-get install prometheus)")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading of the page."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_metric_is_on_the_page_with_its_labels_and_every_one_on_the_page_is_there() -> None:
    on_page = {re.sub("`", "", name): frozenset(re.findall(r"`(\w+)`", labels)) for name, labels, *_ in rows("Metrics")}
    assert on_page == known()


def test_names_are_those_that_prometheus_wants_and_no_label_can_be_a_person() -> None:
    assert all(re.fullmatch(r"stena_[a-z_]+", name) for name in known())
    assert not {name: labels & NEVER for name, labels in known().items() if labels & NEVER}


def test_alerts_ask_for_metrics_that_there_are() -> None:
    names = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for rule in RULES
        for name in re.findall(r"\b(?:up|(?:stena|node)_[a-z_]+)\b", rule["expr"])
    }
    assert names - OF_OTHERS <= known().keys()


def test_every_alert_says_what_is_wrong_and_what_to_do_and_is_on_the_page_and_tried() -> None:
    assert all(rule["annotations"].keys() == {"summary", "action"} for rule in RULES)
    assert {rule["labels"]["severity"] for rule in RULES} <= {"page", "warn", "info"}
    alerts = {rule["alert"] for rule in RULES}
    assert len(alerts) == len(RULES)
    assert {re.sub("`", "", name) for name, *_ in rows("Alerts")} == alerts
    assert alerts <= set(re.findall(r"Stena\w+", (FILES / "alerts_test.yaml").read_text()))


def test_every_bound_on_the_page_is_that_of_the_code() -> None:
    said = {where.strip("`"): float(bound) for _, bound, where in rows("Bounds")}
    assert said == {
        where: getattr(importlib.import_module(where.rpartition(".")[0]), where.rpartition(".")[2]) for where in said
    }


def test_shipped_limits_on_the_page_are_the_shipped_ones() -> None:
    shipped = limit_rules.read(limit_rules.SHIPPED)
    everybody = shipped.everybody.model_dump()
    common = shipped.model_dump(include={"calls_at_once", "failed_tokens_per_minute"})
    on_page = {name.strip("`"): None if value == "no limit" else int(value) for name, _, value in rows("Limits")}
    assert on_page == everybody | common


@needs_promtool
@pytest.mark.parametrize(
    "command",
    [("check", "config", "prometheus.yaml"), ("check", "rules", "alerts.yaml"), ("test", "rules", "alerts_test.yaml")],
    ids=["config", "rules", "tests of rules"],
)
def test_prometheus_takes_the_files(command: tuple[str, ...]) -> None:
    done = subprocess.run([PROMTOOL, *command], cwd=FILES, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_finds_nothing_to_say_about_the_metrics() -> None:
    known()
    ours = b"\n".join(line for line in generate_latest(REGISTRY).splitlines() if b"stena_" in line) + b"\n"
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=ours, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b""), done.stdout + done.stderr
