"""AuthZEN Authorization API 1.0 on the wire: bodies to questions, and every malformed one to a 400 that says what to mend.

It decides nothing. Unknown members are ignored at every level, as the standard wants it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy_svc.claims import Claim
from policy_svc.explaining import Wanted
from policy_svc.strict_json import read_object
from stena.contracts.access import Action, Evaluation, Resource, Subject
from stena.problems import BadRequest, pointer

MOST_EVALUATIONS: Final = 100
PARTS: Final[tuple[str, ...]] = ("subject", "action", "resource", "context")

Model = TypeVar("Model", bound=BaseModel)
Claims = Callable[[Evaluation], tuple[Claim, ...]]
"""What of an evaluation the caller has no right to say; it depends on the rulebook that decides."""


class Semantic(StrEnum):
    """How far a batch is answered: to its end, or to the first answer of a kind."""

    EXECUTE_ALL = "execute_all"
    DENY_ON_FIRST_DENY = "deny_on_first_deny"
    PERMIT_ON_FIRST_PERMIT = "permit_on_first_permit"

    def ends_with(self, permit: bool) -> bool:
        return self is (Semantic.PERMIT_ON_FIRST_PERMIT if permit else Semantic.DENY_ON_FIRST_DENY)


@dataclass(frozen=True, slots=True)
class Batch:
    """Questions in their order. One that cannot be read is here as what is wrong with it, and is denied in its place."""

    questions: tuple[Evaluation | BadRequest, ...]
    semantic: Semantic


class _Resource(Resource):
    """On the wire nothing is asked of "any" resource by leaving its id out."""

    id: str


class _Evaluation(Evaluation):
    resource: _Resource


class ActionSearch(BaseModel):
    """Which actions of a subject on a resource are permitted? Everything fits in one page, so ``page`` changes nothing."""

    model_config = ConfigDict(frozen=True)

    subject: Subject
    resource: _Resource
    context: dict[str, Any] = Field(default_factory=dict)
    page: dict[str, Any] = Field(default_factory=dict)

    def question(self, action: str) -> Evaluation:
        return Evaluation(subject=self.subject, action=Action(name=action), resource=self.resource, context=self.context)


def read_evaluation(content_type: str | None, body: bytes, claims: Claims) -> Evaluation:
    """The one question in a body."""
    return _evaluation(read_object(content_type, body), claims)


def read_evaluations(content_type: str | None, body: bytes, claims: Claims) -> Evaluation | Batch:
    """The questions in a body. Without ``evaluations``, or with none of them, the body is one question itself."""
    value = read_object(content_type, body)
    items, semantic = value.get("evaluations", []), _semantic(value.get("options", {}))
    if not isinstance(items, list):
        raise _malformed([{"in": "body", "pointer": "/evaluations", "detail": "Input should be an array"}])
    if not items:
        return _evaluation(value, claims)
    if len(items) > MOST_EVALUATIONS:
        raise BadRequest(f"More than {MOST_EVALUATIONS} evaluations in one call.", slug="too-many-evaluations")
    defaults = {part: value[part] for part in PARTS if part in value}
    _require_objects(defaults)
    return Batch(tuple(_item(index, item, defaults, claims) for index, item in enumerate(items)), semantic)


def read_action_search(content_type: str | None, body: bytes, claims: Claims) -> ActionSearch:
    search = _read(ActionSearch, read_object(content_type, body))
    _refuse_claims(search.question("any"), claims)
    return search


def read_wanted(content_type: str | None, body: bytes, claims: Claims) -> Wanted:
    """A call to explain. It is no call of the standard, so a member that it does not know is refused."""
    wanted = _read(Wanted, read_object(content_type, body))
    _refuse_claims(wanted.evaluation, claims, ("evaluation",))
    return wanted


def _refuse_claims(evaluation: Evaluation, claims: Claims, place: tuple[int | str, ...] = ()) -> None:
    faults = [
        {"in": "body", "pointer": pointer((*place, *claim)), "detail": "Leave it out: it is known here."}
        for claim in claims(evaluation)
    ]
    if faults:
        raise BadRequest("The call claims what only the rulebook or a record can say.", slug="claims-refused", errors=faults)


def _evaluation(value: Any, claims: Claims, place: tuple[int | str, ...] = ()) -> Evaluation:
    evaluation = _read(_Evaluation, value, place)
    _refuse_claims(evaluation, claims, place)
    return evaluation


def _item(index: int, item: Any, defaults: Mapping[str, Any], claims: Claims) -> Evaluation | BadRequest:
    """A part that an item names replaces the default as a whole: half of one object and half of another is neither."""
    try:
        return _evaluation({**defaults, **item} if isinstance(item, dict) else item, claims, ("evaluations", index))
    except BadRequest as refusal:
        return refusal


def _semantic(options: Any) -> Semantic:
    if not isinstance(options, dict):
        raise _malformed([{"in": "body", "pointer": "/options", "detail": "Input should be an object"}])
    try:
        return Semantic(options.get("evaluations_semantic", Semantic.EXECUTE_ALL))
    except ValueError:
        detail = f"Input should be one of {', '.join(Semantic)}"
        raise _malformed([{"in": "body", "pointer": "/options/evaluations_semantic", "detail": detail}]) from None


def _require_objects(defaults: Mapping[str, Any]) -> None:
    faults = [
        {"in": "body", "pointer": f"/{part}", "detail": "Input should be an object"}
        for part, value in defaults.items()
        if not isinstance(value, dict)
    ]
    if faults:
        raise _malformed(faults)


def _read(model: type[Model], value: Any, place: tuple[int | str, ...] = ()) -> Model:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)[:20]
        raise _malformed(
            [{"in": "body", "pointer": pointer((*place, *fault["loc"])), "detail": fault["msg"]} for fault in faults]
        ) from error


def _malformed(faults: list[dict[str, str]]) -> BadRequest:
    return BadRequest("The body does not have the form of an evaluation.", errors=faults)
