"""Clients and proposals as the API shows them: never with a secret, nor with the person whom a client speaks for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gateway.administering import credentials
from gateway.administering.proposals import Proposal
from gateway.store import Client

Json = dict[str, Any]

MOST_OPENED: Final = 500
"""Openings that are told one by one."""


def client(row: Client) -> Json:
    return {
        "id": row.client_id,
        "name": row.name,
        "organisation": row.organisation,
        "credentials": credentials.way_of(row),
        "key_ids": credentials.key_ids(row.jwks),
        "jwks_uri": row.jwks_uri,
        "issuer": row.issuer,
        "speaks_for_a_person": row.person_id is not None,
        "created_at": row.created_at,
        "earlier_secret_until": row.earlier_until,
        "earlier_key_ids": credentials.key_ids(row.earlier(datetime.now(UTC)).jwks),
        "revoked_at": row.revoked_at,
    }


def proposal(each: Proposal, now: datetime) -> Json:
    about = "rulebook" if each.kind == "rulebook" else "client"
    settled = each.settled
    return {
        "id": each.name,
        "kind": each.kind,
        "state": each.state(now),
        "proposed_by": str(each.by),
        "proposed_at": each.proposed_at,
        "ends_at": each.ends_at,
        "decision": each.decision,
        "comment": each.comment,
        "client": _client(each.wanted) if about == "client" else None,
        "rulebook": dict(each.wanted) if about == "rulebook" else None,
        "settled": None if settled is None else {"at": settled.at, "by": settled.by, "decision": settled.decision},
    }


def _client(wanted: Mapping[str, Any]) -> Json:
    told = {name: wanted[name] for name in ("id", "name", "organisation")}
    shown = wanted.get("credentials")
    if shown is None:
        return told
    kept = {"jwks_uri": shown.get("jwks_uri"), "issuer": shown.get("issuer")}
    return told | kept | {"credentials": credentials.way_of(shown), "key_ids": credentials.key_ids(shown.get("jwks"))}
