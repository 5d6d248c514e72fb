"""From a folder of files to a rulebook in memory: whole or not at all. Every fault found is reported, with file and line."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from policy_svc import golden, retention_chapter
from policy_svc.abac import compile_rule
from policy_svc.chapters import (
    Chapter,
    Purposes,
    broader_or_same,
    check_purpose_links,
    read_attributes,
    read_organisations,
    read_purposes,
    read_right_to_work,
)
from policy_svc.checks import check_rules
from policy_svc.consent_scopes import check_consent_bases, consent_scopes, recipients
from policy_svc.entries import CaseEntry, HeaderEntry, read_entry
from policy_svc.faults import Faults, Place
from policy_svc.plans import make_plans
from policy_svc.proxies import check_proxies
from policy_svc.retention_chapter import read_retention
from policy_svc.rulebook import Rulebook
from policy_svc.rules import Names, Rule, check_approvals, check_bounds, check_facts, check_names
from policy_svc.vocabulary import ACTIONS, OPERATIONS, ORGANISATION_KINDS, PATHS, RECORD, SENSITIVITIES, Kind
from policy_svc.yaml_files import MOST_BYTES, Items, Reader
from stena.contracts.catalogue import Catalogue

MOST_FILES: Final = 2_000


class Layout(NamedTuple):
    """The files that a kind of rulebook must have or may have, and the folders in which there may be more."""

    chapters: tuple[str, ...]
    folders: tuple[str, ...]
    may_have: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        folder, _, file = name.rpartition("/")
        return name in (*self.chapters, *self.may_have) or (folder in self.folders and file.endswith(".yaml"))


LAYOUT: Final = Layout(
    chapters=("rulebook.yaml", "purposes.yaml", "attributes.yaml", "organisations.yaml"),
    folders=("rules", "right_to_work", "tests"),
    may_have=(retention_chapter.FILE,),
)


def load(directory: Path) -> Rulebook:
    """The rulebook in ``directory``, its golden cases included. Raises ``RulebookError`` with every fault."""
    return checked(read_files(directory))


def checked(files: Mapping[str, str]) -> Rulebook:
    """The rulebook that ``files`` describe, its golden cases included. Raises ``RulebookError`` with every fault."""
    rulebook, cases = parse(files)
    faults = Faults()
    check_rules(rulebook, faults)
    check_proxies(rulebook, faults)
    check_consent_bases(rulebook, faults)
    for outcome in golden.run(rulebook, cases):
        for difference in outcome.differences:
            what = f"the case {outcome.case.wanted.name!r} {difference}"
            faults.add(outcome.case.place, what, "Correct the rules, or the case if the law has changed")
    faults.raise_if_any()
    return rulebook


def read_files(directory: Path, layout: Layout = LAYOUT) -> dict[str, str]:
    """The texts of a rulebook's files by their path in the folder. A file that would be passed over in silence is refused."""
    faults = Faults()
    texts: dict[str, str] = {}
    if not directory.is_dir():
        faults.add(Place(str(directory), 0), "no such folder", "Give the folder that holds rulebook.yaml")
        faults.raise_if_any()
    paths = sorted(path for path in directory.rglob("*") if not _passed_over(path.relative_to(directory)) and path.is_file())
    names = {path.relative_to(directory).as_posix(): path for path in paths}
    for name in [name for name in names if layout.has(name)][:MOST_FILES]:
        text = _read_file(names[name], name, faults)
        if text is not None:
            texts[name] = text
    check_presence(names, layout, faults)
    faults.raise_if_any()
    return texts


def check_presence(names: Collection[str], layout: Layout, faults: Faults) -> None:
    """Every file that there must be, and none that would be passed over in silence."""
    for name in sorted(names):
        if not layout.has(name):
            mend = f"Put it into {', '.join(layout.folders)} as .yaml, or remove it"
            faults.add(Place(name, 0), "a file that no rulebook has", mend)
    for name in layout.chapters:
        if name not in names:
            faults.add(Place(name, 0), "the file is missing", "Add it, as docs/rulebook.md says")


def _passed_over(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts) or path.suffix == ".md"


def _read_file(path: Path, name: str, faults: Faults) -> str | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            faults.add(Place(name, 0), f"larger than {MOST_BYTES // 1024 // 1024} MiB", "Split it into several files")
            return None
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        faults.add(Place(name, 0), "not UTF-8 text", "Save it as UTF-8")
    except OSError as error:
        faults.add(Place(name, 0), f"cannot be read ({error.strerror})", "Give the service the right to read it")
    return None


def revision_of(files: Mapping[str, str]) -> str:
    """The name of a rulebook: the hash of its files' texts, whatever order they were read in."""
    return "sha256:" + hashlib.sha256(orjson.dumps(dict(files), option=orjson.OPT_SORT_KEYS)).hexdigest()


def parse(files: Mapping[str, str]) -> tuple[Rulebook, tuple[golden.Case, ...]]:
    """The rulebook that ``files`` describe and its golden cases, not yet run. Raises ``RulebookError``."""
    return _parsed(tuple(files.items()))


# The one that decides is asked about again with each proposal, and by each instance that starts in one process.
@lru_cache(maxsize=8)
def _parsed(texts: tuple[tuple[str, str], ...]) -> tuple[Rulebook, tuple[golden.Case, ...]]:
    files = dict(texts)
    faults = Faults()
    check_presence(files, LAYOUT, faults)
    faults.raise_if_any()
    reader = Reader(faults)
    chapters = {name: Chapter(reader.read(name, text), Place(name, 1)) for name, text in files.items()}
    faults.raise_if_any()
    header = read_entry(HeaderEntry, chapters["rulebook.yaml"].raw, Place("rulebook.yaml", 1), faults)
    purposes = read_purposes(chapters["purposes.yaml"], faults)
    categories, attribute_names, attributes = read_attributes(chapters["attributes.yaml"], faults)
    check_purpose_links(purposes, attribute_names, chapters["purposes.yaml"], faults)
    broader = broader_or_same(purposes)
    purpose_names = chapters["purposes.yaml"].names()
    organisations = read_organisations(chapters["organisations.yaml"], Purposes(purpose_names, purposes, broader), faults)
    countries = {
        name.split("/")[1].removesuffix(".yaml"): chapters[name] for name in chapters if name.startswith("right_to_work/")
    }
    right_to_work = read_right_to_work(countries, faults)
    retention = read_retention(chapters.get(retention_chapter.FILE), purposes, attribute_names, faults)
    rules = read_rules(chapters, faults)
    names = _names(attribute_names, frozenset(categories), purpose_names, chapters["organisations.yaml"].names())
    for rule in rules:
        check_names(rule, names, faults)
        check_bounds(rule, faults)
        check_facts(rule, faults)
        check_approvals(rule, faults)
    cases = _read_cases(chapters, faults)
    faults.raise_if_any()
    assert header is not None
    catalogue = Catalogue(
        revision=revision_of(files),
        country=header.country,
        attributes=tuple(attributes.values()),
        purposes=tuple(purposes.values()),
        organisations=tuple(approved.organisation for approved in organisations.values()),
        right_to_work=right_to_work,
        categories=categories,
        recipients={name: recipients(organisations, name) for name in purposes},
        retention=retention,
    )
    plans = make_plans(rules, broader, attributes.values(), organisations.values())
    rulebook = Rulebook(catalogue.revision, files, catalogue, purposes, broader, organisations, rules, plans)
    told = catalogue.model_copy(update={"consents": consent_scopes(rulebook)})
    return replace(rulebook, catalogue=told), cases


def read_rules(chapters: Mapping[str, Chapter], faults: Faults, paths: Mapping[str, Kind] = PATHS) -> tuple[Rule, ...]:
    """The rules in a rulebook's files, which may name ``paths``."""
    rules: dict[str, Rule] = {}
    for raw, place in listed("rules/", chapters, faults):
        rule = compile_rule(raw, place, faults, paths)
        if rule is not None and rule.uid in rules:
            faults.add(
                rule.place, f"the uid {rule.uid!r} is taken", f"Give it another: it stands at {rules[rule.uid].place}", rule.uid
            )
        elif rule is not None:
            rules[rule.uid] = rule
    return tuple(rules.values())


def _read_cases(chapters: Mapping[str, Chapter], faults: Faults) -> tuple[golden.Case, ...]:
    entries = [(read_entry(CaseEntry, raw, place, faults), place) for raw, place in listed("tests/", chapters, faults)]
    return tuple(golden.Case(entry, place) for entry, place in entries if entry is not None)


def listed(folder: str, chapters: Mapping[str, Chapter], faults: Faults) -> list[tuple[object, Place]]:
    """The items of the lists in a folder's files. An empty file is an empty list."""
    found: list[tuple[object, Place]] = []
    for name in sorted(name for name in chapters if name.startswith(folder)):
        items = chapters[name].raw
        if isinstance(items, Items):
            found += zip(items, items.places, strict=True)
        elif items is not None:
            faults.add(Place(name, 1), "not a list", "Begin each entry with a dash")
    return found


def _names(
    attributes: frozenset[str], categories: frozenset[str], purposes: frozenset[str], organisations: frozenset[str]
) -> Names:
    by_path = {
        "action.name": ACTIONS,
        "resource.type": frozenset(OPERATIONS),
        "resource.attribute": attributes,
        "resource.category": categories,
        "resource.sensitivity": SENSITIVITIES,
        "resource.reveals": categories | attributes,
        "subject.kind": ORGANISATION_KINDS,
        "subject.organisation": organisations,
        **dict.fromkeys(("subject.purposes", "context.purpose", "context.purpose_and_broader"), purposes),
        **dict.fromkeys((RECORD + "assigned", RECORD + "created_by"), organisations),
    }
    return Names(by_path, purposes, organisations)
