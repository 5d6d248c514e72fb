"""The engines, each asked for the same: the attributes of one person that one call may see. Rules are read beforehand.

That an attribute may be seen wherever all that it is derived from may be is Stena's own, not the language's: the others are
asked about each attribute, and ``completed`` adds what follows.
"""

import json
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import cedarpy

from policy_svc.decisions import decide
from policy_svc.rulebook import Rulebook
from stena.contracts.catalogue import Attribute
from stena.contracts.condition import holds
from tests.bench.cedar import policies
from tests.bench.questions import Question

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from py_abac import PDP, AccessRequest, Policy
    from py_abac.storage.memory import MemoryStorage

View = frozenset[str] | None
"""The disclosed attributes; ``None``: the person is not to be seen at all."""


class Engine(Protocol):
    def view(self, question: Question) -> View: ...


class Stena:
    """One decision, which is then carried out with the facts of the record, as policy-svc and profile-svc do it."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook

    def view(self, question: Question) -> View:
        decision = decide(self._rulebook, question.evaluation, question.now)
        if not decision.permit or not holds(decision.rows, question.facts):
            return None
        ways = {id(way): way for way in decision.disclose.values()}
        open_ = {key for key, way in ways.items() if holds(way.when, question.facts)}
        return frozenset(name for name, way in decision.disclose.items() if id(way) in open_)


class PyAbac:
    """py-abac's own decision point: the operation, then each attribute."""

    def __init__(self, rules: list[dict[str, Any]], attributes: list[Attribute]) -> None:
        storage = MemoryStorage()
        for rule in rules:
            storage.add(Policy.from_json({"targets": {}, **rule}))
        self._pdp = PDP(storage)
        self._resources = [(attribute.name, _described(attribute)) for attribute in attributes]

    def view(self, question: Question) -> View:
        if not self._allowed(question, question.evaluation.action.name, {"type": "person"}):
            return None
        return frozenset(
            name for name, described in self._resources if self._allowed(question, "disclose", {"type": "person", **described})
        )

    def _allowed(self, question: Question, action: str, resource: Mapping[str, Any]) -> bool:
        about = {**resource, "owner": question.person, "record": question.facts}
        request = {
            "subject": {"id": question.subject["organisation"], "attributes": question.subject},
            "resource": {"id": question.person, "attributes": about},
            "action": {"id": action, "attributes": {"name": action}},
            "context": question.context,
        }
        return bool(self._pdp.is_allowed(AccessRequest.from_json(request)))


class Cedar:
    """Cedar by cedarpy: policies and catalogue parsed beforehand, all questions of a view in one batch."""

    def __init__(self, rules: list[dict[str, Any]], attributes: list[Attribute]) -> None:
        self._policies = cedarpy.PolicySet.from_str(policies(rules))
        self._names = [attribute.name for attribute in attributes]
        entities = [
            {"uid": _uid("Attribute", each.name), "attrs": {"type": "person", **_described(each)}, "parents": []}
            for each in attributes
        ]
        self._entities = cedarpy.Entities.from_json_str(json.dumps(entities))

    def view(self, question: Question) -> View:
        person, organisation = question.person, question.subject["organisation"]
        # The facts are sent once as an entity, and not again in the context of every request: the faster of both ways.
        changing = [
            {"uid": _uid("Organisation", organisation), "attrs": question.subject, "parents": []},
            {"uid": _uid("Record", person), "attrs": {**question.facts, "owner": person}, "parents": []},
            {"uid": _uid("Person", person), "attrs": {"type": "person"}, "parents": []},
        ]
        entities = self._entities.with_added_json_str(json.dumps(changing))
        context = {**question.context, "about": {"__entity": _uid("Record", person)}}
        asked = [("read", _uid("Person", person)), *(("disclose", _uid("Attribute", name)) for name in self._names)]
        requests = [
            {
                "principal": _uid("Organisation", organisation),
                "action": _uid("Action", action),
                "resource": resource,
                "context": context,
            }
            for action, resource in asked
        ]
        read, *disclosed = cedarpy.is_authorized_batch(requests, self._policies, entities)
        if not read.allowed:
            return None
        return frozenset(name for name, answer in zip(self._names, disclosed, strict=True) if answer.allowed)


def completed(view: View, attributes: Iterable[Attribute]) -> View:
    """The view with what is derived from it."""
    if view is None:
        return None
    derived = (each for each in attributes if each.derived_from and view.issuperset(each.derived_from))
    return view | {each.name for each in derived}


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _described(attribute: Attribute) -> dict[str, Any]:
    return {
        "attribute": attribute.name,
        "category": attribute.category,
        "sensitivity": attribute.sensitivity,
        "reveals": list(attribute.reveals),
    }
