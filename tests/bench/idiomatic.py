"""The baseline: what a team would write without a wall. FastAPI, SQLAlchemy's async ORM, a pydantic response model.

It reads the same people from the same PostgreSQL, in plaintext, decides nothing and records nothing.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy import make_url, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "bench_people"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSONB)


class PersonOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    person_id: UUID
    attributes: dict[str, Any]


async def session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as opened:
        yield opened


Opened = Annotated[AsyncSession, Depends(session)]


def create_app() -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = create_async_engine(make_url(os.environ["BENCH_DATABASE_URL"]), pool_size=10)
        app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.get("/persons/{person_id}")
    async def read(person_id: UUID, session: Opened) -> PersonOut:
        person = await session.get(Person, person_id)
        if person is None:
            raise HTTPException(404)
        return PersonOut.model_validate(person)

    @app.get("/persons")
    async def page(session: Opened, limit: int = 50) -> list[PersonOut]:
        people = await session.scalars(select(Person).order_by(Person.person_id).limit(limit))
        return [PersonOut.model_validate(person) for person in people]

    return app
