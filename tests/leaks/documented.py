"""The calls that the OpenAPI document tells of, held against those that were answered: what nobody calls, nobody sees leak."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

METHODS: Final = ("get", "put", "post", "patch", "delete")
UNASKED: Final[Mapping[str, str]] = {
    "token": "each client of the matrix has called it before it could call anything else",
    "linkSignIn": "it wants a provider outside, which tests/system/test_sign_in.py has",
    "confirmProposal": "it takes a second client of the operator, which tests/system/test_administration.py has",
    "revokeClient": "every client there is the matrix needs: tests/system/test_administration.py",
    "endSignIn": "what nobody linked nobody ends: tests/system/test_sign_in.py",
}
"""Operations of which the matrix sees no answer, and why."""

Call = tuple[str, str]
"""Method and path."""


def never_answered(document: Mapping[str, Any], answered: Iterable[Call]) -> list[str]:
    """The operations of the document that are none of the ``answered`` calls."""
    operations = {
        (method.upper(), template): item[method]["operationId"]
        for template, item in document["paths"].items()
        for method in METHODS
        if method in item
    }
    seen = {_operation(operations, call) for call in answered}
    return sorted(set(operations.values()) - seen - UNASKED.keys())


def _operation(operations: Mapping[Call, str], call: Call) -> str | None:
    """The operation that ``call`` is of: where two paths fit, that with fewer parameters."""
    method, path = call
    fitting = [template for each, template in operations if each == method and _pattern(template).fullmatch(path)]
    return operations[method, min(fitting, key=lambda template: template.count("{"))] if fitting else None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(template)))
