"""What is held about a person as a document: JSON for machines, a page for people. Pure.

INVARIANT: every text is escaped; nothing of a person's data is ever markup.
"""

import base64
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any, Final, Protocol

import orjson
import yaml

from gateway.languages import preferred, ranked

Json = Mapping[str, Any]

JSON: Final = "application/json"
HTML: Final = "text/html"
LANGUAGES: Final = ("en", "bg", "uk", "ar")
_RIGHT_TO_LEFT: Final = frozenset({"ar"})
_STYLE: Final = (
    "body{margin:0 auto;max-width:52em;padding:2em;font:17px/1.6 system-ui,sans-serif;color:#1b1f24}"
    "h1{font-size:1.7em}h2{margin-top:2em;border-bottom:2px solid #7a2e1f}"
    "article{margin:1em 0;padding:.5em 1em;background:#f6f5f2}dl{margin:0}dt{font-weight:600}dd{margin:0 0 .4em 1.5em}"
)
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Words:
    """How things are called in one language: members of the document, attributes and organisations of the rulebook."""

    language: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    organisations: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        texts = _words().get(name)
        return name.replace("_", " ") if texts is None else texts[self.language]

    def text(self, value: str) -> str:
        """A code or an organisation in words; any other text as it is."""
        texts = _words().get(value)
        known = self.organisations.get(value) or self.attributes.get(value) or self.categories.get(value)
        return known or (value if texts is None else texts[self.language])


class Document(Protocol):
    """Text of the document in its order: the opening, each section's parts, the end."""

    media_type: str
    headers: Mapping[str, str]

    def opening(self, head: Json) -> str: ...
    def begin(self, section: str) -> str: ...
    def items(self, section: str, items: Sequence[Any], first: bool) -> str: ...
    def close(self, section: str, empty: bool) -> str: ...
    def end(self, ending: Json) -> str: ...


class JsonDocument:
    """The shape is ``access_views.PersonAccess``."""

    media_type = JSON
    headers: Mapping[str, str] = {}

    def opening(self, head: Json) -> str:
        return dumps(head)[:-1]

    def begin(self, section: str) -> str:
        return f",{dumps(section)}:["

    def items(self, section: str, items: Sequence[Any], first: bool) -> str:
        text = ",".join(map(dumps, items))
        return text if first or not text else f",{text}"

    def close(self, section: str, empty: bool) -> str:
        return "]"

    def end(self, ending: Json) -> str:
        return f',"end":{dumps(ending)}}}'


class PageDocument:
    """A page that loads nothing; saved as a file it is the same."""

    media_type = f"{HTML}; charset=utf-8"
    headers: Mapping[str, str] = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}

    def __init__(self, words: Words) -> None:
        self._words = words

    def opening(self, head: Json) -> str:
        words, direction = self._words, "rtl" if self._words.language in _RIGHT_TO_LEFT else "ltr"
        record = {"record": head["record"]}
        return (
            f'<!doctype html><html lang="{words.language}" dir="{direction}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{_text(words.of("title"))}</title>'
            f"<style>{_STYLE}</style></head><body><h1>{_text(words.of('title'))}</h1><p>{_text(words.of('intro'))}</p>"
            f"<p>{_text(words.of('made_at'))} {_text(str(head['made_at']))}</p>"
            + "".join(
                f"<h2>{_text(words.of(name))}</h2><article>{self._value(value)}</article>" for name, value in record.items()
            )
        )

    def begin(self, section: str) -> str:
        return f"<h2>{_text(self._words.of(section))}</h2>"

    def items(self, section: str, items: Sequence[Any], first: bool) -> str:
        return "".join(f"<article>{self._value(_readable(item))}</article>" for item in items)

    def close(self, section: str, empty: bool) -> str:
        return f"<p>{_text(self._words.of('nothing'))}</p>" if empty else ""

    def end(self, ending: Json) -> str:
        said = self._words.of("complete" if ending["complete"] else "incomplete")
        return f"<p><strong>{_text(said)}</strong></p></body></html>"

    def _value(self, value: Any) -> str:
        match value:
            case None:
                return "—"
            case bool():
                return _text(self._words.of("yes" if value else "no"))
            case Mapping():
                pairs = (f"<dt>{_text(self._name(name))}</dt><dd>{self._value(each)}</dd>" for name, each in value.items())
                return f"<dl>{''.join(pairs)}</dl>"
            case list() | tuple():
                return f"<ul>{''.join(f'<li>{self._value(each)}</li>' for each in value)}</ul>" if value else "—"
            case str():
                return _text(self._words.text(value))
            case _:
                return _text(str(value))

    def _name(self, name: str) -> str:
        return self._words.attributes.get(name) or self._words.of(name)


def language_of(accept_language: str | None) -> str:
    """The language of the page: the one that the person likes best of those that there are."""
    return next((each for each in ranked(accept_language or "") if each in LANGUAGES), LANGUAGES[0])


def in_language(language: str, titles: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    return {name: preferred(language, each) for name, each in titles.items()}


def _readable(item: Any) -> Any:
    """Without what only machines read."""
    unread = {"id", "proof", "decision", "rulebook"}
    return {name: value for name, value in item.items() if name not in unread} if isinstance(item, Mapping) else item


def _text(text: str) -> str:
    return html.escape(text)


def dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    """Word → language → text, read once."""
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load((resources.files("gateway") / "access_words.yaml").read_bytes())
    return found
