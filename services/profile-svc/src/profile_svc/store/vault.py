"""What the service holds while it runs: both databases and the keys that never leave it."""

import hmac
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import orjson
from sqlalchemy import literal, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from profile_svc.disclosure import Selections
from profile_svc.master_keys import master_keys
from profile_svc.sealing import SealingKey
from profile_svc.settings import ProfileSettings
from profile_svc.store.keys import PersonKeys
from stena import keys
from stena.database import PLANNED_ANEW, PLANNED_ONCE, create_engine, single_statements, transaction
from stena.erasure_journal import Journal
from stena.settings import database_url
from stena.statements import Statements, statements

Connection = AsyncConnection


@dataclass(frozen=True, slots=True)
class Vault:
    people: AsyncEngine
    person_keys: PersonKeys
    index_key: bytes
    journal: Journal
    selections: Selections = field(default_factory=Selections)
    etag_key: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "etag_key", self.blind("etag"))

    @property
    def statements(self) -> Statements:
        """Single statements that want no plan of a kind."""
        return statements(self.people)

    @property
    def named(self) -> Statements:
        """Single statements on those of the people whose ids are given."""
        return statements(self.people, PLANNED_ONCE)

    @property
    def lists(self) -> Statements:
        """Single statements on however many of the people a grant's rows are true of."""
        return statements(self.people, PLANNED_ANEW)

    @property
    def log_key(self) -> SealingKey:
        """Seals what the log says of people who were erased."""
        return SealingKey("log", self.blind("erased changes"))

    def transaction(self) -> AbstractAsyncContextManager[Connection]:
        """One transaction on the people; raises ``Unavailable`` where the database is slow or gone."""
        return transaction(self.people)

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """The same for a single statement that only reads."""
        return transaction(single_statements(self.people))

    async def answers(self) -> None:
        async with self.reading() as connection:
            await connection.execute(select(literal(1)))

    def blind(self, kind: str, *parts: object) -> bytes:
        """A keyed fingerprint (HMAC-SHA-256): equal for equal parts, and nothing to be learned from it without the key."""
        return hmac.digest(self.index_key, orjson.dumps([kind, *parts], option=orjson.OPT_SORT_KEYS), "sha256")


@asynccontextmanager
async def open_vault(settings: ProfileSettings) -> AsyncIterator[Vault]:
    """Engines and keys for as long as the service runs. Raises ``KeyFileError`` or ``WrongMasterKey`` with what to mend."""
    people = create_engine(database_url(settings.database_url, settings.database_password_file))
    key_engine = create_engine(database_url(settings.keys_database_url, settings.keys_database_password_file))
    try:
        person_keys = PersonKeys(key_engine, master_keys(settings.master_keys_dir))
        await person_keys.require_master_keys()
        journal = Journal(settings.erasure_journal_dir, keys.secret(settings.journal_key_file))
        yield Vault(people, person_keys, keys.secret(settings.index_key_file), journal)
    finally:
        await people.dispose()
        await key_engine.dispose()
