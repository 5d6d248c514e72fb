"""Makes the small set from the official ESCO CSV download. Reads files, writes nothing."""

import csv
import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

BASE: Final = "http://data.europa.eu/esco/"
NOTICE: Final = "This service uses the ESCO classification of the European Commission."
OPTIONAL_LIMIT: Final = 12

Relations = Mapping[str, list[tuple[str, str]]]


def extract(
    classification: Path, relations: Path, labels: Mapping[str, Path], selection: Iterable[str], *, version: str
) -> dict[str, Any]:
    """The small set as JSON. ``labels`` are CSV files ``conceptUri,label`` of further languages.

    Raises ``KeyError`` for a selected label that is no occupation's preferred English one.
    """
    by_label = {row["preferredLabel"]: row for row in _rows(classification, "occupations_en.csv")}
    chosen = [by_label[label] for label in selection]
    related, used_by = _relations(relations)
    translations = {language: _first_labels(path) for language, path in labels.items()}
    occupations = _occupations(chosen, related, translations)
    wanted = {skill for entry in occupations.values() for skill in (*entry["essential"], *entry["optional"])}
    return {
        "notice": NOTICE,
        "version": version,
        "base": BASE,
        "total_occupations": len(related),
        "occupations": occupations,
        "skills": _skills(classification, wanted, used_by),
    }


def _occupations(
    chosen: list[dict[str, str]], related: Relations, translations: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, Any]]:
    shared = Counter(skill for row in chosen for skill, _ in related[_id(row["conceptUri"])])
    occupations = {}
    for row in sorted(chosen, key=lambda row: row["conceptUri"]):
        skills = related[_id(row["conceptUri"])]
        optional = sorted((skill for skill, kind in skills if kind == "optional"), key=lambda skill: (-shared[skill], skill))
        further = {language: known[row["conceptUri"]] for language, known in translations.items() if row["conceptUri"] in known}
        occupations[_id(row["conceptUri"])] = {
            "labels": {"en": row["preferredLabel"], **further},
            "isco": row["iscoGroup"],
            "essential": sorted(skill for skill, kind in skills if kind == "essential"),
            "optional": sorted(optional[:OPTIONAL_LIMIT]),
        }
    return occupations


def _skills(classification: Path, wanted: set[str], used_by: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    found = {_id(row["conceptUri"]): row for row in _rows(classification, "skills_en.csv")}
    return {skill: {"labels": {"en": found[skill]["preferredLabel"]}, "used_by": used_by[skill]} for skill in sorted(wanted)}


def _relations(path: Path) -> tuple[Relations, Mapping[str, int]]:
    """Each occupation's skills with their kind of relation, and how many occupations name each skill."""
    related: dict[str, list[tuple[str, str]]] = defaultdict(list)
    used_by: Counter[str] = Counter()
    for row in _rows(path, "occupationSkillRelations.csv"):
        related[_id(row["occupationUri"])].append((_id(row["skillUri"]), row["relationType"]))
        used_by[_id(row["skillUri"])] += 1
    return related, used_by


def _first_labels(path: Path) -> Mapping[str, str]:
    """The first label of each concept: the preferred one, which in gendered languages names both forms."""
    found: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["conceptUri"], row["label"])
    return found


def _rows(archive: Path, name: str) -> Iterator[dict[str, str]]:
    with zipfile.ZipFile(archive) as files, files.open(name) as file:
        yield from csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline=""))


def _id(uri: str) -> str:
    return uri.rsplit("/", 1)[-1]
