"""Rulebooks of any size, in Stena's format, made by a seedless recipe: the same size gives the same text, always.

They grow as real ones do: first by purposes, then by rules for single organisations. Every path that a rule names is
there in every question of the benchmark, so that py-abac and Cedar must give the same answers.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, count, cycle, islice
from typing import Any

Rule = dict[str, Any]

GENERAL = 10
"""Rules that every purpose has for everybody."""
SIZES: Mapping[int, tuple[int, int]] = {100: (10, 20), 1_000: (50, 100), 10_000: (200, 400)}
"""Rules to purposes and organisations. What the general rules of all purposes leave over are rules for one organisation."""

KINDS = ("authority", "ngo", "employer", "provider")
REGIONS = ("BG31", "BG32", "BG33", "BG34", "BG41", "BG42")
CATEGORIES = ("identity", "contact", "age", "family", "health", "support", "education", "experience", "skills", "wishes")
SENSITIVITY = dict(
    zip(CATEGORIES, ("sensitive", "sensitive", "protected", "protected", "special", *["ordinary"] * 5), strict=True)
)
ATTRIBUTES = {f"{category}_{number}": category for category in CATEGORIES for number in range(1, 6)}
OPEN = tuple(name for name, category in ATTRIBUTES.items() if SENSITIVITY[category] not in ("protected", "special"))
APPROVALS = 3
"""How many purposes each organisation is approved for."""


@dataclass(frozen=True)
class Generated:
    """``files`` are a rulebook's texts by path; ``rules`` the same rules as data."""

    files: Mapping[str, str]
    rules: tuple[Rule, ...]


def generate(size: int) -> Generated:
    """A rulebook of ``size`` rules; ``size`` is one of ``SIZES``."""
    purposes, organisations = SIZES[size]
    names = [f"purpose-{number}" for number in range(purposes)]
    approved = {f"organisation-{number}": _approved(number, names) for number in range(organisations)}
    by_purpose = {name: list(_general(name, number)) for number, name in enumerate(names)}
    for rule, name in islice(_single(approved), size - GENERAL * purposes):
        by_purpose[name].append(rule)
    files = {
        "rulebook.yaml": "title: A generated rulebook\ncountry: BGR\nlicence: CC0-1.0\n",
        "purposes.yaml": "".join(_line(name, _purpose(name)) for name in names),
        "attributes.yaml": _attributes(),
        "organisations.yaml": "".join(_line(name, _organisation(name, approved[name])) for name in approved),
        **{f"rules/{name}.yaml": "\n".join(map(_text, rules)) for name, rules in by_purpose.items()},
    }
    return Generated(files, tuple(chain.from_iterable(by_purpose.values())))


def _approved(number: int, purposes: list[str]) -> list[str]:
    return [purposes[(number * APPROVALS + step) % len(purposes)] for step in range(APPROVALS)]


def _general(purpose: str, number: int) -> Iterable[Rule]:
    """What an author writes for each purpose: who may look, what they see always, with consent, of their own cases, never."""
    kept = list(islice(cycle(CATEGORIES), number, number + 6))
    approved = {"$.purposes": {"condition": "AnyIn", "values": [purpose]}}
    assigned = {"$.organisation": {"condition": "IsInAttribute", "ace": "resource", "path": "$.record.assigned"}}
    person = {"$.type": _is("person")}
    consent = {"condition": "AnyInAttribute", "ace": "context", "path": "$.consent"}
    outside = {"condition": "Not", "value": {"condition": "AnyInAttribute", "ace": "subject", "path": "$.regions"}}
    restricted = {"condition": "IsIn", "values": [True]}
    owner = {"$.organisation": {"condition": "EqualsAttribute", "ace": "resource", "path": "$.record.created_by"}}
    some = [name for name in ATTRIBUTES if ATTRIBUTES[name] in kept[4:]]

    yield _rule(purpose, "operate", "allow", _of(["read", "list", "match"]), subject=approved, resource=person)
    yield _rule(purpose, "amend", "allow", _is("amend"), subject=approved | assigned, resource=person)
    yield _rule(purpose, "erase", "allow", _is("erase"), subject=approved | owner, resource=person)
    yield _rule(purpose, "disclose", "allow", _is("disclose"), subject=approved, resource={"$.category": _of(kept[:3])})
    yield _rule(purpose, "some", "allow", _is("disclose"), subject=approved, resource={"$.attribute": _of(some[:4])})
    yield _rule(purpose, "own", "allow", _is("disclose"), subject=assigned, resource={"$.category": _is(kept[3])})
    with_consent = {"$.attribute": _of(some[4:]), "$.record.consents": consent}
    yield _rule(purpose, "consent", "allow", _is("disclose"), subject=approved, resource=with_consent)
    region = person | {"$.record.region_path": outside}
    yield _rule(purpose, "region", "deny", _of(["read", "list", "match", "amend", "erase"]), resource=region)
    where = {"$.category": _is("contact"), "$.record.restricted": restricted}
    yield _rule(purpose, "restricted", "deny", _is("disclose"), resource=where)
    special = {"$.sensitivity": _of(["special", "protected"])}
    yield _rule(purpose, "employers", "deny", _is("disclose"), subject={"$.kind": _is("employer")}, resource=special)


def _single(approved: Mapping[str, list[str]]) -> Iterable[tuple[Rule, str]]:
    """Exceptions for one organisation, without end: every third takes away. None says what another has said."""
    pairs = [(organisation, purpose) for organisation, purposes in approved.items() for purpose in purposes]
    for number in count():
        turn, place = divmod(number, len(pairs))
        organisation, purpose = pairs[place]
        # Employers never see what is protected: a rule that let one of them would be dead.
        names = OPEN if _kind(organisation) == "employer" else tuple(ATTRIBUTES)
        effect = "deny" if number % 3 == 2 else "allow"
        subject, resource = {"$.organisation": _is(organisation)}, {"$.attribute": _is(names[(place + turn) % len(names)])}
        yield _rule(purpose, f"single-{number}", effect, _is("disclose"), subject=subject, resource=resource), purpose


def _is(value: str) -> Rule:
    return {"condition": "Equals", "value": value}


def _of(values: list[str]) -> Rule:
    return {"condition": "IsIn", "values": values}


def _rule(purpose: str, name: str, effect: str, action: Rule, **elements: Rule) -> Rule:
    context = {"$.purpose": _is(purpose)}
    rules = {**elements, "action": {"$.name": action}, "context": context}
    return {"uid": f"{purpose}.{name}", "description": f"{name} for {purpose}.", "effect": effect, "rules": rules}


def _text(rule: Rule) -> str:
    """As an author writes it: one element in a line."""
    head = "".join(f"{'- ' if key == 'uid' else '  '}{key}: {rule[key]}\n" for key in ("uid", "description", "effect"))
    return head + "  rules:\n" + "".join(f"    {element}: {json.dumps(rule['rules'][element])}\n" for element in rule["rules"])


def _line(key: str, value: object) -> str:
    return f"{key}: {json.dumps(value)}\n"


def _purpose(name: str) -> Rule:
    titles = {"en": name, "bg": name}
    return {
        "titles": titles,
        "description": name,
        "dpv": "https://w3id.org/dpv#ServiceProvision",
        "legal_bases": ["GDPR-6-1-e"],
    }


def _attributes() -> str:
    titles = {"en": "A title", "bg": "A title"}
    attributes = {
        name: {
            "category": category,
            "sensitivity": SENSITIVITY[category],
            "titles": titles,
            "description": name,
            "schema": {"type": "string"},
            "examples": ["a"],
        }
        for name, category in ATTRIBUTES.items()
    }
    return _line("categories", {name: {"titles": titles} for name in CATEGORIES}) + _line("attributes", attributes)


def _organisation(name: str, approved: list[str]) -> Rule:
    number = int(name.rpartition("-")[2])
    terms = {
        "legal_basis": "GDPR-6-1-e",
        "regions": [REGIONS[number % len(REGIONS)]],
        "from": "2026-01-01",
        "until": "2028-12-31",
    }
    return {
        "name": name,
        "kind": _kind(name),
        "approvals": [{"purpose": purpose, **terms} for purpose in approved],
    }


def _kind(organisation: str) -> str:
    return KINDS[int(organisation.rpartition("-")[2]) % len(KINDS)]
