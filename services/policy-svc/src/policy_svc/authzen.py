"""AuthZEN Authorization API 1.0 on the wire: bodies to questions, and every malformed one to a 400 that says what to mend.

It decides nothing, and lets no caller claim what belongs to the rulebook or to a record.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from stena.contracts.access import Evaluation, Evaluations
from stena.problems import BadRequest, pointer

MOST_BYTES: Final = 1024 * 1024
MOST_EVALUATIONS: Final = 100

SUBJECT_OWNED: Final = frozenset({"organisation", "kind", "purposes", "regions", "roles"})
RESOURCE_OWNED: Final = frozenset({"record", "category", "sensitivity", "reveals", "owner"})
CONTEXT_OWNED: Final = frozenset({"purpose_and_broader", "consent", "time"})
"""What a caller may not say of subject, resource and context: it is known here, or left to whoever holds the record."""

Model = TypeVar("Model", bound=BaseModel)


def read_evaluation(content_type: str | None, body: bytes) -> Evaluation:
    """The question in a body. Unknown members are ignored at every level (the standard wants it so)."""
    evaluation = _read(Evaluation, content_type, body)
    _refuse_claims([((), evaluation)])
    return evaluation


def read_evaluations(content_type: str | None, body: bytes) -> Evaluations:
    questions = _read(Evaluations, content_type, body)
    if len(questions.evaluations) > MOST_EVALUATIONS:
        raise BadRequest(f"More than {MOST_EVALUATIONS} evaluations in one call.", slug="too-many-evaluations")
    _refuse_claims([(("evaluations", index), evaluation) for index, evaluation in enumerate(questions.evaluations)])
    return questions


def _read(model: type[Model], content_type: str | None, body: bytes) -> Model:
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise BadRequest("The body must be JSON, and its Content-Type application/json.", slug="not-json")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: line {error.lineno}, column {error.colno}.", slug="not-json") from error
    if not isinstance(value, dict):
        raise BadRequest("The body must be a JSON object.", slug="not-an-object")
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = [
            {"in": "body", "pointer": pointer(fault["loc"]), "detail": fault["msg"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)[:20]
        ]
        raise BadRequest("The body does not have the form of an evaluation.", errors=faults) from error


def _refuse_claims(evaluations: list[tuple[tuple[int | str, ...], Evaluation]]) -> None:
    faults = [fault for place, evaluation in evaluations for fault in _claims(place, evaluation)]
    if faults:
        raise BadRequest("The call claims what only the rulebook or a record can say.", slug="claims-refused", errors=faults)


def _claims(place: tuple[int | str, ...], evaluation: Evaluation) -> list[dict[str, str]]:
    said: tuple[tuple[tuple[str, ...], Mapping[str, Any], frozenset[str]], ...] = (
        (("subject", "properties"), evaluation.subject.properties, SUBJECT_OWNED),
        (("resource", "properties"), evaluation.resource.properties, RESOURCE_OWNED),
        (("context",), evaluation.context, CONTEXT_OWNED),
    )
    return [
        {"in": "body", "pointer": pointer((*place, *path, name)), "detail": "Leave it out: it is known here."}
        for path, properties, owned in said
        for name in sorted(owned & properties.keys())
    ]
