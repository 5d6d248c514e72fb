"""The matrix says of every cell what a decision would say, and its page stands alone."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policy_svc import commands
from policy_svc.decisions import decide
from policy_svc.loading import parse
from policy_svc.matrix import Matrix, Section, matrix, together
from policy_svc.matrix_page import page
from policy_svc.rulebook import Rulebook
from stena.contracts.access import Evaluation

FOLDER = Path(__file__).parent / "rulebook"


@pytest.fixture(scope="module")
def whole(rulebook: Rulebook, noon: datetime) -> Matrix:
    return matrix(rulebook, noon.date())


def section(whole: Matrix, purpose: str) -> Section:
    return next(each for each in whole.sections if each.purpose.id == purpose)


def words(section: Section, kind: str) -> dict[str, str]:
    return {row.name: row.cells[kind].words for row in (*section.operations, *section.disclosed)}


def test_conditions_stand_in_words(whole: Matrix) -> None:
    counselling = words(section(whole, "counselling"), "authority")
    assert counselling == {
        "person:read": "in the regions of the approval",
        "person:list": "in the regions of the approval",
        "person:match": "in the regions of the approval",
        "person:amend": "for assigned cases, in the regions of the approval",
        "person:export": "for own records, in the regions of the approval",
        "given_name": "for assigned cases",
        "family_name": "for assigned cases",
        "initials": "for assigned cases",
        "skills": "always",
        "town": "for people without restriction",
        "health_needs": "with the person's consent",
    }
    assert words(section(whole, "own-data"), "person")["person:read"] == "about oneself, in the regions of the approval"
    assert words(section(whole, "rescue"), "authority")["person:read"] == (
        "in the regions of the approval, with a written justification"
    )


def test_organisations_of_a_kind_that_differ_are_told_apart(whole: Matrix) -> None:
    # Nowhere is approved, and in no region: it sees nobody, and so nothing of anybody.
    ngo = words(section(whole, "counselling"), "ngo")
    assert ngo["skills"] == "lantern: always; nowhere: not necessary"


def test_what_is_forbidden_or_approved_for_nobody_has_no_cells(whole: Matrix) -> None:
    never = section(whole, "deportation")
    assert (never.forbidden, never.approvals, never.disclosed) == (True, (), ())


def test_an_approval_that_has_ended_is_not_there(rulebook: Rulebook, noon: datetime) -> None:
    def approved(year: int) -> set[str]:
        approvals = section(matrix(rulebook, noon.date().replace(year=year)), "counselling").approvals
        return {each.organisation.id for each, _ in approvals}

    assert approved(2020) == {"yesterday"}
    assert approved(2026) == {"harbour", "lantern", "nowhere"}


@pytest.mark.parametrize("organisation", ["harbour", "lantern", "nowhere", "self"])
def test_each_cell_agrees_with_a_decision(
    rulebook: Rulebook, whole: Matrix, ask: Callable[..., Evaluation], noon: datetime, organisation: str
) -> None:
    kind = rulebook.organisations[organisation].organisation.kind
    for each in whole.sections:
        if organisation not in {approved.organisation.id for approved, _ in each.approvals}:
            continue
        decision = decide(rulebook, ask(organisation, each.purpose.id, person="someone", justification="x"), noon)
        for row in each.disclosed:
            text = row.cells[kind].words
            own = dict(part.split(": ") for part in text.split("; ")).get(organisation, text) if ": " in text else text
            way = decision.disclose.get(row.name)
            assert (own == "not necessary") is (way is None)
            assert (own == "always") is (way is not None and way.when is True)


def test_the_same_cells_are_said_once(whole: Matrix) -> None:
    names = [names for names, _ in together(section(whole, "counselling").operations)]
    assert names == [["person:read", "person:list", "person:match"], ["person:export"], ["person:amend"]]


class Balanced(HTMLParser):
    """Refuses a page whose elements do not nest."""

    EMPTY = frozenset({"meta", "col", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_from_any_network(rulebook: Rulebook, whole: Matrix) -> None:
    text = page(rulebook, whole)
    parser = Balanced()
    parser.feed(text)
    assert parser.open == []
    assert not re.search(r"\b(src|href)\s*=\s*[\"'](?!#)", text), "only links within the page"
    assert not re.search(r"@import|url\(", text)
    assert "default-src 'none'" in text
    for each in (rulebook.revision, "2026-06-01", "Signature", "with the person&#x27;s consent", "Always denied"):
        assert each in text


def test_what_a_rulebook_says_cannot_become_markup(rulebook: Rulebook, files: dict[str, str], noon: datetime) -> None:
    wicked = {name: text.replace("Advice to a person.", "'<script>alert(1)</script>'") for name, text in files.items()}
    loaded, _ = parse(wicked)
    text = page(loaded, matrix(loaded, noon.date()))
    assert text.count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in text


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(commands.rulebook, [str(each) for each in arguments], env={"COLUMNS": "160"})
    return result.exit_code, result.stdout


def test_the_commands_print_tables_json_and_the_page(tmp_path: Path) -> None:
    code, table = run("matrix", FOLDER, "--purpose", "counselling", "--at", "2026-06-01")
    assert code == 0
    assert "with the person's consent" in table
    code, text = run("matrix", FOLDER, "--at", "2026-06-01", "--json")
    found = {each["purpose"]: each for each in json.loads(text)["purposes"]}
    assert found["counselling"]["disclose"]["skills"]["authority"] == {"state": "open", "words": "always"}
    code, _ = run("matrix", FOLDER, "--html", tmp_path / "matrix.html")
    assert code == 0
    assert (tmp_path / "matrix.html").read_text("utf-8").startswith("<!doctype html>")
    assert run("matrix", FOLDER, "--purpose", "unknown")[0] == 2


def test_a_difference_that_opens_ends_with_1(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace("values: [skills, town]", "values: [town]"))
    assert run("diff", FOLDER, FOLDER)[0] == 0
    assert run("diff", FOLDER, tmp_path)[0] == 0, "narrowing is no news to CI"
    code, text = run("diff", tmp_path, FOLDER, "--json")
    assert code == 1
    assert json.loads(text)["opened"][0]["names"] == ["skills"]
    assert run("diff", FOLDER, tmp_path / "nowhere")[0] == 1
    assert run("diff", FOLDER)[0] == 2
