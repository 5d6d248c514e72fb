"""The official ESCO download as files: found in folders and zips, told apart by name, and refused where they are no data.

Reads files and nothing else; what the rows mean is known in ``reading``.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LONGEST_FIELD: Final = 1 << 20  # characters; the csv module's own limit is shorter than what scopes of ESCO may hold

_VERSION: Final = re.compile(r"\bv(\d+(?:\.\d+)+)\b")
_NAMES: Final = {
    kind: re.compile(rf"{name}\.csv", re.IGNORECASE)
    for kind, name in {
        "occupations": r"occupations_(?P<language>[a-z]{2})",
        "skills": r"skills_(?P<language>[a-z]{2})",
        "isco-groups": r"ISCOGroups_(?P<language>[a-z]{2})",
        "skill-groups": r"skillGroups_(?P<language>[a-z]{2})",
        "hierarchy": r"skillsHierarchy_(?P<language>[a-z]{2})",
        "occupation-skills": r"occupationSkillRelations(_[a-z]{2})?",
        "skill-skills": r"skillSkillRelations(_[a-z]{2})?",
        "broader-occupations": r"broaderRelationsOccPillar(_[a-z]{2})?",
        "broader-skills": r"broaderRelationsSkillPillar(_[a-z]{2})?",
        "labels": r"occupation_labels_(?P<language>[a-z]{2})",
    }.items()
}
_RAGGED: Final = frozenset({"hierarchy"})
"""Kinds whose official files leave out empty fields at the end of a row."""

_POINTERS: Final = {b"version https://git-lfs": "Git LFS", b"/annex/objects/": "git-annex"}
"""How files begin that only say where the data is."""


class Refused(Exception):
    """What was given is no ESCO download that can be taken whole. The text says what to mend, and names files and URIs only."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the download. ``version`` as its archive's or folder's name says it, ``None`` where it does not."""

    kind: str
    language: str | None
    version: str | None
    name: str
    size: int
    read: Callable[[], bytes]


def find(places: Sequence[Path]) -> list[Source]:
    """Every file of the download below ``places``: zips, folders with zips or CSV files in them, or single CSV files."""
    found = [source for place in places for source in _below(place)]
    known: dict[tuple[str, str | None], str] = {}
    for source in found:
        other = known.setdefault((source.kind, source.language), source.name)
        if other != source.name:
            raise Refused(f"{source.name} and {other} are the same part of the download. Give one of them.")
    return found


def rows(source: Source, columns: Sequence[str], advance: Callable[[int], None]) -> Iterator[tuple[str, ...]]:
    """The named ``columns`` of every row, stripped. ``advance`` hears of each file's bytes once they are read."""
    lines = csv.reader(io.StringIO(_text(source), newline=""), strict=True)
    csv.field_size_limit(LONGEST_FIELD)
    try:
        header = next(lines, [])
        if missing := [column for column in columns if column not in header]:
            raise Refused(f"{source.name} has no column {', '.join(missing)}: it is not a file of this kind or version.")
        places = [header.index(column) for column in columns]
        for row in lines:
            if source.kind in _RAGGED:
                row += [""] * (len(header) - len(row))
            if len(row) != len(header):
                raise Refused(f"{source.name} is damaged: line {lines.line_num} has {len(row)} fields, not {len(header)}.")
            yield tuple(row[place].strip() for place in places)
    except csv.Error as error:
        raise Refused(f"{source.name} is truncated or damaged after line {lines.line_num}.") from error
    advance(source.size)


def _text(source: Source) -> str:
    content = source.read()
    _refuse_pointer(content, source.name)
    if not content.endswith(b"\n"):
        raise Refused(f"{source.name} is truncated: its last line has no end.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(f"{source.name} is damaged: it is not UTF-8.") from error


def _below(place: Path) -> Iterator[Source]:
    if place.is_dir():
        for path in sorted(place.rglob("*")):
            if path.suffix.lower() in (".zip", ".csv") and path.is_file():
                yield from _below(path)
    elif place.suffix.lower() == ".zip":
        yield from _in_archive(place)
    else:
        yield from _recognised(place.name, str(place), _version(place), place.stat().st_size, place.read_bytes)


def _in_archive(path: Path) -> Iterator[Source]:
    with path.open("rb") as file:
        _refuse_pointer(file.read(200), path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise Refused(f"{path.name} is truncated or no zip archive.") from error
    for member in members:
        name = member.filename.rsplit("/", 1)[-1]
        yield from _recognised(name, f"{path.name}: {name}", _version(path), member.file_size, _reader(path, member))


def _reader(path: Path, member: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read(member)
        except (zipfile.BadZipFile, EOFError, OSError) as error:
            raise Refused(f"{path.name} is truncated or damaged: {member.filename} cannot be read.") from error

    return read


def _recognised(name: str, shown: str, version: str | None, size: int, read: Callable[[], bytes]) -> Iterator[Source]:
    for kind, pattern in _NAMES.items():
        if match := pattern.fullmatch(name):
            language = match.groupdict().get("language")
            yield Source(kind, language.lower() if language else None, version, shown, size, read)


def _version(path: Path) -> str | None:
    """The name nearest to the file decides: the archive's, or that of a folder around it."""
    for name in (path.name, *(parent.name for parent in path.parents)):
        if match := _VERSION.search(name):
            return match[1]
    return None


def _refuse_pointer(content: bytes, name: str) -> None:
    for beginning, kind in _POINTERS.items():
        if content.startswith(beginning):
            raise Refused(f"{name} is a pointer of {kind}, not the data. Fetch the data itself first.")
