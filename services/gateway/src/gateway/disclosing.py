"""An entry of the ledger as the person whom it is about reads it: who, why in plain words, which kinds of data. Pure."""

from collections.abc import Mapping
from typing import Any

from gateway.languages import preferred
from gateway.record.ledger import Recorded
from gateway.replies import Json
from stena.contracts.catalogue import Catalogue

Proof = Mapping[str, Any]


class Telling:
    """Tells entries in one language, in the words of one rulebook."""

    def __init__(self, catalogue: Catalogue, accept_language: str | None) -> None:
        self._language = accept_language
        self._names = {organisation.id: organisation.name for organisation in catalogue.organisations}
        self._purposes = {purpose.id: purpose for purpose in catalogue.purposes}
        self._category_of = {attribute.name: attribute.category for attribute in catalogue.attributes}
        self._categories = catalogue.categories

    def entry(self, row: Recorded, proof: Proof | None) -> Json:
        """``proof`` is ``None`` until a signed head covers the entry."""
        purpose = self._purposes.get(row.purpose)
        titles = purpose.titles if purpose else {}
        return {
            "at": row.at,
            "organisation": row.organisation,
            "organisation_name": self._names.get(row.organisation, row.organisation),
            "purpose": row.purpose,
            "purpose_title": self._in_words(titles, row.purpose),
            "why": self._in_words(purpose.why if purpose and purpose.why else titles, row.purpose),
            "operation": row.operation,
            "resource": row.resource,
            "outcome": row.outcome,
            "categories": self._kinds(row.attributes),
            "attributes": row.attributes,
            "emergency": row.access_id is not None,
            "decision": row.decision,
            "rulebook": row.rulebook,
            "proof": proof,
        }

    def _kinds(self, attributes: tuple[str, ...]) -> list[Json]:
        """The categories of what was disclosed; an attribute that the rulebook no longer has stands for itself."""
        found = dict.fromkeys(self._category_of.get(name, name) for name in attributes)
        return [{"category": name, "title": self._in_words(self._categories.get(name, {}), name)} for name in found]

    def _in_words(self, texts: Mapping[str, str], otherwise: str) -> str:
        return preferred(self._language, texts or {"": otherwise})
