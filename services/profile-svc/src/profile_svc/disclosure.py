"""From a grant to what is selected, and from what was selected to a person as the grant lets it be seen.

Pure. INVARIANT: what is withheld follows from the grant and the truth of its conditions alone, never from a stored value.
"""

import base64
import hmac
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Any, Final
from uuid import UUID

import orjson

from profile_svc.attributes import Attributes
from stena.contracts.access import Grant, Withheld
from stena.contracts.condition import Residual

MOST_SELECTIONS: Final = 500

Opener = Callable[[str, str], Any]
"""Attribute and sealed text → value."""


class NotDisclosed(Exception):
    """The caller asked by name for attributes that the grant withholds."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"This purpose does not disclose {', '.join(self.names)}.")


@dataclass(frozen=True, slots=True)
class Group:
    """The attributes that are disclosed under one condition, and what has to be read for them.

    ``plain`` and ``sealed`` are the stored attributes to select; ``shown`` those of them that are disclosed themselves;
    ``derived`` those to compute from them. ``otherwise``: the reason of each, should the condition not be true.
    """

    when: Residual
    plain: tuple[str, ...]
    sealed: tuple[str, ...]
    shown: tuple[str, ...]
    derived: tuple[str, ...]
    otherwise: Mapping[str, Withheld]

    @property
    def disclosed(self) -> tuple[str, ...]:
        return self.shown + self.derived


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Selection:
    """All that one grant lets be selected of a person: ``groups``, and the attributes of all of them together. It is what it is
    by identity: statements are remembered by it."""

    organisation: str
    purpose: str
    rows: Residual
    groups: tuple[Group, ...]
    plain: tuple[str, ...]
    sealed: tuple[str, ...]
    disclosed: tuple[str, ...]
    withheld: Mapping[str, Withheld]
    full_provenance: bool


def select(grant: Grant, attributes: Attributes, fields: Sequence[str] | None = None) -> Selection:
    """What to select under ``grant``; with ``fields`` of those attributes only.

    Raises ``UnknownAttributes`` and ``NotDisclosed`` for fields that cannot be asked for.
    """
    if fields is not None:
        attributes.require_known(fields)
        require_disclosed(grant, fields)
    wanted = attributes.by_name.keys() if fields is None else dict.fromkeys(fields)
    withheld = {name: reason_withheld(grant, name) for name in wanted if not is_disclosed(grant, name)}
    by_condition: dict[Residual, list[str]] = {}
    for name in wanted:
        if name not in withheld:
            by_condition.setdefault(grant.disclose[name].when, []).append(name)
    groups = tuple(_group(grant, attributes, when, names) for when, names in by_condition.items())
    return Selection(
        organisation=grant.organisation,
        purpose=grant.purpose,
        rows=grant.rows,
        groups=groups,
        plain=_all(group.plain for group in groups),
        sealed=_all(group.sealed for group in groups),
        disclosed=_all(group.disclosed for group in groups),
        withheld=withheld,
        full_provenance=grant.provenance == "full",
    )


class Selections:
    """``select``, and what came of it lately: grants of the same terms let the same be selected.

    INVARIANT: the key holds everything that a selection depends on: the whole terms, the fields, and the catalogue itself.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, tuple[str, ...] | None, Attributes], Selection] = OrderedDict()

    def of(self, grant: Grant, attributes: Attributes, fields: Sequence[str] | None) -> Selection:
        key = (grant.terms(), None if fields is None else tuple(fields), attributes)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = select(grant, attributes, fields)
        self._known.move_to_end(key)
        if len(self._known) > MOST_SELECTIONS:
            self._known.popitem(last=False)
        return found


def is_disclosed(grant: Grant, name: str) -> bool:
    """Whether the grant discloses an attribute of somebody at all; perhaps under a condition."""
    disclosure = grant.disclose.get(name)
    return disclosure is not None and disclosure.when is not False


def require_disclosed(grant: Grant, names: Iterable[str]) -> None:
    if refused := [name for name in names if not is_disclosed(grant, name)]:
        raise NotDisclosed(refused)


def reason_withheld(grant: Grant, name: str) -> Withheld:
    """Why an undisclosed attribute is withheld; one that the grant does not speak of was never necessary."""
    disclosure = grant.disclose.get(name)
    return disclosure.otherwise if disclosure else grant.withhold.get(name, "not-necessary")


def _group(grant: Grant, attributes: Attributes, when: Residual, names: Sequence[str]) -> Group:
    derived = tuple(name for name in names if attributes.is_computed_on_read(name))
    shown = tuple(name for name in names if name not in derived)
    read = dict.fromkeys([*shown, *(source for name in derived for source in attributes.sources(name))])
    return Group(
        when=when,
        plain=tuple(name for name in read if not attributes.is_sealed(name)),
        sealed=tuple(name for name in read if attributes.is_sealed(name)),
        shown=shown,
        derived=derived,
        otherwise={name: grant.disclose[name].otherwise for name in names},
    )


def _all(names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(names)))


@dataclass(frozen=True, slots=True)
class Selected:
    """What was selected of one person: of each group whether its condition is true, and of those for which it is, the stored
    values by attribute, the sealed ones sealed. ``said``: a JSON list of who said each disclosed attribute of the selection, or
    whether it is verified. ``at``: when the last of what is disclosed of them was said."""

    person_id: UUID
    holds: tuple[bool, ...]
    plain: Mapping[str, Any]
    sealed: Mapping[str, str | None]
    said: str
    at: str | None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Makes views of people under one selection: for one organisation and purpose, on one day.

    What several people have in common, by whom their values were said and what of them is withheld, is made once: their views
    share it.
    """

    selection: Selection
    attributes: Attributes
    etag_key: bytes
    on: date
    _withheld: dict[tuple[bool, ...], Mapping[str, str]] = field(default_factory=dict, init=False, repr=False)
    _said: dict[tuple[str, tuple[str, ...]], Mapping[str, Any]] = field(default_factory=dict, init=False, repr=False)

    def view(self, selected: Selected, unseal: Opener) -> dict[str, Any]:
        """A ``stena.contracts.profile.Person`` as JSON, without its ``etag``."""
        values = dict(selected.plain)
        for name, sealed in selected.sealed.items():
            values[name] = None if sealed is None else unseal(name, sealed)
        attributes: dict[str, Any] = {}
        for group, holds in zip(self.selection.groups, selected.holds, strict=True):
            if holds:
                attributes.update([(name, values.get(name)) for name in group.shown])
                attributes.update([(name, self.attributes.derive(name, values, self.on)) for name in group.derived])
        return {
            "id": str(selected.person_id),
            "attributes": attributes,
            "provenance": self._provenance(attributes, selected.said),
            "withheld": self._withheld_if(selected.holds),
            "updated_at": selected.at,
        }

    def tagged(self, view: Mapping[str, Any]) -> dict[str, Any]:
        """A view with its ``etag``: keyed, and over what is disclosed alone. Nobody can try out values, and what is withheld
        leaves it as it is."""
        scope = [self.selection.organisation, self.selection.purpose, view]
        digest = hmac.digest(self.etag_key, orjson.dumps(scope, option=orjson.OPT_SORT_KEYS), "sha256")
        return {**view, "etag": base64.urlsafe_b64encode(digest[:18]).decode()}

    def _withheld_if(self, holds: tuple[bool, ...]) -> Mapping[str, str]:
        withheld = self._withheld.get(holds)
        if withheld is None:
            closed = [group for group, held in zip(self.selection.groups, holds, strict=True) if not held]
            withheld = {**self.selection.withheld, **{name: why for group in closed for name, why in group.otherwise.items()}}
            self._withheld[holds] = withheld
        return withheld

    def _provenance(self, attributes: Mapping[str, Any], said: str) -> Mapping[str, Any]:
        having = tuple([name for name, value in attributes.items() if value is not None])
        provenance = self._said.get((said, having))
        if provenance is None:
            entries = dict(zip(self.selection.disclosed, orjson.loads(said), strict=True))
            known = {name: entries[name] for name in having if entries[name] is not None}
            provenance = known if self.selection.full_provenance else {name: {"verified": each} for name, each in known.items()}
            self._said[said, having] = provenance
        return provenance
