"""Keys of which there are several versions, as files of one folder: ``7`` is in use, ``8.staged`` reads until it is activated.

INVARIANT: a version comes into use only after everybody who reads the folder has had the time to learn it.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Generic, TypeVar

import structlog

from stena import keys
from stena.alongside import alongside
from stena.keys import KeyFileError

log = structlog.get_logger()

STAGED: Final = ".staged"
HIGHEST: Final = 255
LOOK: Final = 1.0  # seconds between two looks at a folder
SETTLE: Final = 10.0
"""Seconds that a staged version rests before it comes into use, so that everybody on the folder has looked several times."""


Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Form(Generic[Key]):
    """How one version lies in its file. ``read`` raises ``KeyFileError``; ``make`` is given a path where nothing is."""

    read: Callable[[Path], Key]
    make: Callable[[Path], None]


def of_size(size: int) -> Form[bytes]:
    """So many random bytes."""
    return Form(partial(keys.secret, size=size), partial(keys.make_secret, size=size))


@dataclass(frozen=True, slots=True)
class KeyFolder(Generic[Key]):
    """What a folder held at one moment. ``making`` is the version in use; ``staged`` the one that waits."""

    by_version: Mapping[int, Key] = field(repr=False)
    making: int
    staged: int | None = None


def read(folder: Path, form: Form[Key]) -> KeyFolder[Key]:
    """Every version of the key; raises ``KeyFileError``."""
    try:
        names = [file.name for file in folder.iterdir()]
    except OSError as error:
        raise _unreadable(folder) from error
    active = {int(name) for name in names if name.isdecimal()}
    # A folder that is looked at while a version is activated may show it under both names.
    staged = {int(name.removesuffix(STAGED)) for name in names if _is_staged(name)} - active
    if not active or not all(0 < version <= HIGHEST for version in active | staged):
        raise _unreadable(folder)
    found = {version: form.read(folder / str(version)) for version in active}
    found |= {version: form.read(folder / f"{version}{STAGED}") for version in staged}
    return KeyFolder(found, max(active), max(staged, default=None))


def stage(folder: Path, form: Form[Key]) -> int:
    """Make the next version's key, which only reads for now; the one that waits already, if there is one."""
    known = read(folder, form)
    if known.staged is not None:
        return known.staged
    version = known.making + 1
    if version > HIGHEST:
        raise KeyFileError(f"{folder}: there are no versions after {HIGHEST}.")
    # Whole and with its rights before it gets the name under which others look for it.
    half = folder / f".{version}.{os.getpid()}"
    form.make(half)
    try:
        as_readable_as(folder / str(known.making), half)
        os.link(half, folder / f"{version}{STAGED}")
    except FileExistsError:
        pass  # somebody else was faster, and others may have read that key
    finally:
        half.unlink()
    return version


def activate(folder: Path, form: Form[Key], rest: float = SETTLE) -> int:
    """Bring the version that waits into use; raises ``KeyFileError`` if none does, or not yet for ``rest`` seconds."""
    version = read(folder, form).staged
    if version is None:
        raise KeyFileError(f"{folder}: no version waits to be activated.")
    waiting = folder / f"{version}{STAGED}"
    if time.time() - waiting.stat().st_mtime < rest:
        raise KeyFileError(f"{waiting}: is younger than {rest:g} seconds. Let everybody who uses the folder read it first.")
    waiting.rename(folder / str(version))
    return version


def followed(
    folder: Path, form: Form[Key], learn: Callable[[KeyFolder[Key]], None], look: float = LOOK
) -> AbstractAsyncContextManager[None]:
    """Tells ``learn`` what is in ``folder``, again and again for as long as the context is open."""
    return alongside(_follow(folder, form, learn, look))


async def _follow(folder: Path, form: Form[Key], learn: Callable[[KeyFolder[Key]], None], look: float) -> None:
    while True:
        try:
            learn(await asyncio.to_thread(read, folder, form))
        except (KeyFileError, ValueError):
            # What was read before goes on being used: without it nothing could be opened.
            log.error("keys not read", folder=folder.name)
        await asyncio.sleep(look)


def _is_staged(name: str) -> bool:
    return name.endswith(STAGED) and name.removesuffix(STAGED).isdecimal()


def as_readable_as(known: Path, new: Path) -> None:
    """Whoever reads the key that is in use has to read the new one too, and nobody else."""
    like = known.stat()
    new.chmod(like.st_mode & 0o777)
    if os.geteuid() == 0:
        os.chown(new, like.st_uid, like.st_gid)


def _unreadable(folder: Path) -> KeyFileError:
    return KeyFileError(f"{folder}: no readable keys. It holds files named 1 to {HIGHEST}, made by `stena secrets`.")
