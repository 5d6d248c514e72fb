"""One line of an import file: what it may say, and why it is refused. Pure.

INVARIANT: a reason names places and rules, never a value; reports of bad lines are passed around.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from uuid_utils.compat import uuid7

from profile_svc.agreeing import recipients
from profile_svc.attributes import Attributes, InvalidValues, UnknownAttributes
from profile_svc.facts import new_record
from profile_svc.persons import Record, Statement
from profile_svc.said import Said, decides
from stena.contracts.consents import GivenBy
from stena.contracts.moments import Moment

LONGEST: Final = 1 << 20  # bytes
_MOST_REASONS: Final = 3


class BadLine(Exception):
    """The line is left out; the message says why."""


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class GivenConsent(Frozen):
    purpose: str
    recipient: str | None = None
    text_version: str = Field(min_length=1, max_length=64)
    language: str = Field(min_length=2, max_length=8)
    method: str = Field(min_length=1, max_length=32)
    expires_at: Moment | None = None
    given_by: GivenBy | None = None


class PersonLine(Frozen):
    """A person as another system knows them; ``verified`` maps attributes to the organisations that checked them."""

    external_id: str = Field(min_length=1, max_length=200)
    created_by: str
    assigned: tuple[str, ...] = ()
    restricted: bool = False
    consents: tuple[GivenConsent, ...] = ()
    attributes: dict[str, Any]
    verified: dict[str, str] = Field(default_factory=dict)

    def statement(self, at: datetime) -> Statement:
        return Statement(self.attributes, by=self.created_by, at=at, verified_by=self.verified)

    def said_consents(self, minor: bool, attributes: Attributes, at: datetime) -> list[Said]:
        """What other systems recorded: of a minor by the guardian, unless the line says otherwise."""
        return [
            Said(
                consent_id=uuid7(),
                state="given",
                recorded_at=at,
                recorded_by=self.created_by,
                covers=() if consent.recipient else recipients(consent.purpose, attributes, at),
                **consent.model_dump() | {"given_by": consent.given_by or decides(minor)},
            )
            for consent in self.consents
        ]

    def first_record(self, attributes: Attributes) -> Record:
        """An empty record with the facts that the line states; consents follow when it is known whether this is a minor."""
        return Record(new_record(self.created_by, self.assigned, attributes.home, restricted=self.restricted))


@dataclass
class Reader:
    """Reads the lines of one file; remembers the external ids in it, for one may stand there only once."""

    attributes: Attributes
    _lines_of: dict[tuple[str, str], int] = field(default_factory=dict)

    def read(self, number: int, raw: bytes) -> PersonLine:
        """The line, checked against the rulebook. Raises ``BadLine``."""
        if len(raw) > LONGEST:
            raise BadLine(f"longer than {LONGEST} bytes")
        try:
            line = PersonLine.model_validate(orjson.loads(raw))
            self._require_known(line)
            self.attributes.check_values(line.attributes)
        except orjson.JSONDecodeError as error:
            raise BadLine("not JSON") from error
        except ValidationError as error:
            raise BadLine(_reasons((item["loc"], item["msg"]) for item in error.errors(include_input=False))) from error
        except UnknownAttributes as error:
            raise BadLine(str(error)) from error
        except InvalidValues as error:
            raise BadLine(_reasons((fault.path, fault.detail) for fault in error.faults)) from error
        earlier = self._lines_of.setdefault((line.created_by, line.external_id), number)
        if earlier != number:
            raise BadLine(f"external_id: stands on line {earlier} already")
        return line

    def _require_known(self, line: PersonLine) -> None:
        recipients = {consent.recipient for consent in line.consents if consent.recipient is not None}
        organisations = {line.created_by, *line.assigned, *line.verified.values(), *recipients}
        if organisations - self.attributes.organisations:
            raise BadLine("names an organisation that the rulebook does not have")
        if {consent.purpose for consent in line.consents} - self.attributes.purposes:
            raise BadLine("consents: names a purpose that the rulebook does not have")
        if any(line.attributes.get(name) is None for name in line.verified):
            raise BadLine("verified: names an attribute to which the line gives no value")


def _reasons(faults: Iterable[tuple[tuple[str | int, ...], str]]) -> str:
    texts = [f"{'/'.join(map(str, path))}: {detail}" for path, detail in faults]
    more = f" (and {len(texts) - _MOST_REASONS} more)" if len(texts) > _MOST_REASONS else ""
    return "; ".join(texts[:_MOST_REASONS]) + more
