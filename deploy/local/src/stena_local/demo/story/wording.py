"""Values of attributes in a few words, as they fit into a cell. Shows only what an answer holds."""

from collections.abc import Mapping
from typing import Any, Final

WITHHELD: Final = "–"
NOTHING: Final = "none"


def name(attributes: Mapping[str, Any]) -> str:
    if "given_name" not in attributes:
        return _cell(attributes, "initials")
    return " ".join(attributes[part]["native"] for part in ("given_name", "family_name"))


def age(attributes: Mapping[str, Any]) -> str:
    """The finest of what is disclosed of the age."""
    for attribute in ("date_of_birth", "age_band"):
        if attribute in attributes:
            return str(attributes[attribute])
    for attribute, words in (("adult", "adult"), ("of_working_age", "of working age")):
        if attribute in attributes:
            return words if attributes[attribute] else f"not {words}"
    return WITHHELD


def right_to_work(attributes: Mapping[str, Any]) -> str:
    """The last of the dated answers."""
    if "right_to_work" not in attributes:
        return WITHHELD
    intervals = attributes["right_to_work"]
    return f"{intervals[-1]['answer']}, since {intervals[-1]['from']}" if intervals else NOTHING


def count(attribute: str, attributes: Mapping[str, Any]) -> str:
    if attribute not in attributes:
        return WITHHELD
    return f"{len(attributes[attribute] or ())} {attribute}"


def plain(attribute: str, attributes: Mapping[str, Any]) -> str:
    return _cell(attributes, attribute)


def _cell(attributes: Mapping[str, Any], attribute: str) -> str:
    if attribute not in attributes:
        return WITHHELD
    value = attributes[attribute]
    match value:
        case None | []:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(str(member) for member in value)
        case _:
            return str(value)
