"""The words of gates: every code that there is has them, in every language, and nothing of a template is left in them."""

import ast
from pathlib import Path

import pytest

import matching_svc
from gateway.gate_words import in_words, words

SOURCES = sorted(Path(matching_svc.__file__).parent.glob("gates*.py"))
ABOUT = ("start", "until", "later", "profession", "licences", "missing", "language", "level", "stated", "left", "capacity")
PARAMETERS = {name: f"<{name}>" for name in (*ABOUT, "free", "end", "attribute", "operator", "value")}


def codes() -> set[str]:
    """The second member of every finding that a gate writes down, and the third argument of every condition's."""
    found = {"working-age", "recognised", "full"}
    for node in (node for path in SOURCES for node in ast.walk(ast.parse(path.read_text()))):
        match node:
            case ast.Tuple(elts=[ast.Constant(value="met" | "not-met" | "unknown"), code, *_]):
                found |= {str(each.value) for each in ast.walk(code) if isinstance(each, ast.Constant)}
            case ast.Call(args=[_, ast.Constant(value="met" | "not-met" | "unknown"), ast.Constant(value=str() as code), *_]):
                found.add(code)
    return {code for code in found if "-" in code or code in words()} - {"not-met"}


def test_every_code_has_words_and_no_words_are_left_over() -> None:
    assert words().keys() == codes()


@pytest.mark.parametrize("language", ["en", "bg"])
def test_words_are_whole_in_every_language(language: str) -> None:
    for code, titles in words().items():
        detail = in_words({"code": code, "parameters": PARAMETERS}, language)["detail"]
        assert titles[language], code
        assert "{" not in detail, code


def test_words_follow_the_callers_language_and_a_value_is_no_template() -> None:
    gate = {"code": "check-recognition", "parameters": {"profession": "{stated} лекар"}}
    assert in_words(gate, "bg, en;q=0.5")["detail"] == "Регулирана професия: проверете дали {stated} лекар е признато."
    assert in_words(gate, "uk")["detail"].startswith("A regulated profession")
