"""Puts there what the matrix looks at: the cast, notes about them, shares, referrals, and opportunities to be matched with."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .asking import JUSTIFICATION, Referral
from .canaries import Canary, Finder, Mint
from .cast import COMMON_SKILL, LEAVING, ORGANISATIONS, SUBJECT, Somebody, cast, newcomer
from .expected import Expected
from .target import Line, Target

OWNERS: Final = {
    "job": "vitosha-bakery",
    "training": "language-house",
    "language-course": "language-house",
    "mentoring": "employment-agency",
    "service": "employment-agency",
}
WATCHED: Final = {
    "job": ("employment-agency", "job-ranking"),
    "training": ("language-house", "training-placement"),
    "mentoring": ("bread-and-bridges", "mentoring"),
    "service": ("bread-and-bridges", "service-referral"),
}
"""Who is shown candidates of a kind, and so learns when matching-svc has read of them."""

WRITERS: Final = ("reception-agency", "employment-agency", "bread-and-bridges", "open-door-legal")
SHARED: Final = (("bread-and-bridges", "legal-aid", None), ("employment-agency", "case-continuity", "open-door-legal"))
"""Whose note about the last of the cast is shared: for which purpose, with whom."""

REFERRED: Final = (
    ("employment-agency", "danube-health", "health-access"),
    ("bread-and-bridges", "social-agency", "social-benefits"),
)
"""Who refers the last of the cast to whom, and what for."""

LISTENER: Final = "reception-agency"
HEARD_FOR: Final = "mentoring"
"""Who records what a child said, and of a consent for which purpose."""

PROPOSED: Final = ("email", "religion", "health_needs", "driving_licences")
"""What the last of the cast wants corrected."""

AGAINST: Final = ("bread-and-bridges", "mentoring")
"""To whom somebody has objected, and for which purpose."""

CROWD: Final = 12
"""As many women and as many men of whom there is nothing to hide: an audit tells groups apart only if they are large."""

RESCUER: Final = "emergency-desk"
"""Who has broken the glass, so that there is something to review."""

NEXT_MONTH: Final = (datetime.now(UTC) + timedelta(days=30)).isoformat()


@dataclass(frozen=True)
class World:
    """``internal``: person's name → internal id. ``opportunities``: id → owner and kind. ``written``: what notes hold."""

    people: tuple[Somebody, ...]
    newcomers: tuple[Somebody, ...]
    internal: Mapping[str, str]
    opportunities: Mapping[str, tuple[str, str]]
    referrals: tuple[Referral, ...]
    written: tuple[Canary, ...]
    finder: Finder


async def build(target: Target) -> World:
    people, newcomers = tuple(cast()), tuple(map(newcomer, ORGANISATIONS))
    await target.put(_crowd())
    everybody = (*people, SUBJECT, LEAVING)
    ids = await target.put([who.line() if who in people else _unknown(who) for who in everybody])
    internal = dict(zip((who.name for who in everybody), ids, strict=True))
    written = [
        canary for number, writer in enumerate(WRITERS) for canary in await _write(target, writer, number, internal, people)
    ]
    referrals, reasons = await _refer(target, people[-1], internal)
    child = next(who for who in people if who.minor)
    reasons += await _hear(target, child, internal[child.name])
    await _break_glass(target, internal[SUBJECT.name])
    reasons += await _ask_for_rights(target, people[-1], internal)
    opportunities = await _offer(target)
    await _until_matching_follows(target, opportunities)
    canaries = [canary for who in (*people, *newcomers) for canary in who.canaries]
    finder = Finder([*canaries, *written, *reasons])
    return World(people, newcomers, internal, opportunities, tuple(referrals), tuple(written), finder)


def _unknown(who: Somebody) -> dict[str, Any]:
    """Where they live is all that is known of them."""
    home = {"municipality": "Sofia", "nuts": "BG411", "settlement": "Sofia"}
    return {**who.line(), "attributes": {"residence": home}, "verified": {}}


def _crowd() -> list[Line]:
    somebody = _unknown(SUBJECT)
    known = somebody["attributes"] | {"skills": [COMMON_SKILL]}
    return [
        somebody | {"external_id": f"{gender} {number}", "attributes": known | {"gender": gender}}
        for gender in ("female", "male")
        for number in range(CROWD)
    ]


async def _post(target: Target, organisation: str, purpose: str, path: str, body: Any) -> Any:
    caller, key = await target.client(organisation), {"Idempotency-Key": secrets.token_hex(8)}
    answer = await caller("POST", path, purpose, json=body, headers=key)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def _write(
    target: Target, writer: str, number: int, internal: Mapping[str, str], people: tuple[Somebody, ...]
) -> list[Canary]:
    """A note about everybody whom the writer may write of; that about the last of them is shared, by those who share."""
    made = list[Canary]()
    for who in people:
        if not Expected(writer, "case-continuity").reaches(who, "note", "create"):
            continue
        mint = Mint(who.name, 300 + 20 * number + who.number)
        shares = [(purpose, to) for sharer, purpose, to in SHARED if sharer == writer and who is people[-1]]
        carried = [f"note shared for {purpose}" + (f" with {to}" if to else "") for purpose, to in shares]
        person = await target.pairwise(internal[who.name], writer, "case-continuity")
        body = {"text": mint.text(f"note of {writer}", *carried)}
        note = await _post(target, writer, "case-continuity", f"/v1/persons/{person}/notes", body)
        for purpose, recipient in shares:
            share = {"purpose": purpose, "recipient": recipient, "until": NEXT_MONTH}
            await _post(target, writer, "case-continuity", f"/v1/persons/{person}/notes/{note['id']}/shares", share)
        made += mint.made
    return made


async def _refer(target: Target, who: Somebody, internal: Mapping[str, str]) -> tuple[list[Referral], list[Canary]]:
    mint, made = Mint(who.name, 400), []
    for sender, recipient, purpose in REFERRED:
        person = await target.pairwise(internal[who.name], sender, "case-continuity")
        reason = mint.text(f"referral of {sender}", f"referral of {recipient}")
        body = {"recipient": recipient, "purpose": purpose, "reason": reason}
        referral = await _post(target, sender, "case-continuity", f"/v1/persons/{person}/referrals", body)
        made.append(Referral(referral["id"], (sender, recipient)))
    return made, mint.made


async def _hear(target: Target, child: Somebody, internal: str) -> list[Canary]:
    """What a child said of a refusal of its guardian: for who heard it, and for the child."""
    mint = Mint(child.name, 420)
    heard = (f"what {LISTENER} heard of a child", f"what {child.name} said")
    body = {
        "state": "refused",
        "given_by": "guardian",
        "child_view": "disagrees",
        "child_view_reason": mint.text(*heard),
        "child_words": mint.text(*heard),
        "text_version": mint.text("consents"),
        "language": "uk",
        "method": "paper",
    }
    person = await target.pairwise(internal, LISTENER, "consent-management")
    caller = await target.client(LISTENER)
    answer = await caller("PUT", f"/v1/persons/{person}/consents/{HEARD_FOR}", "consent-management", json=body)
    assert answer.status_code == 200, answer.text
    return mint.made


async def _break_glass(target: Target, internal: str) -> None:
    person, caller = await target.pairwise(internal, RESCUER, "vital-interest"), await target.client(RESCUER)
    answer = await caller("GET", f"/v1/persons/{person}", "vital-interest", headers=JUSTIFICATION)
    assert answer.status_code == 200, answer.text


async def _ask_for_rights(target: Target, who: Somebody, internal: Mapping[str, str]) -> list[Canary]:
    """Corrections for those who may write the attribute, each of another; one objection; corrections to be decided about."""
    mint, other = Mint(who.name, 440), Mint(SUBJECT.name, 441)
    for name in PROPOSED:
        body = {"attribute": name, "value": who.values[name], "reason": mint.text("correction", f"correction of {name}")}
        await _of_their_own(target, internal[who.name], "corrections", body)
    for _ in range(6):
        body = {"attribute": "digital_skills", "value": "advanced"}
        await _of_their_own(target, internal[SUBJECT.name], "corrections", body)
    objection = {"purpose": AGAINST[1], "recipient": AGAINST[0], "reason": other.text("objection")}
    await _of_their_own(target, internal[SUBJECT.name], "objections", objection)
    return [*mint.made, *other.made]


async def _of_their_own(target: Target, internal: str, what: str, body: Mapping[str, Any]) -> None:
    caller = await target.client("self-service", internal)
    person = await target.pairwise(internal, "self-service", "data-subject-access")
    answer = await caller("POST", f"/v1/persons/{person}/{what}", "data-subject-access", json=body)
    assert answer.status_code == 201, answer.text


async def _offer(target: Target) -> dict[str, tuple[str, str]]:
    """One opportunity of each kind, for which everybody can do what is wanted."""
    offered = {}
    for kind, owner in OWNERS.items():
        body = {"kind": kind, "title": f"A {kind}", "region": "BG411", "essential_skills": [COMMON_SKILL]}
        made = await _post(target, owner, "opportunity-management", "/v1/opportunities", body)
        offered[made["id"]] = (owner, kind)
    return offered


async def _until_matching_follows(target: Target, opportunities: Mapping[str, tuple[str, str]]) -> None:
    """matching-svc reads people through the gateway, in its own time."""
    for opportunity, (_, kind) in opportunities.items():
        if kind not in WATCHED:
            continue
        organisation, purpose = WATCHED[kind]
        caller = await target.client(organisation)
        for _ in range(150):
            answer = await caller("GET", f"/v1/opportunities/{opportunity}/candidates?limit=100", purpose)
            if answer.status_code == 200 and answer.json()["candidates"]:
                break
            await asyncio.sleep(0.2)
        else:
            raise AssertionError(f"nobody was ever a candidate for a {kind}: {answer.status_code}")
