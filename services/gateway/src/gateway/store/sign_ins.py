"""Codes and the sign-ins that they were used for.

INVARIANT: a code links one sign-in, once; a subject of a provider stands for one person at a time.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from gateway.sign_in_tables import sign_in_codes, sign_ins
from stena.database import single_statements, transaction


@dataclass(frozen=True, slots=True)
class Code:
    """A row of ``sign_in_codes``."""

    person_id: UUID
    code_id: UUID
    code_hash: bytes
    organisation: str
    acting_user: str | None
    verified_by: str
    issued_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """A row of ``sign_ins``; ``subject`` is a keyed hash."""

    person_id: UUID
    sign_in_id: UUID
    issuer: str
    subject: bytes
    organisation: str
    verified_by: str
    linked_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


async def add_code(engine: AsyncEngine, code: Code) -> None:
    async with transaction(engine) as connection:
        await connection.execute(insert(sign_in_codes).values(asdict(code)))


async def code(engine: AsyncEngine, code_hash: bytes, now: datetime) -> Code | None:
    """The code, if it is still good."""
    columns = [column for column in sign_in_codes.c if column.name != "used_at"]
    good = (sign_in_codes.c.code_hash == code_hash, sign_in_codes.c.used_at.is_(None), sign_in_codes.c.ends_at > now)
    async with transaction(single_statements(engine)) as connection:
        row = (await connection.execute(select(*columns).where(*good))).mappings().one_or_none()
    return None if row is None else Code(**row)


async def link(engine: AsyncEngine, used: Code, sign_in: SignIn) -> bool:
    """Use the code for the sign-in; false if it was used meanwhile, or the subject stands for somebody already."""
    one = (sign_in_codes.c.person_id == used.person_id, sign_in_codes.c.code_id == used.code_id)
    taken = update(sign_in_codes).where(*one, sign_in_codes.c.used_at.is_(None)).values(used_at=sign_in.linked_at)
    try:
        async with transaction(engine) as connection:
            if (await connection.execute(taken.returning(sign_in_codes.c.code_id))).one_or_none() is None:
                return False
            await connection.execute(insert(sign_ins).values(asdict(sign_in)))
    except IntegrityError:
        return False
    return True


async def of_subject(engine: AsyncEngine, subject: bytes) -> SignIn | None:
    """Whom a subject stands for now."""
    found = await _fetch(engine, sign_ins.c.subject == subject, sign_ins.c.ended_at.is_(None))
    return found[0] if found else None


async def of_person(engine: AsyncEngine, person: UUID) -> Sequence[SignIn]:
    """Every sign-in of a person, ended ones too, newest first."""
    return await _fetch(engine, sign_ins.c.person_id == person)


async def end(engine: AsyncEngine, sign_in: SignIn, by: str, at: datetime) -> None:
    """End a sign-in; what has ended keeps the moment of it."""
    one = (sign_ins.c.person_id == sign_in.person_id, sign_ins.c.sign_in_id == sign_in.sign_in_id)
    async with transaction(single_statements(engine)) as connection:
        await connection.execute(update(sign_ins).where(*one, sign_ins.c.ended_at.is_(None)).values(ended_at=at, ended_by=by))


async def _fetch(engine: AsyncEngine, *where: Any) -> list[SignIn]:
    wanted = select(sign_ins).where(*where).order_by(sign_ins.c.linked_at.desc(), sign_ins.c.sign_in_id)
    async with transaction(single_statements(engine)) as connection:
        return [SignIn(**row) for row in (await connection.execute(wanted)).mappings()]
