"""Reads purposes, attributes and organisations, and checks what each says of the others. Faults carry file and line."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import jsonschema_rs

from policy_svc.approvals import Approval, Approved
from policy_svc.entries import ApprovalEntry, AttributesEntry, OrganisationEntry, read_entry
from policy_svc.faults import Faults, Place, choices
from policy_svc.yaml_files import Entries, place_at, plain
from stena.contracts.catalogue import Attribute, Organisation, Purpose
from stena.contracts.matching import KIND_PURPOSE

OPERATORS: Final = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "in", "has"})
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ID = re.compile(r"[a-z][a-z0-9-]*")
DURATION = re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?")


class Chapter(NamedTuple):
    """The content of one file, and a place for what is missing from it."""

    raw: Any
    start: Place

    def items(self, faults: Faults) -> Iterable[tuple[str, Any, Place]]:
        if not isinstance(self.raw, Entries):
            faults.add(self.start, "not a mapping", "Write one key for each entry, as docs/rulebook.md says")
            return ()
        return tuple((key, value, self.raw.place_of(key)) for key, value in self.raw.items())

    def names(self) -> frozenset[str]:
        """Every entry that the file has, well-formed or not: who names a malformed one makes no second mistake."""
        return frozenset(self.raw) if isinstance(self.raw, Entries) else frozenset()

    def place(self, *path: object) -> Place:
        return place_at(self.raw, path, self.start)


def read_purposes(chapter: Chapter, faults: Faults) -> dict[str, Purpose]:
    purposes: dict[str, Purpose] = {}
    for name, raw, place in chapter.items(faults):
        if not _ID.fullmatch(name):
            faults.add(place, f"the purpose id {name!r}", "Use small Latin letters, digits and hyphens")
        purpose = read_entry(Purpose, raw, place, faults, id=name)
        if purpose is not None:
            purposes[name] = purpose
            _check_purpose(purpose, chapter, faults)
    return purposes


def _check_purpose(purpose: Purpose, chapter: Chapter, faults: Faults) -> None:
    check_titles(purpose.titles, chapter.place(purpose.id, "titles"), faults)
    if purpose.retention is not None and not DURATION.fullmatch(purpose.retention):
        faults.add(
            chapter.place(purpose.id, "retention"), f"{purpose.retention!r} is no duration", "Write ISO 8601, as P2Y or P6M"
        )
    for kind in set(purpose.kinds) - KIND_PURPOSE.keys():
        place = chapter.place(purpose.id, "kinds")
        faults.add(place, f"unknown kind of opportunity {kind!r}", choices(kind, KIND_PURPOSE))


def check_purpose_links(purposes: Mapping[str, Purpose], attributes: frozenset[str], chapter: Chapter, faults: Faults) -> None:
    """``broader`` names known purposes without a cycle; ``accepts`` names known attributes with a reason."""
    for purpose in purposes.values():
        for above in purpose.broader:
            if above not in chapter.names():
                faults.add(chapter.place(purpose.id, "broader"), f"unknown purpose {above!r}", choices(above, chapter.names()))
        if purpose.id in _above(purpose.broader, purposes):
            place = chapter.place(purpose.id, "broader")
            faults.add(place, f"the purpose {purpose.id!r} is broader than itself", "Break the cycle in broader")
        wider = [above for above in sorted(_above(purpose.broader, purposes)) if purposes[above].emergency is not None]
        if wider and purpose.emergency is None:
            what = f"{purpose.id!r} is narrower than {wider[0]!r}, which breaks the glass, and does not say that it does so too"
            faults.add(chapter.place(purpose.id, "broader"), what, "Give it an emergency of its own")
        for accepted, reason in purpose.accepts.items():
            place = chapter.place(purpose.id, "accepts", accepted)
            if accepted not in attributes:
                faults.add(place, f"unknown attribute {accepted!r}", choices(accepted, attributes))
            if not reason.strip():
                faults.add(place, f"{accepted} is accepted without a reason", "Say why the purpose cannot do without it")


def broader_or_same(purposes: Mapping[str, Purpose]) -> dict[str, frozenset[str]]:
    """Every purpose to itself and everything broader."""
    return {name: frozenset({name}) | _above(purpose.broader, purposes) for name, purpose in purposes.items()}


def _above(start: Iterable[str], purposes: Mapping[str, Purpose]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [name for name in start if name in purposes]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(above for above in purposes[name].broader if above in purposes)
    return frozenset(seen)


class AttributeChapter(NamedTuple):
    """``categories`` with their titles; ``names`` are those of all attributes in the file, also of the malformed ones that
    ``attributes`` lacks."""

    categories: dict[str, dict[str, str]]
    names: frozenset[str]
    attributes: dict[str, Attribute]


def read_attributes(chapter: Chapter, faults: Faults) -> AttributeChapter:
    both = read_entry(AttributesEntry, chapter.raw, chapter.start, faults)
    if both is None:
        return AttributeChapter({}, frozenset(), {})
    attributes: dict[str, Attribute] = {}
    for name in both.attributes:
        place = chapter.place("attributes", name)
        if not _NAME.fullmatch(name):
            faults.add(place, f"the attribute name {name!r}", "Use small Latin letters, digits and underscores")
        attribute = read_entry(Attribute, chapter.raw["attributes"][name], place, faults, name=name)
        if attribute is not None:
            attributes[name] = attribute
    titles = {name: category.titles for name, category in both.categories.items()}
    read = AttributeChapter(titles, frozenset(both.attributes), attributes)
    for attribute in attributes.values():
        _AttributeCheck(attribute, chapter, faults).run(read)
    return read


class _AttributeCheck:
    """The checks of one attribute; each fault stands at the key that it is about."""

    def __init__(self, attribute: Attribute, chapter: Chapter, faults: Faults) -> None:
        self.attribute, self.chapter, self.faults = attribute, chapter, faults

    def fault(self, key: str, what: str, mend: str) -> None:
        self.faults.add(self.chapter.place("attributes", self.attribute.name, key), what, mend)

    def run(self, known: AttributeChapter) -> None:
        attribute, categories = self.attribute, known.categories
        check_titles(attribute.titles, self.chapter.place("attributes", attribute.name, "titles"), self.faults)
        if attribute.category not in categories:
            self.fault("category", f"unknown category {attribute.category!r}", choices(attribute.category, categories))
        for revealed in attribute.reveals:
            if revealed not in categories.keys() | known.names:
                mend = choices(revealed, categories.keys() | known.names)
                self.fault("reveals", f"unknown category or attribute {revealed!r}", mend)
        self.derivation(known)
        self.filters()
        self.lookup()
        self.schema()

    def derivation(self, known: AttributeChapter) -> None:
        for source in self.attribute.derived_from:
            if source not in known.names:
                self.fault("derived_from", f"unknown attribute {source!r}", choices(source, known.names))
            elif source in known.attributes and known.attributes[source].derived_from:
                self.fault("derived_from", f"{source} is itself derived", "Name the stored attributes that it comes from")
        if bool(self.attribute.derived_from) != (self.attribute.computed is not None):
            self.fault("computed", "derived_from and computed belong together", "Write both, or neither")
        if self.attribute.computed == "write" and self.attribute.sensitivity != "ordinary":
            self.fault("computed", "only an ordinary attribute is computed at writing", "Write computed: read")

    def filters(self) -> None:
        attribute = self.attribute
        if attribute.sensitivity != "ordinary" and (attribute.filters or attribute.sortable):
            self.fault("sensitivity", "only an ordinary attribute can be filtered or sorted by", "Remove filters and sortable")
        for operator in sorted(set(attribute.filters) - OPERATORS):
            self.fault("filters", f"unknown operator {operator!r}", choices(operator, OPERATORS))
        if attribute.filter_key is not None and "has" not in attribute.filters:
            self.fault("filter_key", "filter_key is for the operator has", "Add has to filters, or remove filter_key")

    def lookup(self) -> None:
        """Only text that is stored can be found again; of a name each of its spellings."""
        attribute = self.attribute
        if attribute.lookup is None:
            return
        if attribute.derived_from:
            self.fault("lookup", "nobody is found by what is computed", "Remove it, or put it to one of the sources")
        if not (_is_text(attribute.json_schema) or (attribute.lookup == "name" and _holds_texts(attribute.json_schema))):
            self.fault("lookup", "people are found by text alone", "Remove it, or give the value the type string")

    def schema(self) -> None:
        schema = self.attribute.json_schema
        if _refers_outside(schema):
            self.fault("schema", "a $ref that leaves the schema", "Write the part out; nothing is fetched")
            return
        try:
            validator = jsonschema_rs.Draft202012Validator(schema)
        except ValueError as error:
            self.fault("schema", f"not a JSON Schema: {getattr(error, 'message', error)}", "Correct the schema")
            return
        if not self.attribute.examples:
            self.fault("examples", "no example", "Give at least one value as it would be stored")
        for example in self.attribute.examples:
            problem = next(validator.iter_errors(example), None)
            if problem is not None:
                self.fault(
                    "examples", f"an example does not fit the schema: {problem.message}", "Correct the example or the schema"
                )


def _is_text(schema: object) -> bool:
    return isinstance(schema, dict) and schema.get("type") == "string"


def _holds_texts(schema: Mapping[str, Any]) -> bool:
    members = schema.get("properties")
    return isinstance(members, dict) and bool(members) and all(map(_is_text, members.values()))


def _refers_outside(schema: Any) -> bool:
    if isinstance(schema, dict):
        reference = schema.get("$ref") or schema.get("$dynamicRef") or "#"
        return not str(reference).startswith("#") or "$id" in schema or any(map(_refers_outside, schema.values()))
    return isinstance(schema, list) and any(map(_refers_outside, schema))


class Purposes(NamedTuple):
    """``names`` are those of all purposes in the file, also of the malformed ones that ``by_id`` lacks."""

    names: frozenset[str]
    by_id: Mapping[str, Purpose]
    broader: Mapping[str, frozenset[str]]


def read_organisations(chapter: Chapter, purposes: Purposes, faults: Faults) -> dict[str, Approved]:
    organisations: dict[str, Approved] = {}
    for name, raw, place in chapter.items(faults):
        if not _ID.fullmatch(name):
            faults.add(place, f"the organisation id {name!r}", "Use small Latin letters, digits and hyphens")
        entry = read_entry(OrganisationEntry, raw, place, faults)
        if entry is None:
            continue
        for index, approval in enumerate(entry.approvals):
            _check_approval(approval, purposes, chapter.place(name, "approvals", index), faults)
        approvals = tuple(_approval(approval, purposes.broader) for approval in entry.approvals)
        organisation = Organisation(id=name, name=entry.name, kind=entry.kind)
        organisations[name] = Approved(organisation, frozenset(entry.roles), approvals)
    return organisations


def _approval(entry: ApprovalEntry, broader: Mapping[str, frozenset[str]]) -> Approval:
    covers = frozenset(name for name, above in broader.items() if entry.purpose in above)
    return Approval(entry.purpose, covers, entry.legal_basis, frozenset(entry.regions), entry.first, entry.last)


def _check_approval(entry: ApprovalEntry, purposes: Purposes, place: Place, faults: Faults) -> None:
    purpose = purposes.by_id.get(entry.purpose)
    if entry.purpose not in purposes.names:
        faults.add(place, f"unknown purpose {entry.purpose!r}", choices(entry.purpose, purposes.names))
    if purpose is None:
        return
    if purpose.forbidden:
        faults.add(place, f"an approval for the forbidden purpose {purpose.id!r}", "Remove it: nobody can be approved for it")
    if entry.legal_basis not in purpose.legal_bases:
        what = f"the legal basis {entry.legal_basis!r} is not one that the purpose {purpose.id!r} allows"
        faults.add(place, what, choices(entry.legal_basis, purpose.legal_bases))
    if entry.first > entry.last:
        faults.add(place, "an approval that ends before it begins", "Correct from or until")


def read_right_to_work(chapters: Mapping[str, Chapter], faults: Faults) -> dict[str, Any]:
    """Country to its rules as data: profile-svc computes with them, nothing here reads them."""
    for chapter in chapters.values():
        chapter.items(faults)
    return {country: plain(chapter.raw) for country, chapter in chapters.items()}


def check_titles(titles: Mapping[str, str], place: Place, faults: Faults) -> None:
    for language in ("en", "bg"):
        if not titles.get(language, "").strip():
            faults.add(place, f"no title in {language}", f"Add {language}: …")
