"""The words of a request: which paths rules may name, what each holds, and which operations exist. Nothing is decided here."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

from stena.contracts.catalogue import Kind as OrganisationKind
from stena.contracts.catalogue import Sensitivity
from stena.contracts.condition import facts_of_people, type_of_fact

Kind = Literal["text", "set", "bool", "any"]
"""What a path holds. ``any``: what it holds is known only from each request, and a wrong type is unknown then."""

RECORD: Final = "resource.record."

PATHS: Final[Mapping[str, Kind]] = {
    "subject.id": "text",  # these three only through a rule's targets
    "resource.id": "text",
    "action.id": "text",
    "subject.organisation": "text",
    "subject.kind": "text",
    "subject.purposes": "set",
    "subject.regions": "set",
    "subject.roles": "set",
    "subject.client": "text",
    "subject.acting_user": "text",
    "subject.person": "text",
    "resource.type": "text",
    "resource.attribute": "text",
    "resource.category": "text",
    "resource.sensitivity": "text",
    "resource.reveals": "set",
    "resource.owner": "text",
    **{RECORD + fact: kind for fact, kind in type_of_fact.items()},
    "action.name": "text",
    "context.purpose": "text",
    "context.purpose_and_broader": "set",
    "context.consent": "set",
    "context.addressed": "set",
    "context.objection": "set",
    "context.case": "text",
    "context.justification": "text",
    "context.time": "text",
}
"""Path (``element.name``) to the kind of value that it holds. Everything else is refused in a rule."""

OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "person": (
        *("read", "list", "export", "changes", "create", "amend", "erase"),
        *("match", "allocate", "check", "access", "restrict", "object", "correct"),
        *("compare", "distinguish", "merge", "separate"),
    ),
    "consent": ("read", "record", "withdraw"),
    "note": ("read", "create", "share", "unshare", "release"),
    "case": ("read", "open", "close"),
    "referral": ("read", "list", "create", "amend"),
    "correction": ("read", "list", "decide"),
    "objection": ("read", "list", "decide"),
    "restriction": ("read",),
    "retention": ("read", "list"),
    "sign-in": ("issue", "link", "read", "revoke"),
    "ledger": ("read", "report"),
    "alert": ("list", "acknowledge"),
    "review": ("list", "record"),
    "opportunity": ("read", "list", "create", "amend", "close", "match", "allocate", "approve", "disapprove", "approvals"),
    "selection": ("record", "list"),
    "outcome": ("read",),
    "audit": ("run",),
    # No call asks for `administer` any more; rulebooks of before, which are kept, name it.
    "rulebook": ("read", "load", "activate", "confirm", "administer"),
    "client": ("list", "propose", "confirm", "revoke", "administer"),
    "proposal": ("list", "withdraw"),
}
"""Resource type to the operations that are asked once per call."""

DISCLOSE: Final = "disclose"
WRITE: Final = "write"
ACTIONS: Final = frozenset({DISCLOSE, WRITE}.union(*OPERATIONS.values()))

DISCLOSING: Final = frozenset(
    {("opportunity", "match"), ("person", "access")}
    | {("correction", name) for name in OPERATIONS["correction"]}
    | {("person", name) for name in ("read", "list", "export", "changes", "match", "check", "create", "amend")}
    | {("person", name) for name in ("compare", "merge", "separate")}
)
"""What shows attributes of people: there every attribute of the catalogue is decided too."""

WRITING: Final = frozenset(
    {("person", "create"), ("person", "amend")} | {("correction", name) for name in OPERATIONS["correction"]}
)

FACTS_OF: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("person", "consent", "case", "referral", "audit"), facts_of_people),
    **dict.fromkeys(("correction", "objection", "restriction", "retention", "sign-in"), facts_of_people),
    "note": frozenset(type_of_fact),
    "opportunity": frozenset({"created_by"}),
    "selection": frozenset({"created_by"}),  # the owner of the opportunity
    "review": frozenset({"created_by"}),  # who broke the glass
}
"""The record facts that records of a type have. Any other fact of theirs is missing, and so unknown to every rule."""

ORGANISATION_KINDS: Final = frozenset(get_args(OrganisationKind))
SENSITIVITIES: Final = frozenset(get_args(Sensitivity))
