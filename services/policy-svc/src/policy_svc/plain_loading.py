"""From a folder of files to a plain rulebook: whole or not at all, golden cases included. Every fault has file and line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from policy_svc.chapters import Chapter
from policy_svc.entities import Entities, EntitiesEntry, read_entities
from policy_svc.entries import Entry, Text, read_entry
from policy_svc.faults import Faults, Place
from policy_svc.loading import Layout, check_presence, listed, read_files, read_rules, revision_of
from policy_svc.plain import PlainRulebook, actions_of, decide_plain, plans_of, referred
from policy_svc.rules import Rule
from policy_svc.vocabulary import Kind
from policy_svc.yaml_files import Reader
from stena.contracts.access import Action, Evaluation, Resource, Subject

ENTITIES: Final = "entities.yaml"
LAYOUT: Final = Layout(chapters=("rulebook.yaml", ENTITIES), folders=("rules", "tests"))


class PlainHeaderEntry(Entry):
    """rulebook.yaml of a plain rulebook: it belongs to no country."""

    title: Text
    description: str = ""
    licence: Text


class EntityEntry(Entry):
    type: Text
    id: Text
    properties: dict[str, Any] = Field(default_factory=dict)


class ActionEntry(Entry):
    name: Text
    properties: dict[str, Any] = Field(default_factory=dict)


class PlainCaseEntry(Entry):
    """One golden case: a question as an enforcement point would ask it, and the answer."""

    name: Text
    subject: EntityEntry
    action: ActionEntry
    resource: EntityEntry
    context: dict[str, Any] = Field(default_factory=dict)
    decision: Literal["permit", "deny"]
    rules: tuple[str, ...] | None = None

    def evaluation(self) -> Evaluation:
        return Evaluation(
            subject=Subject(**self.subject.model_dump()),
            action=Action(**self.action.model_dump()),
            resource=Resource(**self.resource.model_dump()),
            context=self.context,
        )


class _AnyPath(dict[str, Kind]):
    """The paths of plain rules: entities have the properties that they have, and of which kind is seen in each request."""

    def __contains__(self, path: object) -> bool:
        return True

    def __missing__(self, path: str) -> Kind:
        return "any"


def is_plain(directory: Path) -> bool:
    return (directory / ENTITIES).is_file()


def load_plain(directory: Path) -> PlainRulebook:
    """The plain rulebook in ``directory``. Raises ``RulebookError`` with every fault."""
    return parse_plain(read_files(directory, LAYOUT))


def parse_plain(files: Mapping[str, str]) -> PlainRulebook:
    faults = Faults()
    check_presence(files, LAYOUT, faults)
    faults.raise_if_any()
    reader = Reader(faults)
    chapters = {name: Chapter(reader.read(name, text), Place(name, 1)) for name, text in files.items()}
    faults.raise_if_any()
    read_entry(PlainHeaderEntry, chapters["rulebook.yaml"].raw, Place("rulebook.yaml", 1), faults)
    entities = read_entities(chapters[ENTITIES], faults) or EntitiesEntry()
    rules = read_rules(chapters, faults, _AnyPath())
    for rule in rules:
        _check_bounds(rule, faults)
    cases = [(read_entry(PlainCaseEntry, raw, place, faults), place) for raw, place in listed("tests/", chapters, faults)]
    faults.raise_if_any()
    rulebook = PlainRulebook(revision_of(files), files, Entities(entities), rules, plans_of(rules), referred(rules))
    for case, place in cases:
        if case is not None:
            _run(rulebook, case, place, faults)
    faults.raise_if_any()
    return rulebook


def _check_bounds(rule: Rule, faults: Faults) -> None:
    """An allow rule that names no action would open more than its author can see, and no search could list it."""
    if rule.effect == "allow" and actions_of(rule) is None:
        faults.add(rule.place, "an allow rule that names no action", "Name it: action $.name Equals or IsIn", rule.uid)


def _run(rulebook: PlainRulebook, case: PlainCaseEntry, place: Place, faults: Faults) -> None:
    mend = "Correct the rules, or the case if something else is meant"
    evaluation = case.evaluation()
    if claims := rulebook.entities.claims(evaluation):
        what = f"the case {case.name!r} contradicts {ENTITIES}: {', '.join('.'.join(claim) for claim in claims)}"
        faults.add(place, what, mend)
        return
    decision = decide_plain(rulebook, evaluation)
    if decision.permit != (case.decision == "permit"):
        answer = "permit" if decision.permit else "deny"
        faults.add(place, f"the case {case.name!r} wants {case.decision}, and it is {answer}", mend)
    elif case.rules is not None and sorted(case.rules) != sorted(decision.rules):
        what = f"wants the rules {', '.join(case.rules)}, and they are {', '.join(decision.rules) or 'none'}"
        faults.add(place, f"the case {case.name!r} {what}", mend)
