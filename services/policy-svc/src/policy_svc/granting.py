"""From a permit to the grant that carries it: what is signed binds caller, call, purpose and revision for a minute."""

from datetime import datetime
from typing import Any, Final

import orjson

from policy_svc.decisions import Decision
from stena.contracts.access import ANY_ID, Evaluation, Grant
from stena.grants import ISSUER, LIFETIME

AUDIENCES: Final = {
    **dict.fromkeys(("person", "consent", "note", "case", "referral", "audit"), "profile-svc"),
    **dict.fromkeys(("correction", "objection", "restriction", "sign-in", "retention"), "profile-svc"),
    **dict.fromkeys(("opportunity", "selection", "outcome"), "matching-svc"),
    "rulebook": "policy-svc",
}
"""Who owns a type of resource; everything else is the gateway's own."""

KNOWS_WHOSE: Final = "profile-svc"
"""Who knows which records are one person's."""


def make_grant(decision: Decision, evaluation: Evaluation, revision: str, decision_id: str, now: datetime) -> Grant:
    """The grant of a permit."""
    assert decision.permit
    assert decision.purpose is not None
    purpose = decision.purpose
    return Grant(
        **_binding(evaluation, decision_id, now),
        organisation=evaluation.subject.id,
        purpose=purpose.id,
        rulebook=revision,
        ids=purpose.ids,
        provenance=purpose.provenance,
        kinds=purpose.kinds,
        rows=decision.rows,
        disclose=dict(decision.disclose),
        withhold=dict(decision.withhold),
        write=dict(decision.write),
    )


def grant_text(terms: str, evaluation: Evaluation, decision_id: str, now: datetime, audience: str | None = None) -> bytes:
    """The grant of a permit whose terms (``Grant.terms``) are known, as JSON: for ``audience``, or whose the resource is."""
    binding = _binding(evaluation, decision_id, now)
    if audience is not None:
        binding["aud"] = audience
    return orjson.dumps(binding)[:-1] + b"," + terms[1:].encode()


def is_of_ledger(evaluation: Evaluation) -> bool:
    """Whether it asks for what the ledger says of one person, which the gateway finds by every record that is theirs."""
    return evaluation.resource.type == "ledger" and evaluation.resource.id != ANY_ID


def _binding(evaluation: Evaluation, decision_id: str, now: datetime) -> dict[str, Any]:
    """What ties a grant to one call."""
    subject, resource = evaluation.subject, evaluation.resource
    return {
        "iss": ISSUER,
        "aud": AUDIENCES.get(resource.type, "gateway"),
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + LIFETIME,
        "jti": decision_id,
        "client": _text(subject.properties.get("client")),
        "acting_user": _text(subject.properties.get("acting_user")),
        "operation": evaluation.action.name,
        "resource": resource.type,
        "target": None if resource.id == ANY_ID else resource.id,
        "case": _text(evaluation.context.get("case")),
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
