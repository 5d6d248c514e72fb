"""Activating and taking back revisions: one way for the API and the commands. A decision never waits for it.

INVARIANT: nothing that opens a cell is activated unless somebody says that it may.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from policy_svc.diff import compare
from policy_svc.faults import RulebookError
from policy_svc.loading import parse
from policy_svc.store.archive import Activation, Archive, Intended, Overtaken


class UnknownRevision(Exception):
    """No such revision is kept: it has to be loaded first."""


class NothingBefore(Exception):
    """There is no activation that a rollback could return to."""


class Opens(Exception):
    """The revision opens what is closed now, and nobody said that it may. ``cells`` say what, in words."""

    def __init__(self, cells: tuple[str, ...]) -> None:
        super().__init__(f"{len(cells)} cells would open")
        self.cells = cells


async def activate(
    archive: Archive, revision: str, *, by: str, widen: bool, comment: str | None = None, instead_of: str | None = None
) -> Activation:
    """Let ``revision`` decide from now on, everywhere; where ``instead_of`` is given, only in its place. What decides already
    is left as it is.

    Raises ``UnknownRevision``, ``Opens``, ``Overtaken`` or, for one that does not hold (any more), ``RulebookError``.
    """
    active = await archive.active()
    if active is not None and active.revision == revision:
        return active
    if instead_of is not None and (active is None or active.revision != instead_of):
        raise Overtaken
    return await _switch(archive, active, Intended(revision, by, widen, comment))


async def roll_back(archive: Archive, *, by: str, widen: bool, comment: str | None = None) -> Activation:
    """Return to what decided before, and said again one step further back.

    Raises ``NothingBefore`` and whatever ``activate`` raises: what an earlier revision opens again wants a word too.
    """
    history = await archive.activations()
    target = before(history)
    if target is None:
        raise NothingBefore
    return await _switch(archive, history[0], Intended(target.revision, by, widen, comment, target.number))


def before(history: tuple[Activation, ...]) -> Activation | None:
    """The activation that a rollback returns to; ``history`` is newest first."""
    if not history:
        return None
    by_number = {each.number: each for each in history}
    now = _restored(history[0], by_number)
    earlier = (_restored(each, by_number) for each in history if each.number < now.number)
    return next((each for each in earlier if each.revision != now.revision), None)


def _restored(activation: Activation, by_number: Mapping[int, Activation]) -> Activation:
    """A rollback stands for the activation whose state it restored."""
    return activation if activation.returns_to is None else by_number[activation.returns_to]


async def _switch(archive: Archive, active: Activation | None, intended: Intended) -> Activation:
    new = await archive.files_of(intended.revision)
    if new is None:
        raise UnknownRevision
    old = await archive.files_of(active.revision) if active else None
    # In a thread: it may take seconds, and what is asked meanwhile is decided meanwhile.
    opened = await asyncio.to_thread(_opened, old, new)
    if opened and not intended.widened:
        raise Opens(opened)
    return await archive.activate(replace(intended, widened=bool(opened)), instead_of=active)


def _opened(old: Mapping[str, str] | None, new: Mapping[str, str]) -> tuple[str, ...]:
    """What ``new`` opens, in words. Raises ``RulebookError`` if it does not hold."""
    rulebook, _ = parse(new)
    if old is None:
        return ()
    try:
        deciding, _ = parse(old)
    except RulebookError:  # of an earlier version of Stena, which read rulebooks differently
        return ("everything, perhaps: the revision that decides now cannot be read any more, so nothing can be compared",)
    return tuple(map(str, compare(deciding, rulebook).opened))
