"""The register as a page for people, without scripts and without anything from elsewhere. Pure."""

from collections.abc import Iterable
from html import escape
from typing import Any, Final

from gateway.languages import FALLBACK, preferred, ranked
from gateway.register.register import Json
from gateway.register.words import LABELS

RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "ur", "ps", "he"})


def page(register: Json, accept_language: str | None) -> str:
    """HTML; every word of the rulebook is escaped."""
    words = {name: escape(preferred(accept_language, each)) for name, each in LABELS.items()}
    language = next((each for each in ranked(accept_language or "") if each in LABELS["title"]), FALLBACK)
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    return "".join(
        (
            f'<!doctype html>\n<html lang="{language}" dir="{direction}">\n<head><meta charset="utf-8">',
            f'<meta name="viewport" content="width=device-width"><title>{words["title"]} · Stena</title>\n',
            '<link rel="stylesheet" href="/docs/assets/page.css"></head>\n<body><main>\n',
            f'<p class="status">{escape(register["law"])} · {escape(register["country"])}</p>\n<h1>{words["title"]}</h1>\n',
            f"<p><code>{escape(register['rulebook'])}</code></p>\n",
            f"<h2>{words['people']}</h2><p>{escape(register['people'])}</p>\n<p>{words['transfers']}.</p>\n",
            f"<h2>{words['measures']}</h2>{_list(map(escape, register['measures']))}\n",
            *(_activity(each, words) for each in register["activities"]),
            "</main></body></html>\n",
        )
    )


def _activity(activity: Json, words: dict[str, str]) -> str:
    parts = {
        "legal_bases": _list(f"{escape(each['title'])} ({escape(each['article'])})" for each in activity["legal_bases"]),
        "data": _list(_data(each, words["conditional"]) for each in activity["data"]),
        "recipients": _list(_recipient(each, words["until"]) for each in activity["recipients"]),
        "retention": f"<p>{escape(activity['retention'] or '–')}</p>",
        "safeguards": _list(map(escape, activity["safeguards"])),
        "accepts": _list(f"<code>{escape(name)}</code> {escape(why)}" for name, why in activity["accepts"].items()),
    }
    title, description = escape(activity["title"]), escape(activity["description"])
    head = f'<section id="{escape(activity["purpose"])}"><h1>{title}</h1><p>{description}</p>\n'
    return head + "".join(f"<h2>{words[name]}</h2>{part}\n" for name, part in parts.items() if part) + "</section>\n"


def _data(category: Json, conditional: str) -> str:
    named = ", ".join(
        escape(each["title"]) + ("" if each["always"] else f" <em>({conditional})</em>") for each in category["attributes"]
    )
    return f"{escape(category['title'])}: {named}"


def _recipient(recipient: Json, until: str) -> str:
    return f"{escape(recipient['name'])} ({escape(recipient['legal_basis'])}, {until} {escape(recipient['valid_until'])})"


def _list(items: Iterable[Any]) -> str:
    inside = "".join(f"<li>{each}</li>" for each in items)
    return f"<ul>{inside}</ul>" if inside else ""
