"""docs/rulebook.md says what the loader knows, no less and no more, and what it shows can be loaded."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from pydantic import BaseModel

from policy_svc.abac import KEYS
from policy_svc.entities import EntitiesEntry
from policy_svc.entries import ApprovalEntry, AttributesEntry, CaseEntry, FactsEntry, HeaderEntry, OrganisationEntry
from policy_svc.language import INSTEAD, SUPPORTED
from policy_svc.loading import LAYOUT, checked
from policy_svc.plain_loading import LAYOUT as PLAIN_LAYOUT
from policy_svc.plain_loading import PlainCaseEntry, PlainHeaderEntry, parse_plain
from policy_svc.vocabulary import ACTIONS, PATHS, RECORD
from stena.contracts.catalogue import Attribute, Purpose
from stena.contracts.retention import Duty, Period, Retention

PAGE = (Path(__file__).parents[3] / "docs" / "rulebook.md").read_text()
SECTIONS = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")[1:]}


def keys(model: type[BaseModel], *named: str) -> set[str]:
    """The keys of an entry, except those that stand as the entry's own key."""
    return {field.alias or name for name, field in model.model_fields.items()} - set(named)


FILES = [
    ("rulebook.yaml", [keys(HeaderEntry)]),
    ("purposes.yaml", [keys(Purpose, "id")]),
    ("attributes.yaml", [keys(AttributesEntry), keys(Attribute, "name")]),
    ("organisations.yaml", [keys(OrganisationEntry), keys(ApprovalEntry)]),
    ("rules/*.yaml", [set(KEYS)]),
    ("retention.yaml", [keys(Retention), keys(Period), keys(Duty)]),
    ("tests/*.yaml", [keys(CaseEntry), keys(FactsEntry)]),
    ("Plain rulebooks", [keys(EntitiesEntry), keys(PlainCaseEntry)]),
]


def tables(section: str, heading: str) -> list[set[str]]:
    """The names in the first column of each table with this heading."""
    found = re.findall(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", SECTIONS[section], re.MULTILINE)
    return [{name for row in rows.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1])} for rows in found]


@pytest.mark.parametrize(("section", "wanted"), FILES, ids=[section for section, _ in FILES])
def test_every_key_is_on_the_page_and_every_one_on_the_page_is_a_key(section: str, wanted: list[set[str]]) -> None:
    assert tables(section, "key") == wanted


def test_every_condition_is_on_the_page_and_those_that_are_refused_are_said_to_be() -> None:
    assert tables("rules/*.yaml", "condition") == [set(SUPPORTED)]
    for name in INSTEAD:
        assert name.removesuffix("Attribute") in SECTIONS["rules/*.yaml"]


def test_every_path_and_action_is_on_the_page() -> None:
    text = SECTIONS["rules/*.yaml"]
    for row in re.findall(r"^\| (subject|resource|action|context) \| (.*) \|$", text, re.MULTILINE):
        element, paths = row[0], set(re.findall(r"`\$\.([a-z_]+)(?:\.<fact>)?`", row[1]))
        known = {path.split(".")[1] for path in PATHS if path.startswith(f"{element}.") and not path.endswith(".id")}
        assert paths == known
    facts = {path.removeprefix(RECORD) for path in PATHS if path.startswith(RECORD)}
    assert facts <= set(re.findall(r"`([a-z_]+)`", text))
    assert {action for action in ACTIONS if not re.search(rf"\b{action}\b", text)} == set()


def blocks() -> dict[str, str]:
    """The page's examples by the file that each names on its first line."""
    found = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == PAGE.count("```yaml")
    return dict(found)


def test_the_examples_are_whole_rulebooks_that_load() -> None:
    files = {name: text for name, text in blocks().items() if not name.startswith("plain/")}
    plain = {name.removeprefix("plain/"): text for name, text in blocks().items() if name.startswith("plain/")}
    assert len(checked(files).rules) == 2
    assert len(parse_plain(plain).rules) == 2


def test_every_file_is_on_the_page() -> None:
    for name in _names((*LAYOUT.chapters, *PLAIN_LAYOUT.chapters), (*LAYOUT.folders, *PLAIN_LAYOUT.folders)):
        assert f"`{name}`" in PAGE or re.search(rf"^    {re.escape(name)} ", PAGE, re.MULTILINE), name
    assert keys(PlainHeaderEntry) == keys(HeaderEntry, "country")


def _names(chapters: Iterable[str], folders: Iterable[str]) -> set[str]:
    return {*chapters, *(f"{folder}/*.yaml" for folder in folders)}
