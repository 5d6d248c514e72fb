"""What a decision says and what a grant carries.

The shapes are AuthZEN Authorization API 1.0 (subject, action, resource, context; decision and context), with
Stena's grant as an obligation in the response's context.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StrictInt

from stena.contracts.condition import Residual


class Reason(StrEnum):
    """Why something was refused. The ledger keeps these; a caller sees ``caller_reason`` of them."""

    PURPOSE_UNKNOWN = "purpose-unknown"
    PURPOSE_FORBIDDEN = "purpose-forbidden"
    PURPOSE_NOT_APPROVED = "purpose-not-approved"
    APPROVAL_EXPIRED = "approval-expired"
    REGION_OUTSIDE_APPROVAL = "region-outside-approval"
    NOT_NECESSARY = "not-necessary"
    CONSENT_MISSING = "consent-missing"
    CONSENT_WITHDRAWN = "consent-withdrawn"
    NOT_ASSIGNED = "not-assigned"
    RESTRICTED = "restricted"
    OBJECTED = "objected"
    JUSTIFICATION_MISSING = "justification-missing"
    ACTING_USER_MISSING = "acting-user-missing"
    DENIED_BY_RULE = "denied-by-rule"


Withheld = Literal["not-necessary", "consent-missing", "not-assigned"]
"""The few reasons beside a withheld attribute that a caller sees."""

ANY_ID = "*"
"""The resource id of a call that is about no single record."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Subject(Frozen):
    """Who asks: ``type`` is ``organisation`` and ``id`` the organisation's id in the rulebook.

    ``properties`` may hold ``client``, ``acting_user`` and ``person`` (the data subject's own internal id), which
    the enforcement point knows; everything else of a subject belongs to the rulebook and is refused when claimed.
    """

    type: str
    id: str
    properties: dict[str, Any] = Field(default_factory=dict)


class Action(Frozen):
    name: str
    properties: dict[str, Any] = Field(default_factory=dict)


class Resource(Frozen):
    """What is asked for: ``type`` is person, note, consent, opportunity, ledger …; ``id`` is internal, or ``*``."""

    type: str
    id: str = ANY_ID
    properties: dict[str, Any] = Field(default_factory=dict)


class Evaluation(Frozen):
    """One question to the decision point. ``context`` may hold purpose, case and justification."""

    subject: Subject
    action: Action
    resource: Resource
    context: dict[str, Any] = Field(default_factory=dict)


class Disclosure(Frozen):
    """An attribute passes ``when`` the condition is true; ``otherwise`` it is withheld, for that reason."""

    when: Residual
    otherwise: Withheld = "not-necessary"


class Way(Disclosure):
    """A disclosure with all the attributes that it is the same for."""

    attributes: tuple[str, ...]


def _gather(disclosures: dict[str, Disclosure]) -> list[Way]:
    """Say each condition once. Attributes that were decided together share one object, and only those are gathered."""
    gathered: dict[int, tuple[Disclosure, list[str]]] = {}
    for name, disclosure in disclosures.items():
        gathered.setdefault(id(disclosure), (disclosure, []))[1].append(name)
    return [Way(when=each.when, otherwise=each.otherwise, attributes=tuple(names)) for each, names in gathered.values()]


def _spread(value: Any) -> Any:
    """The opposite of ``_gather``; an attribute that is named twice has no meaning."""
    if not isinstance(value, list):
        return value
    spread: dict[str, Disclosure] = {}
    for way in (Way.model_validate(each) for each in value):
        if not spread.keys().isdisjoint(way.attributes):
            raise ValueError("an attribute is named twice")
        spread |= dict.fromkeys(way.attributes, Disclosure(when=way.when, otherwise=way.otherwise))
    return spread


ByAttribute = Annotated[dict[str, Disclosure], BeforeValidator(_spread), PlainSerializer(_gather, return_type=list[Way])]
"""Attribute → disclosure. On the wire each disclosure stands once, with its attributes: a grant has to fit in a header."""


class Grant(Frozen):
    """A short-lived signed capability: which operation, for whom, which rows, which attributes. No grant, no data.

    ``target`` is the internal id of the one record that a call concerns, ``None`` for many. ``disclose`` and
    ``withhold`` together name every attribute of the rulebook's catalogue exactly once. ``write`` names the
    attributes that a create or amend may set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    iss: str
    aud: str
    iat: StrictInt
    exp: StrictInt
    jti: str
    organisation: str
    client: str | None = None
    acting_user: str | None = None
    operation: str
    resource: str
    target: str | None = None
    purpose: str
    case: str | None = None
    rulebook: str
    ids: Literal["organisation", "purpose"] = "organisation"
    provenance: Literal["flag", "full"] = "flag"
    kinds: tuple[str, ...] = ()
    rows: Residual = False
    disclose: ByAttribute = Field(default_factory=dict)
    withhold: dict[str, Withheld] = Field(default_factory=dict)
    write: ByAttribute = Field(default_factory=dict)

    def terms(self) -> str:
        """All that it says of what may be seen and done, not for whom, of whom and when: what many grants have in common."""
        return self._terms

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        copied = super().model_copy(update=update, deep=deep)
        if update is not None and not update.keys() <= BINDING:
            copied.__dict__.pop("_terms", None)  # INVARIANT: terms are never those of another grant
        return copied

    @cached_property
    def _terms(self) -> str:
        return self.model_dump_json(exclude=set(BINDING))


BINDING: Final = frozenset(
    {"iss", "aud", "iat", "exp", "jti", "client", "acting_user", "operation", "resource", "target", "case"}
)
"""What binds a grant to one call; whatever else it says is among its terms."""


class DecisionContext(BaseModel):
    """The response's context: what was decided, by which rules of which rulebook, and on permit the grant.

    ``whose`` comes with a permit for what the ledger says of one person: by it profile-svc tells which records are theirs.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    rulebook: str
    reason: Reason | None = None
    rules: tuple[str, ...] = ()
    alert: bool = False
    grant: str | None = None
    whose: str | None = None


class EvaluationResponse(BaseModel):
    """AuthZEN's answer. A deny is HTTP 200 with ``decision: false``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    decision: bool
    context: DecisionContext


class Evaluations(Frozen):
    """Several questions in one call; every item stands alone (no defaults are used between our own services)."""

    evaluations: tuple[Evaluation, ...]


class EvaluationsResponse(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    evaluations: tuple[EvaluationResponse, ...]
