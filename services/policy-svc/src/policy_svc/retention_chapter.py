"""Reads retention.yaml, which a rulebook may have: how long records are kept, and what the law wants kept."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from policy_svc.chapters import DURATION, Chapter, check_titles
from policy_svc.entries import read_entry
from policy_svc.faults import Faults, choices
from policy_svc.vocabulary import ORGANISATION_KINDS
from stena.contracts.catalogue import Purpose
from stena.contracts.retention import Duty, Retention

FILE: Final = "retention.yaml"
_ID: Final = re.compile(r"[a-z][a-z0-9-]*")


def read_retention(
    chapter: Chapter | None, purposes: Mapping[str, Purpose], attributes: Collection[str], faults: Faults
) -> Retention:
    """What the file says; without one nobody is erased because time has passed, and no duty forbids anything."""
    if chapter is None:
        return Retention()
    read = read_entry(Retention, chapter.raw, chapter.start, faults)
    if read is None:
        return Retention()
    _check_duration(chapter, faults, read.notice, "notice")
    for name in ("record", "case"):
        _check_purpose(chapter, faults, getattr(read, name), purposes, name)
    for number, period in enumerate(read.periods):
        _check_duration(chapter, faults, period.keep, "periods", number, "keep")
        _check_purpose(chapter, faults, period.purpose, purposes, "periods", number, "purpose")
    for name, duty in read.duties.items():
        _check_duty(chapter, faults, name, duty, attributes)
    return read


def _check_duty(chapter: Chapter, faults: Faults, name: str, duty: Duty, attributes: Collection[str]) -> None:
    place = chapter.place("duties", name)
    if not _ID.fullmatch(name):
        faults.add(place, f"the duty id {name!r}", "Use small Latin letters, digits and hyphens")
    check_titles(duty.titles, chapter.place("duties", name, "titles"), faults)
    if (duty.attribute is None) == (not duty.cases):
        faults.add(place, "a duty speaks either of an attribute or of cases", "Write attribute with values, or cases")
    if (duty.attribute is None) != (not duty.values):
        faults.add(place, "attribute and values belong together", "Write both, or neither")
    if duty.attribute is not None and duty.attribute not in attributes:
        where = chapter.place("duties", name, "attribute")
        faults.add(where, f"unknown attribute {duty.attribute!r}", choices(duty.attribute, attributes))
    for kind in sorted(set(duty.cases) - ORGANISATION_KINDS):
        where = chapter.place("duties", name, "cases")
        faults.add(where, f"unknown kind of organisation {kind!r}", choices(kind, ORGANISATION_KINDS))
    if duty.keep is not None:
        _check_duration(chapter, faults, duty.keep, "duties", name, "keep")


def _check_duration(chapter: Chapter, faults: Faults, text: str, *path: object) -> None:
    if not DURATION.fullmatch(text):
        faults.add(chapter.place(*path), f"{text!r} is no duration", "Write ISO 8601, as P2Y or P6M")


def _check_purpose(chapter: Chapter, faults: Faults, name: str | None, purposes: Mapping[str, Purpose], *path: object) -> None:
    """Known, and with a ``retention`` of its own: it is what holds for every status that no period names."""
    if name is None:
        return
    if name not in purposes:
        faults.add(chapter.place(*path), f"unknown purpose {name!r}", choices(name, purposes))
    elif purposes[name].retention is None:
        faults.add(chapter.place(*path), f"the purpose {name!r} has no retention of its own", "Give it one in purposes.yaml")
