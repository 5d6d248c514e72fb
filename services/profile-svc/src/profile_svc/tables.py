"""The tables of profile-svc: people in one database, the keys that open them in another.

Every table about people has ``person_id`` first in its primary key, so that the same schema can be distributed by it.
"""

from typing import Any

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, LargeBinary, MetaData, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import UserDefinedType


class TransactionId(UserDefinedType[str]):
    """PostgreSQL's ``xid8``: the 64-bit id of a transaction, which never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


SORTED = ("education_level", "municipality", "region")
"""The attributes by which a page finds its people in order; sorted by another, everybody is sorted for a page."""

Moment = DateTime(timezone=True)
metadata = MetaData()


def _in_order(attribute: str) -> tuple[Index, Index]:
    """Up and down; those without the attribute come last in either direction, so the one is not the other backwards."""
    key = f"(attributes -> '{attribute}')"
    up = Index(f"persons_by_{attribute}", text(key), "person_id")
    return up, Index(f"persons_down_{attribute}", text(f"{key} DESC NULLS LAST"), "person_id")


persons = Table(
    "persons",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    # Record facts: the only things that a condition in a grant may speak of.
    Column("region_path", ARRAY(Text), nullable=False),
    Column("assigned", ARRAY(Text), nullable=False),
    Column("consents", ARRAY(Text), nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("minor", Boolean, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("objections", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # Ordinary attributes, and derived ones that are computed when written.
    Column("attributes", JSONB, nullable=False),
    # Every other attribute: name -> base64 of nonce and ciphertext under the person's key.
    Column("sealed", JSONB, nullable=False),
    # name -> {by, verified, at}: who said a value, and when it last changed; derived attributes too.
    Column("provenance", JSONB, nullable=False),
    Column("external_ref", LargeBinary, unique=True),
    # The earliest end among the consents that the facts name: what the sweep looks for.
    Column("consent_ends_at", Moment),
    Column("version", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("persons_region_path", "region_path", postgresql_using="gin"),
    Index("persons_assigned", "assigned", postgresql_using="gin"),
    Index("persons_attributes", "attributes", postgresql_using="gin", postgresql_ops={"attributes": "jsonb_path_ops"}),
    Index("persons_consent_ends_at", "consent_ends_at", postgresql_where=text("consent_ends_at IS NOT NULL")),
    Index("persons_minor", "person_id", postgresql_where=text("minor")),
    Index("persons_updated_at", "updated_at", "person_id"),
    *(index for attribute in SORTED for index in _in_order(attribute)),
)

# Earlier values, each sealed whatever its kind; `value` holds ordinary ones of the time before they were.
person_history = Table(
    "person_history",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("value", JSONB(none_as_null=True)),
    Column("sealed", Text),
    Column("provenance", JSONB, nullable=False),
    Column("replaced_at", Moment, nullable=False),
    Column("replaced_by", Text, nullable=False),
)

# Never updated: the newest row of a purpose and recipient is what holds, the others show how it came about (GDPR 7(1)).
consents = Table(
    "consents",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("consent_id", Uuid, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("recipient", Text),
    Column("state", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("expires_at", Moment),
    Column("text_version", Text),
    Column("language", Text),
    Column("method", Text),
    Column("given_by", Text, nullable=False),
    Column("child_view", Text),
    Column("sealed", Text),
    Column("covers", ARRAY(Text), nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("note_id", Uuid, primary_key=True),
    Column("written_at", Moment, nullable=False),
    Column("written_by", Text, nullable=False),
    Column("acting_user", Text),
    Column("language", Text),
    Column("sealed", Text, nullable=False),
    # Whether the person may read it, and with what masked: said by whoever wrote it, if anybody did.
    Column("about_others", Text),
    Column("masked", Text),
    Column("released_at", Moment),
)

changes = Table(
    "changes",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("change_id", Uuid, primary_key=True),
    Column("xid", TransactionId, nullable=False, server_default=text("pg_current_xact_id()")),
    Column("attributes", ARRAY(Text), nullable=False),
    Column("facts_before", JSONB(none_as_null=True)),
    Column("facts_after", JSONB(none_as_null=True)),
    # Of a record that is no more because it became part of another one: which.
    Column("successor", Uuid),
    Column("at", Moment, nullable=False),
    Index("changes_in_order", "xid", "change_id"),
)

# The blind index: keyed tokens of what people are looked up by.
lookups = Table(
    "lookups",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("token", LargeBinary, primary_key=True),
    Index("lookups_token", "attribute", "token"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("organisation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("resource_id", Uuid, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("idempotency_person", "person_id"),
    Index("idempotency_created_at", "created_at"),
)

key_metadata = MetaData()

person_keys = Table(
    "person_keys",
    key_metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master_key_id", Text, nullable=False),
)

master_keys = Table(
    "master_keys",
    key_metadata,
    Column("master_key_id", Text, primary_key=True),
    Column("first_used_at", Moment, nullable=False),
    # From when on no person key was wrapped by it any more.
    Column("retired_at", Moment),
)
