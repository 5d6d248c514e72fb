"""HTTP in and out of the rulebook's revisions: for administrators, and for services that hold a grant of one of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from policy_svc import revisions
from policy_svc.authority import Author, Authority, whoever_may
from policy_svc.bodies import body_of
from policy_svc.faults import RulebookError
from policy_svc.following import Follower
from policy_svc.loading import checked
from policy_svc.serving import Serving
from policy_svc.store.archive import Activation, Archive, Overtaken
from stena.problems import BadRequest, Conflict, Forbidden, NotFound, pointer

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of a rulebook that comes over HTTP."""

router = APIRouter()
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Desk:
    """What administrators work with."""

    archive: Archive
    follower: Follower
    authority: Authority


class Files(BaseModel):
    """A whole rulebook: the text of each file by its path in the folder."""

    files: dict[str, str]


class Wish(BaseModel):
    """``widen``: it may open what is closed now, where whoever says so is two. ``instead_of``: only of this revision, which was
    compared. ``proposed_by``: on whose behalf a confirmation comes."""

    model_config = ConfigDict(extra="forbid")  # a misspelt member must not be passed over in silence

    widen: bool = False
    comment: Annotated[str | None, Field(max_length=1000)] = None
    instead_of: str | None = None
    proposed_by: Annotated[str | None, Field(max_length=300)] = None

    def of(self, author: Author) -> Author:
        """Who stands in the history. Raises ``Forbidden`` where one alone says that it may open."""
        if self.widen and not author.opens:
            raise Forbidden(
                "What opens wants a second person: another administrator's key in Confirmed-By.", slug="second-person-needed"
            )
        return replace(author, name=f"{self.proposed_by}, confirmed by {author.name}") if self.proposed_by else author


async def desk(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


AtDesk = Annotated[Desk, Depends(desk)]
Reader = Annotated[Author, Depends(whoever_may("read", "activate", "confirm"))]
Loader = Annotated[Author, Depends(whoever_may("load"))]
Activator = Annotated[Author, Depends(whoever_may("activate", "confirm"))]
Administrator = Annotated[Author, Depends(whoever_may())]


@router.get("/rulebook/revisions")
async def history(desk: AtDesk, by: Reader) -> Response:
    """Every revision that is kept, and which decided when; newest first."""
    kept, activations = await desk.archive.revisions(), await desk.archive.activations()
    return _json({"revisions": kept, "activations": activations})


@router.post("/rulebook/revisions")
async def load(request: Request, desk: AtDesk, by: Loader) -> Response:
    """Check a rulebook, its golden cases included, and keep it. It decides nothing before it is activated."""
    wanted = _read(Files, await body_of(request, MOST_BYTES))
    async with _problems():
        rulebook = await asyncio.to_thread(checked, wanted.files)
    await desk.archive.add(rulebook)
    return _json({"revision": rulebook.revision}, 201)


@router.get("/rulebook/revisions/{revision}")
async def files(revision: str, desk: AtDesk, by: Reader) -> Response:
    """The files of a revision, word for word, for whoever asks what a decision of the past rested on."""
    found = await desk.archive.files_of(revision)
    if found is None:
        raise NotFound("No revision of this name is kept.")
    return _json({"revision": revision, "files": found})


@router.post("/rulebook/revisions/{revision}/activation")
async def activate(revision: str, request: Request, desk: AtDesk, by: Activator) -> Response:
    """Let a revision decide, here before this is answered and on every other replica within a second."""
    wish = _read(Wish, await body_of(request) or b"{}")
    name = wish.of(by).name
    async with _problems():
        made = await revisions.activate(
            desk.archive, revision, by=name, widen=wish.widen, comment=wish.comment, instead_of=wish.instead_of
        )
    return await _followed(desk, made)


@router.post("/rulebook/rollback")
async def roll_back(request: Request, desk: AtDesk, by: Administrator) -> Response:
    """Let the revision before decide again."""
    wish = _read(Wish, await body_of(request) or b"{}")
    name = wish.of(by).name
    async with _problems():
        made = await revisions.roll_back(desk.archive, by=name, widen=wish.widen, comment=wish.comment)
    return await _followed(desk, made)


@router.get("/rulebook/{revision}")
async def catalogue(revision: str, request: Request, desk: AtDesk) -> Response:
    """The attributes, purposes and organisations of a revision that decides or did lately: immutable."""
    serving: Serving = request.app.state.serving
    if serving.catalogue(revision) is None:
        # Another replica may be ahead of this one by a moment.
        await desk.follower.look_in_time()
    found = serving.catalogue(revision)
    if found is None:
        raise NotFound("This revision decides nothing here, and did not lately.")
    return Response(found, headers={"Cache-Control": "max-age=86400, immutable"}, media_type="application/json")


async def _followed(desk: Desk, made: Activation) -> Response:
    await desk.follower.look_in_time()
    return _json(made)


@asynccontextmanager
async def _problems() -> AsyncIterator[None]:
    """What keeps a revision from being activated, as problems."""
    try:
        yield
    except RulebookError as error:
        faults = [
            {"in": "body", "file": fault.place.file, "line": fault.place.line, "detail": f"{fault.what}. {fault.mend}."}
            for fault in error.faults
        ]
        raise BadRequest("The rulebook does not hold.", slug="rulebook-refused", errors=faults) from error
    except revisions.UnknownRevision as error:
        raise NotFound("No revision of this name is kept. Load it first.") from error
    except revisions.NothingBefore as error:
        raise Conflict("Nothing decided before, so there is nothing to return to.", slug="nothing-before") from error
    except revisions.Opens as error:
        detail = "It would open what is closed now. Look at `cells`, and say `widen` if it shall."
        raise Conflict(detail, slug="rulebook-opens", cells=error.cells) from error
    except Overtaken as error:
        raise Conflict("Another revision was activated meanwhile. Look again.", slug="rulebook-overtaken") from error


def _read(model: type[Body], body: bytes) -> Body:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        faults = [
            {"in": "body", "pointer": pointer(fault["loc"]), "detail": fault["msg"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)[:20]
        ]
        raise BadRequest("The body does not have the form that this call asks for.", errors=faults) from error


def _json(answer: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(answer), status, media_type="application/json")
