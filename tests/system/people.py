"""People for tests of the whole: every attribute of the catalogue has a value that can be told from every other."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from stena.contracts.catalogue import Catalogue

HERE = {"municipality": "Sofia", "nuts": "BG411", "settlement": "Canary-settlement"}
_BY_TYPE = {"date_of_birth": "1990-04-12"}


def whole(catalogue: Catalogue, **changes: Any) -> dict[str, Any]:
    """All stored attributes, each with the first example that the rulebook gives of it, and ``changes``."""
    stored = {each.name: each.examples[0] for each in catalogue.attributes if not each.derived_from}
    return stored | _BY_TYPE | {"residence": HERE} | changes


def line(catalogue: Catalogue, external_id: str, record: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A line of `stena import` whose person has the record facts ``record`` (as golden cases write them)."""
    born = datetime.now(UTC).year - (12 if record["minor"] else 36)
    residence = {"residence": HERE | {"nuts": record["region_path"][-1]}} if len(record["region_path"]) == 4 else {}
    attributes = whole(catalogue, **{"date_of_birth": f"{born}-01-02", **residence, **changes})
    if not residence:
        del attributes["residence"]
    return {
        "external_id": external_id,
        "created_by": record["created_by"],
        "assigned": record["assigned"],
        "restricted": record["restricted"],
        "consents": [consent(text) for text in record["consents"]],
        "attributes": attributes,
        "verified": {},
    }


def consent(text: str) -> dict[str, Any]:
    purpose, _, recipient = text.partition("@")
    how = {"text_version": "1", "language": "en", "method": "paper", "expires_at": None}
    return {"purpose": purpose, "recipient": recipient or None, **how}
