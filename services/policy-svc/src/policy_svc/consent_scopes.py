"""What rests on consent: for each purpose the attributes that a consent opens, and who may be its recipient. Pure.

Derived from the rules, never stated beside them, so that a consent never promises what no rule asks for: where nothing of
a purpose rests on consent, its basis is the law, and to ask for consent would deceive (GDPR Art 7, Recital 43).
"""

from collections.abc import Collection, Iterable, Mapping

from policy_svc.approvals import Approval, Approved
from policy_svc.cells import Verb, View, view
from policy_svc.faults import Faults, Place
from policy_svc.formulas import Formula, paths
from policy_svc.plans import AttributePlan, Plan, Share
from policy_svc.rulebook import Rulebook
from policy_svc.vocabulary import DISCLOSING, RECORD, WRITING
from policy_svc.ways import NEVER, Contains, Tangle, Ways, all_of, any_of
from policy_svc.yaml_files import place_at, read
from stena.contracts.catalogue import CONSENT_BASES, ConsentScope, Recipient

CONSENTS = RECORD + "consents"
_FILE = "organisations.yaml"


def consent_scopes(rulebook: Rulebook) -> dict[str, ConsentScope]:
    """Purpose → what rests on consent there; purposes of which nothing does are left out."""
    scopes = {purpose: _scope(rulebook, purpose) for purpose in rulebook.purposes}
    return {purpose: scope for purpose, scope in scopes.items() if scope.discloses or scope.writes}


def check_consent_bases(rulebook: Rulebook, faults: Faults) -> None:
    """The other way round: where an approval rests on consent, nothing is disclosed under it without one."""
    raw = read(_FILE, rulebook.files[_FILE], Faults())
    for name, approved in rulebook.organisations.items():
        for index, approval in enumerate(approved.approvals):
            if approval.legal_basis not in CONSENT_BASES:
                continue
            place = place_at(raw, (name, "approvals", index), Place(_FILE, 1))
            for purpose in sorted(approval.covers):
                what = _without_consent(rulebook, name, purpose, approval)
                if what:
                    faults.add(place, what, "Name the basis that it does rest on, or ask for $.record.consents")


def _without_consent(rulebook: Rulebook, organisation: str, purpose: str, approval: Approval) -> str | None:
    if purpose not in rulebook.catalogue.consents:
        return f"the approval for {purpose!r} rests on consent, and no rule asks for it"
    shown = _shown(view(rulebook, organisation, purpose, approval.first), "disclose", DISCLOSING)
    open_ones = sorted(name for name, ways in shown.items() if not _wants_consent(ways))
    return f"the approval for {purpose!r} rests on consent, and {', '.join(open_ones)} need none" if open_ones else None


def _scope(rulebook: Rulebook, purpose: str) -> ConsentScope:
    views = [
        view(rulebook, name, purpose, approval.first)
        for name, approval in _approved(rulebook.organisations, purpose)
        if _asks(rulebook.plans.of(purpose, name))
    ]
    return ConsentScope(
        discloses=_in_order(rulebook, (_resting(view, "disclose", DISCLOSING) for view in views)),
        writes=_in_order(rulebook, (_resting(view, "write", WRITING) for view in views)),
        recipients=recipients(rulebook.organisations, purpose),
    )


def recipients(organisations: Mapping[str, Approved], purpose: str) -> tuple[Recipient, ...]:
    """Everybody who is, was or will be approved for the purpose, once for each approval."""
    return tuple(_recipient(name, approval) for name, approval in _approved(organisations, purpose))


def _approved(organisations: Mapping[str, Approved], purpose: str) -> list[tuple[str, Approval]]:
    return [(name, approval) for name, each in organisations.items() for approval in each.covering(purpose)]


def _asks(share: Share) -> bool:
    """Whether any rule for this share asks for consents: for most purposes none does, and nothing has to be worked out."""
    return any(CONSENTS in paths(formula) for formula in _formulas(share))


def _formulas(share: Share) -> Iterable[Formula]:
    plans: list[Plan] = list(share.operations.values())
    attributes: list[AttributePlan] = [share.disclose, share.write]
    for plan in plans:
        yield from (remainder.formula for remainder in (*plan.allows, *plan.denies))
    for attribute_plan in attributes:
        for recipe, _ in attribute_plan.recipes:
            yield from (*recipe.allows, *recipe.denies)


def _resting(view: View, verb: Verb, operations: Collection[tuple[str, str]]) -> set[str]:
    """The attributes that some record opens only by a consent: a consent for the rows is one for everything in them."""
    return {name for name, ways in _shown(view, verb, operations).items() if _speaks_of_consent(ways)}


def _shown(view: View, verb: Verb, operations: Collection[tuple[str, str]]) -> dict[str, Ways]:
    """In which ways each attribute of a record can be reached: the record has to be, too."""
    found = view.of("operate")
    visible = any_of(found.get(f"{kind}:{name}", NEVER) for kind, name in operations)
    return {name: all_of([visible, ways]) for name, ways in view.of(verb).items()}


def _speaks_of_consent(ways: Ways) -> bool:
    return any(_is_consent(demand.atom) for way in ways for demand in way)


def _wants_consent(ways: Ways) -> bool:
    """Whether there is no way without one."""
    return all(any(demand.wanted and _is_or_wants_consent(demand.atom) for demand in way) for way in ways)


def _is_or_wants_consent(atom: object) -> bool:
    match atom:
        case Tangle(operator=operator, parts=parts):
            return (any if operator == "all" else all)(map(_wants_consent, parts))
        case _:
            return _is_consent(atom)


def _is_consent(atom: object) -> bool:
    match atom:
        case Contains(path=path):
            return path == CONSENTS
        case Tangle(parts=parts):
            return any(map(_speaks_of_consent, parts))
        case _:
            return getattr(atom, "fact", None) == "consents"


def _in_order(rulebook: Rulebook, found: Iterable[set[str]]) -> tuple[str, ...]:
    """In the order of the catalogue."""
    names = set[str]().union(*found)
    return tuple(attribute.name for attribute in rulebook.catalogue.attributes if attribute.name in names)


def _recipient(organisation: str, approval: Approval) -> Recipient:
    return Recipient(
        organisation=organisation,
        legal_basis=approval.legal_basis,
        valid_from=approval.first.isoformat(),
        valid_until=approval.last.isoformat(),
    )
