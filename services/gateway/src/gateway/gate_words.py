"""What a gate found, in the caller's language. Words only: nothing is judged here."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml

from gateway.languages import preferred


def in_words(gate: Mapping[str, Any], accept_language: str | None) -> dict[str, Any]:
    """``gate`` with ``detail``: a sentence in the language liked best of those that there are. A code without words stands
    for itself."""
    titles = words().get(gate["code"])
    if titles is None:
        return {**gate, "detail": gate["code"]}
    # Not str.format: a value of a parameter could hold braces and is never a template.
    detail = preferred(accept_language, titles)
    for name, value in gate["parameters"].items():
        detail = detail.replace(f"{{{name}}}", value)
    return {**gate, "detail": detail}


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Code → language → sentence, read once."""
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load((resources.files("gateway") / "gate_words.yaml").read_bytes())
    return found
