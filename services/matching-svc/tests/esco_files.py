"""A tiny download in the official form: two occupations, three skills and their groups, for tests to spoil."""

import csv
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

BASE = "http://data.europa.eu/esco/"
BAKER, COOK = (f"{BASE}occupation/0000000{n}-0000-0000-0000-000000000000" for n in (1, 2))
KNEAD, BOIL, SERVE = (f"{BASE}skill/0000000{n}-0000-0000-0000-000000000000" for n in (3, 4, 5))
CRAFTS, FOOD = f"{BASE}isco/C7512", f"{BASE}skill/S1"
UNREGULATED = f"{BASE}regulated-professions/unregulated"

Table = list[list[str]]


def classification(language: str = "en") -> dict[str, Table]:
    return {
        f"occupations_{language}.csv": [
            [
                "conceptUri",
                "iscoGroup",
                "preferredLabel",
                "altLabels",
                "hiddenLabels",
                "regulatedProfessionNote",
                "description",
                "code",
            ],
            [BAKER, "7512", "baker", "bread maker\nbaker\nbaker/bakeress", "", UNREGULATED, "Bakes,\nall night.", "7512.1"],
            [COOK, "5120", "cook", "chef", "", f"{BASE}regulated-professions/regulated", "Cooks.", "5120.1"],
        ],
        f"skills_{language}.csv": [
            ["conceptUri", "reuseLevel", "preferredLabel", "altLabels", "hiddenLabels", "description"],
            [KNEAD, "occupation-specific", "knead dough", "work dough", "", ""],
            [BOIL, "sector-specific", "boil water", "", "", ""],
            [SERVE, "transversal", "serve guests", "wait on guests", "", ""],
        ],
        f"ISCOGroups_{language}.csv": [
            ["conceptUri", "code", "preferredLabel", "altLabels", "description"],
            [CRAFTS, "7512", "Bakers", "", ""],
        ],
        f"skillGroups_{language}.csv": [
            ["conceptUri", "preferredLabel", "altLabels", "hiddenLabels", "description", "code"],
            [FOOD, "food", "", "", "", "S1"],
        ],
        f"skillsHierarchy_{language}.csv": [
            [f"Level {level} {what}" for level in range(4) for what in ("URI", "preferred term")],
            [FOOD, "food"],
        ],
    }


def relations() -> dict[str, Table]:
    return {
        "occupationSkillRelations.csv": [
            ["occupationUri", "relationType", "skillType", "skillUri"],
            [BAKER, "essential", "skill/competence", KNEAD],
            [BAKER, "optional", "skill/competence", BOIL],
            [COOK, "essential", "skill/competence", BOIL],
            [COOK, "optional", "skill/competence", SERVE],
        ],
        "skillSkillRelations.csv": [
            ["originalSkillUri", "originalSkillType", "relationType", "relatedSkillType", "relatedSkillUri"],
            [BOIL, "knowledge", "optional", "knowledge", KNEAD],
        ],
        "broaderRelationsOccPillar.csv": [
            ["conceptType", "conceptUri", "broaderType", "broaderUri"],
            ["Occupation", BAKER, "ISCOGroup", CRAFTS],
            ["Occupation", COOK, "ISCOGroup", CRAFTS],
        ],
        "broaderRelationsSkillPillar.csv": [
            ["conceptType", "conceptUri", "broaderType", "broaderUri"],
            *(["KnowledgeSkillCompetence", skill, "SkillGroup", FOOD] for skill in (KNEAD, BOIL, SERVE)),
        ],
    }


def as_csv(table: Table) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return text.getvalue().encode()


def archive(path: Path, tables: Mapping[str, Table]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, table in tables.items():
            made.writestr(name, as_csv(table))
    return path


def download(folder: Path, version: str = "1.1.0") -> Path:
    """Both official archives in ``folder``, named as the portal names them."""
    folder.mkdir(parents=True, exist_ok=True)
    archive(folder / f"ESCO dataset - v{version} - classification - en - csv.zip", classification())
    archive(folder / f"ESCO dataset - v{version} - relations - csv.zip", relations())
    return folder


def unpacked(folder: Path, version: str = "1.1.0") -> Path:
    """The same as a folder of CSV files."""
    target = folder / f"ESCO dataset - v{version} - csv"
    target.mkdir(parents=True, exist_ok=True)
    for name, table in {**classification(), **relations()}.items():
        (target / name).write_bytes(as_csv(table))
    return target
