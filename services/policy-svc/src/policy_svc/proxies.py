"""Proxies: attributes that a purpose discloses although they reveal something that it withholds. Pure.

INVARIANT: a proxy that nobody has answered for under ``accepts`` refuses the rulebook, and so does an answer to no proxy: it
would let the next one pass unseen.
"""

from collections.abc import Iterator

from policy_svc.cells import View, turning_days, view
from policy_svc.faults import Faults, Place
from policy_svc.rulebook import Rulebook
from policy_svc.vocabulary import DISCLOSING
from policy_svc.ways import NEVER, all_of, any_of, implies
from policy_svc.yaml_files import place_at, read
from stena.contracts.catalogue import Attribute

_FILE = "purposes.yaml"


def check_proxies(rulebook: Rulebook, faults: Faults) -> None:
    """Every purpose that somebody is approved for accepts exactly the proxies that it discloses."""
    raw = read(_FILE, rulebook.files[_FILE], Faults())
    for purpose in rulebook.purposes.values():
        views = list(_views(rulebook, purpose.id))
        if not views:
            continue
        found = {name: betrayed for view in views for name, betrayed in _proxies(rulebook, view)}
        for name in sorted(found.keys() - purpose.accepts.keys()):
            what = f"the purpose {purpose.id!r} discloses {name}, which reveals {found[name]} that it withholds"
            mend = "Withhold it too, or say under accepts why the purpose cannot do without it"
            faults.add(place_at(raw, (purpose.id,), Place(_FILE, 1)), what, mend)
        for name in sorted(purpose.accepts.keys() - found.keys()):
            what = f"{name} is accepted, and gives away nothing that the purpose withholds"
            faults.add(place_at(raw, (purpose.id, "accepts", name), Place(_FILE, 1)), what, "Remove it from accepts")


def _views(rulebook: Rulebook, purpose: str) -> Iterator[View]:
    for name, approved in rulebook.organisations.items():
        if approved.covering(purpose):
            for day in turning_days([approved]):
                if purpose in approved.purposes(day):
                    yield view(rulebook, name, purpose, day)


def _proxies(rulebook: Rulebook, view: View) -> Iterator[tuple[str, str]]:
    """Each attribute that the view shows, of some record, without the whole of something that it reveals; with that."""
    operations, disclosed = view.of("operate"), view.of("disclose")
    visible = any_of(operations.get(f"{kind}:{name}", NEVER) for kind, name in DISCLOSING)
    for attribute in rulebook.catalogue.attributes:
        if attribute.reveals and attribute.name in disclosed:
            shown = all_of([visible, disclosed[attribute.name]])
            for revealed in _revealed(rulebook, attribute):
                if not implies(shown, disclosed.get(revealed, NEVER)):
                    yield attribute.name, revealed
                    break


def _revealed(rulebook: Rulebook, attribute: Attribute) -> list[str]:
    """The stored attributes of the categories, and the attributes, that a value gives away."""
    return [
        each.name
        for each in rulebook.catalogue.attributes
        if each.name in attribute.reveals or (each.category in attribute.reveals and not each.derived_from)
    ]
