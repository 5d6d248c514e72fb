"""What is held about a person as JSON and as a page: every word in every language, and nothing that a browser would obey."""

import json
import re
from importlib import resources

import pytest
import yaml

from gateway import access_formats
from gateway.access_formats import LANGUAGES, Document, JsonDocument, PageDocument, Words
from gateway.views import access as access_views

HEAD = {"schema": access_views.ADDRESS, "made_at": "2026-03-01T09:30:00Z", "record": {"attributes": {"gender": {"value": "x"}}}}
WORDS = yaml.safe_load((resources.files("gateway") / "access_words.yaml").read_bytes())
UNSHOWN = {"schema", "person", "rulebook", "end", "id", "decision", "proof", "complete", "reason", "title"}
"""Members that stand on no page, or say themselves what they are."""


def test_every_word_is_there_in_every_language() -> None:
    assert {word: set(texts) ^ set(LANGUAGES) for word, texts in WORDS.items() if set(texts) != set(LANGUAGES)} == {}


def test_every_member_of_the_document_has_a_word() -> None:
    schema = access_views.schema("https://stena.example")
    shapes = [schema, *schema["$defs"].values()]
    wanted = {name for shape in shapes for name in shape.get("properties", {})} - UNSHOWN - {"resource"}
    assert wanted - WORDS.keys() == set()


def whole(document: Document, items: list[object]) -> str:
    parts = [items[:1], items[1:2], items[2:]]
    told = document.opening(HEAD) + document.begin("notes")
    told += "".join(document.items("notes", part, number == 0) for number, part in enumerate(parts) if part)
    return told + document.close("notes", not items) + document.end({"complete": True, "reason": None})


@pytest.mark.parametrize("items", [[], [1], [1, 2], [1, 2, 3, 4]])
def test_json_in_parts_is_the_whole(items: list[object]) -> None:
    told = json.loads(whole(JsonDocument(), items))
    assert (told["notes"], told["end"]["complete"]) == (items, True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_markup(language: str) -> None:
    hostile = {"text": "</dd><script>alert(1)</script>", '"><img src=x>': ["<b>", {"a": "&amp;"}]}
    page = whole(PageDocument(Words(language)), [hostile])
    assert set(re.findall(r"<(\w+)", page)) <= {
        *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "article", "dl", "dt", "dd", "ul", "li", "strong")
    }
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(("wanted", "language"), [("ar, en;q=0.5", "ar"), ("uk-UA", "uk"), ("tlh", "en"), (None, "en")])
def test_the_page_is_in_a_language_that_there_is(wanted: str | None, language: str) -> None:
    assert access_formats.language_of(wanted) == language
